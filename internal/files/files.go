// Package files reads records from files for the offline commands: NDJSON, CSV, Parquet, gzip of the first two, and
// topic dumps as kcat -J writes them. Out come records with their bytes as JSON; nothing is judged here. What JSON
// cannot say in a column's kind (a CSV cell "abc" in an integer column, a NaN) becomes JSON text, so that the
// contract's check names it.
package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/columns"
)

// Format of a file. Auto decides by the name's ending and the first bytes, and by the first line whether JSON is a
// dump.
type Format string

const (
	Auto    Format = "auto"
	NDJSON  Format = "ndjson" // one value per line; partition 0, offset = line - 1; blank lines are no records
	CSV     Format = "csv"    // header line; cells become JSON of the layout's kinds, empty cells null; offset = row
	Parquet Format = "parquet"
	Kcat    Format = "kcat" // kcat -J envelopes: topic, partition, offset, ts, headers, key, payload
)

// MaxRecord bounds a line of text, and a row of CSV, in bytes.
const MaxRecord = 16 << 20

// Options shape a Reader.
type Options struct {
	Format Format          // default Auto
	Layout *columns.Layout // column kinds for CSV; nil reads cells as strings
	Topic  string          // topic name given to records of formats that carry none
}

// Record is a kgo record without a broker: Topic, Partition, Offset, Key, Value, Headers, and a zero Timestamp where
// the file has none. A nil Value is a tombstone.
type Record = kgo.Record

// Reader streams a file's records. It is used by one goroutine.
type Reader struct {
	name     string
	unit     string
	source   source
	err      error // the first from source, io.EOF included
	progress func() (done, total int64)
	closers  []io.Closer
}

// source is one format's stream: its next record or io.EOF.
type source interface {
	next() (*Record, error)
}

// Open opens a path, "-" for stdin (NDJSON or kcat, gzip recognised).
func Open(path string, o Options) (*Reader, error) {
	if path == "-" {
		return OpenStream("stdin", os.Stdin, o)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open records: %w", err)
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a directory", path)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open records: %w", err)
	}
	if !info.Mode().IsRegular() { // a pipe has no size and no way back
		r, err := OpenStream(path, f, o)
		if err != nil {
			f.Close()
			return nil, err
		}
		r.closers = append(r.closers, f)
		return r, nil
	}
	r, err := open(path, f, info.Size(), o)
	if err != nil {
		f.Close()
		return nil, err
	}
	r.closers = append(r.closers, f)
	return r, nil
}

// OpenBytes reads a file that is already in memory, for example an embedded one; name decides the format and stands
// in errors.
func OpenBytes(name string, data []byte, o Options) (*Reader, error) {
	return open(name, bytes.NewReader(data), int64(len(data)), o)
}

// OpenStream reads from a stream that cannot be sought, so not Parquet. The caller closes in.
func OpenStream(name string, in io.Reader, o Options) (*Reader, error) {
	if o.Format == Parquet {
		return nil, fmt.Errorf("open %s: Parquet needs a file, its index stands at the end", name)
	}
	return openText(name, in, 0, o)
}

// file is what Parquet needs: its index stands at the end.
type file interface {
	io.Reader
	io.ReaderAt
	io.Seeker
}

func open(name string, f file, size int64, o Options) (*Reader, error) {
	magic := make([]byte, 4)
	if _, err := f.ReadAt(magic, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	if o.Format == Parquet || (o.Format == Auto || o.Format == "") && string(magic) == "PAR1" {
		return openParquet(name, f, o)
	}
	return openText(name, f, size, o)
}

// Next returns the next record or io.EOF. Errors name file and line. An error, like the end, stays.
func (r *Reader) Next() (*Record, error) {
	if r.err != nil {
		return nil, r.err
	}
	rec, err := r.source.next()
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("read %s: %w", r.name, err)
	}
	r.err = err
	return rec, err
}

// Progress is how much of the file has been read, for a progress bar: bytes (rows for Parquet); total 0 when unknown.
func (r *Reader) Progress() (done, total int64) { return r.progress() }

// Unit is what Progress counts: "bytes", or "records" for Parquet.
func (r *Reader) Unit() string { return r.unit }

// IsDump says whether the file is a dump of a topic, whose records carry their topic, partition and offset. With Auto
// it is known after the first Next.
func (r *Reader) IsDump() bool {
	l, ok := r.source.(*jsonLines)
	return ok && l.format == Kcat
}

// Close closes what Open opened.
func (r *Reader) Close() error {
	var errs []error
	for _, c := range r.closers {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// formatOf tells a text format by the name's ending; Auto means JSON lines of either sort.
func formatOf(name string) Format {
	if filepath.Ext(strings.TrimSuffix(strings.ToLower(name), ".gz")) == ".csv" {
		return CSV
	}
	return Auto
}
