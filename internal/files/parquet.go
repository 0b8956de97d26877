package files

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
	parquetfile "github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"
	"github.com/go-json-experiment/json/jsontext"
)

// batchRows is how many rows are decoded at a time.
const batchRows = 4096

// rows is a Parquet file: each row becomes a JSON object with the columns in the file's order.
type rows struct {
	in      pqarrow.RecordReader
	topic   string
	total   int64
	done    int64
	batch   arrow.Record // owned by in
	at      int
	names   [][]byte
	writers []cellWriter // of batch
	scratch []byte
}

func openParquet(name string, f file, o Options) (_ *Reader, err error) {
	defer func() { // the library panics on some malformed files
		if p := recover(); p != nil {
			err = fmt.Errorf("open %s: malformed Parquet: %v", name, p)
		}
	}()
	pf, err := parquetfile.NewParquetReader(f, parquetfile.WithReadProps(parquet.NewReaderProperties(memory.DefaultAllocator)))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	in, err := pqarrow.NewFileReader(pf, pqarrow.ArrowReadProperties{BatchSize: batchRows}, memory.DefaultAllocator)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	// Without the Arrow schema that pyarrow stores beside the data, dictionary columns are read as the texts they are:
	// the library cannot join dictionaries of several row groups or pages.
	if in.Manifest, err = pqarrow.NewSchemaManifest(pf.MetaData().Schema, nil, &in.Props); err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	records, err := in.GetRecordReader(context.Background(), nil, nil)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	s := &rows{in: records, topic: o.Topic, total: pf.NumRows()}
	for _, field := range records.Schema().Fields() {
		quoted, err := jsontext.AppendQuote(nil, field.Name)
		if err != nil {
			return nil, fmt.Errorf("open %s: column %q: %w", name, field.Name, err)
		}
		s.names = append(s.names, quoted)
	}
	return &Reader{
		name:     name,
		unit:     "records",
		source:   s,
		progress: func() (int64, int64) { return s.done, s.total },
		closers:  []io.Closer{s},
	}, nil
}

// Close releases the batches; the file itself is the opener's.
func (s *rows) Close() error {
	s.in.Release()
	return nil
}

func (s *rows) next() (_ *Record, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("row %d: malformed Parquet: %v", s.done+1, p)
		}
	}()
	for s.batch == nil || s.at == int(s.batch.NumRows()) {
		if err := s.advance(); err != nil {
			return nil, err
		}
	}
	b := append(s.scratch[:0], '{')
	for i, write := range s.writers {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, s.names[i]...), ':')
		if s.batch.Column(i).IsNull(s.at) {
			b = append(b, "null"...)
		} else if b, err = write(b, s.at); err != nil {
			return nil, fmt.Errorf("row %d, column %s: %w", s.done+1, s.names[i], err)
		}
	}
	b = append(b, '}')
	s.scratch = b
	s.at++
	s.done++
	return &Record{Topic: s.topic, Offset: s.done - 1, Value: append([]byte(nil), b...)}, nil
}

func (s *rows) advance() error {
	if !s.in.Next() {
		if err := s.in.Err(); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("after row %d: %w", s.done, err)
		}
		if s.done < s.total {
			return fmt.Errorf("after row %d: the file announces %d rows", s.done, s.total)
		}
		return io.EOF
	}
	s.batch, s.at = s.in.Record(), 0
	s.writers = s.writers[:0]
	for _, a := range s.batch.Columns() {
		s.writers = append(s.writers, cellWriterFor(a))
	}
	return nil
}
