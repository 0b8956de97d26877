package files

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
)

// counter counts the bytes read from a file, before decompression.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

const bufferSize = 1 << 18

func openText(name string, in io.Reader, size int64, o Options) (*Reader, error) {
	count := &counter{r: in}
	r := &Reader{name: name, unit: "bytes", progress: func() (int64, int64) { return count.n, size }}
	buf := bufio.NewReaderSize(count, bufferSize)
	if magic, _ := buf.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(buf)
		if err != nil {
			return nil, fmt.Errorf("open %s: gzip: %w", name, err)
		}
		r.closers = append(r.closers, z)
		buf = bufio.NewReaderSize(z, bufferSize)
	}
	if bom, _ := buf.Peek(3); bytes.Equal(bom, []byte("\xef\xbb\xbf")) {
		buf.Discard(3) // peeked: cannot fail
	}
	format := o.Format
	if format == Auto || format == "" {
		format = formatOf(name)
	}
	switch format {
	case Auto, NDJSON, Kcat:
		r.source = &jsonLines{lines: lines{in: buf}, format: format, topic: o.Topic}
	case CSV:
		source, err := newTable(buf, o)
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", name, err)
		}
		r.source = source
	default:
		return nil, fmt.Errorf("open %s: unknown format %q: want auto, ndjson, csv, parquet or kcat", name, format)
	}
	return r, nil
}

// lines reads lines of at most MaxRecord bytes and counts them.
type lines struct {
	in *bufio.Reader
	n  int64 // of the line last read, from 1
}

// next returns a fresh copy of the next line that is not blank, without its end, or io.EOF.
func (l *lines) next() ([]byte, error) {
	for {
		line, err := l.read()
		if err != nil {
			return nil, err
		}
		if len(bytes.TrimSpace(line)) > 0 {
			return line, nil
		}
	}
}

func (l *lines) read() ([]byte, error) {
	l.n++
	var line []byte
	for {
		part, err := l.in.ReadSlice('\n')
		if len(line)+len(part) > MaxRecord {
			return nil, fmt.Errorf("line %d is longer than %d MiB", l.n, MaxRecord>>20)
		}
		line = append(line, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(line) > 0, err == nil:
			return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")), nil
		case errors.Is(err, io.EOF):
			return nil, io.EOF
		default:
			return nil, fmt.Errorf("line %d: %w", l.n, err)
		}
	}
}

// jsonLines is NDJSON or a dump; while the format is Auto the first line decides.
type jsonLines struct {
	lines  lines
	format Format
	topic  string
}

func (s *jsonLines) next() (*Record, error) {
	line, err := s.lines.next()
	if err != nil {
		return nil, err
	}
	if s.format == Auto {
		s.format = NDJSON
		if isEnvelope(line) {
			s.format = Kcat
		}
	}
	if s.format == NDJSON {
		return &Record{Topic: s.topic, Offset: s.lines.n - 1, Value: line}, nil
	}
	rec, err := openEnvelope(line)
	if err != nil {
		return nil, fmt.Errorf("line %d: %w", s.lines.n, err)
	}
	return rec, nil
}
