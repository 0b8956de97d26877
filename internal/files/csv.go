package files

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"weir/internal/contract"
)

// table is a CSV file (RFC 4180) with a header line.
type table struct {
	in      *csv.Reader
	bound   *bounded
	topic   string
	names   [][]byte // quoted
	kinds   []contract.Kind
	rows    int64
	scratch []byte
}

// bounded fails once a row has taken more than MaxRecord: an open quote would otherwise swallow the file.
type bounded struct {
	r    io.Reader
	left int
}

var errRowTooLong = fmt.Errorf("row is longer than %d MiB (is a quote left open?)", MaxRecord>>20)

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errRowTooLong
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

func newTable(in io.Reader, o Options) (*table, error) {
	t := &table{bound: &bounded{in, MaxRecord}, topic: o.Topic}
	t.in = csv.NewReader(t.bound)
	t.in.ReuseRecord = true
	header, err := t.in.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("no header line")
	}
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, name := range header {
		if seen[name] {
			return nil, fmt.Errorf("header names %q twice", name)
		}
		seen[name] = true
		quoted, err := jsontext.AppendQuote(nil, name)
		if err != nil {
			return nil, fmt.Errorf("header %q: %w", name, err)
		}
		t.names = append(t.names, quoted)
		t.kinds = append(t.kinds, kindOf(o, name))
	}
	return t, nil
}

// kindOf is the kind of the contract's top-level field of that name.
func kindOf(o Options, name string) contract.Kind {
	if o.Layout == nil {
		return contract.String
	}
	pointer := "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
	if i, ok := o.Layout.Index(pointer); ok {
		return o.Layout.Columns[i].Kind
	}
	return contract.String
}

func (t *table) next() (*Record, error) {
	t.bound.left = MaxRecord
	cells, err := t.in.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case errors.Is(err, errRowTooLong):
		return nil, fmt.Errorf("row %d: %w", t.rows+1, errRowTooLong)
	case err != nil:
		return nil, err // csv.ParseError names line and column
	}
	b := append(t.scratch[:0], '{')
	for i, cell := range cells {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, t.names[i]...), ':')
		if b, err = appendCell(b, cell, t.kinds[i]); err != nil {
			line, _ := t.in.FieldPos(i)
			return nil, fmt.Errorf("line %d, column %s: %w", line, t.names[i], err)
		}
	}
	b = append(b, '}')
	t.scratch = b
	t.rows++
	return &Record{Topic: t.topic, Offset: t.rows - 1, Value: append([]byte(nil), b...)}, nil
}

// appendCell writes a cell as a value of the kind if it can be read as one, else as text.
func appendCell(b []byte, cell string, k contract.Kind) ([]byte, error) {
	switch {
	case cell == "":
		return append(b, "null"...), nil
	case (k == contract.Integer || k == contract.Number) && isNumber(cell):
		return append(b, cell...), nil
	case k == contract.Boolean && strings.EqualFold(cell, "true"):
		return append(b, "true"...), nil
	case k == contract.Boolean && strings.EqualFold(cell, "false"):
		return append(b, "false"...), nil
	}
	return jsontext.AppendQuote(b, cell)
}

// isNumber says whether a cell is a number in JSON's grammar (RFC 8259, section 6), which is copied as it stands.
func isNumber(s string) bool {
	return (s[0] == '-' || '0' <= s[0] && s[0] <= '9') && jsontext.Value(s).IsValid() && !strings.ContainsAny(s, " \t\r\n")
}
