package main

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// maxSpanDepth bounds the nesting of a value that spans lines, and with it how often a line is looked at again:
// each line that opens a value too many leaves one level open.
const maxSpanDepth = 512

var errValueTooLarge = errors.New("value too large")

// valueReader cuts a stream into the bytes of JSON values; checkSchema says where. It only looks for their ends:
// whether they are strict JSON is the validator's to say.
type valueReader struct {
	in    io.Reader
	buf   []byte // buf[start:] is read from in and not yet handed out
	start int
	limit int // bytes of a value
	err   error
	ready [][]byte // values found and not yet handed out; they alias buf
	skip  bool     // the rest of an oversized line is to be skipped
}

func newValueReader(in io.Reader, limit int) *valueReader { return &valueReader{in: in, limit: limit} }

// next returns the bytes of the next value, valid until the next call, or io.EOF. Of a line beyond the limit it
// returns one byte more than the limit.
func (r *valueReader) next() ([]byte, error) {
	for len(r.ready) == 0 {
		n, err := r.line()
		if err != nil {
			return nil, err
		}
		r.split(n)
	}
	value := r.ready[0]
	r.ready = r.ready[1:]
	return value, nil
}

// fill reads more of the stream behind buf. It may move buf: offsets relative to start stay good, slices do not.
func (r *valueReader) fill() bool {
	if r.err != nil {
		return false
	}
	const chunk = 64 << 10
	if cap(r.buf)-len(r.buf) < chunk {
		moved := r.buf[:0]
		if unread := len(r.buf) - r.start; cap(r.buf)-unread < chunk || unread > cap(r.buf)/2 {
			moved = make([]byte, 0, 2*unread+chunk)
		}
		r.buf = append(moved, r.buf[r.start:]...)
		r.start = 0
	}
	var n int
	for n == 0 && r.err == nil {
		n, r.err = r.in.Read(r.buf[len(r.buf):cap(r.buf)])
	}
	r.buf = r.buf[:len(r.buf)+n]
	return n > 0
}

// line finds the next line that is not blank and returns its length without the newline; at start lies its first
// byte that is not white space.
func (r *valueReader) line() (n int, err error) {
	for {
		unread := r.buf[r.start:]
		if r.skip {
			if i := bytes.IndexByte(unread, '\n'); i >= 0 {
				r.skip, unread = false, unread[i:]
			} else {
				unread = nil
			}
		}
		unread = bytes.TrimLeft(unread, " \t\r\n")
		r.start = len(r.buf) - len(unread)
		if len(unread) > 0 {
			break
		}
		if !r.fill() {
			return 0, r.err
		}
	}
	for seen := 0; ; {
		if i := bytes.IndexByte(r.buf[r.start+seen:], '\n'); i >= 0 {
			return seen + i, nil
		}
		if seen = len(r.buf) - r.start; seen > r.limit || !r.fill() && r.err == io.EOF {
			return seen, nil
		}
		if r.err != nil && r.err != io.EOF {
			return 0, r.err
		}
	}
}

// split takes the line of n bytes at start, and the lines after it that complete its last value, into ready.
func (r *valueReader) split(n int) {
	if n > r.limit {
		r.ready = [][]byte{r.buf[r.start : r.start+r.limit+1]}
		r.start += n
		r.skip = true
		return
	}
	type span struct{ from, to int }
	var found []span
	end := n
	decoder := jsontext.NewDecoder(bytes.NewBuffer(r.buf[r.start:r.start+n:r.start+n]), lenient()...)
	for {
		value, err := decoder.ReadValue()
		at := int(decoder.InputOffset())
		if err == nil {
			found = append(found, span{at - len(value), at})
			continue
		}
		if err == io.EOF {
			break
		}
		to, whole := 0, false
		if errors.Is(err, io.ErrUnexpectedEOF) {
			to, whole = r.spanning(at)
		}
		if whole {
			found, end = append(found, span{at, to}), to
		} else {
			found = []span{{0, n}} // as it stands, one invalid value
		}
		break
	}
	r.ready = r.ready[:0]
	for _, s := range found {
		r.ready = append(r.ready, r.buf[r.start+s.from:r.start+s.to])
	}
	r.start += end
}

// spanning finds the end of the value that begins at from (relative to start) and goes on over further lines.
func (r *valueReader) spanning(from int) (to int, ok bool) {
	decoder := jsontext.NewDecoder(&lookahead{r, from}, lenient()...)
	for {
		if _, err := decoder.ReadToken(); err != nil || decoder.StackDepth() > maxSpanDepth {
			return 0, false
		}
		if decoder.StackDepth() == 0 {
			return from + int(decoder.InputOffset()), true
		}
	}
}

// lookahead reads on from an offset relative to start without handing anything out.
type lookahead struct {
	r  *valueReader
	at int
}

func (l *lookahead) Read(p []byte) (int, error) {
	for l.r.start+l.at >= len(l.r.buf) {
		if l.at > l.r.limit {
			return 0, errValueTooLarge
		}
		if !l.r.fill() {
			return 0, l.r.err
		}
	}
	n := copy(p, l.r.buf[l.r.start+l.at:])
	l.at += n
	return n, nil
}

// lenient options let through what the validator names more precisely.
func lenient() []jsontext.Options {
	return []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}
}
