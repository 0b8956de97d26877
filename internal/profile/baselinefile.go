package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"weir/internal/contract"
)

// columnJSON is a BaselineColumn with its kind by name.
type columnJSON struct {
	*BaselineColumn
	KindName string `json:"kind"`
}

// Encode is the baseline file: canonical JSON, one line per column.
func (b *Baseline) Encode() []byte {
	head, err := json.Marshal(b)
	if err != nil {
		panic(fmt.Sprintf("encode baseline: %v", err)) // only plain fields: cannot fail
	}
	var out bytes.Buffer
	out.Write(head[:len(head)-1])
	out.WriteString(`,"columns":[`)
	for i, c := range b.Columns {
		line, err := json.Marshal(columnJSON{c, c.Kind.String()})
		if err != nil {
			panic(fmt.Sprintf("encode baseline column %s: %v", c.Path, err))
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
		out.Write(line)
	}
	out.WriteString("\n]}\n")
	return out.Bytes()
}

// DecodeBaseline reads a baseline file.
func DecodeBaseline(data []byte) (*Baseline, error) {
	var file struct {
		Baseline
		Columns []columnJSON `json:"columns"`
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		return nil, fmt.Errorf("decode baseline: %w", err)
	}
	if file.Format != baselineFormat {
		return nil, fmt.Errorf("decode baseline: format %d, this build reads %d", file.Format, baselineFormat)
	}
	b := &file.Baseline
	for i, c := range file.Columns {
		if c.BaselineColumn == nil {
			return nil, fmt.Errorf("decode baseline %s: column %d is empty", b.ID, i)
		}
		if err := c.BaselineColumn.bind(c.KindName); err != nil {
			return nil, fmt.Errorf("decode baseline %s: column %s: %w", b.ID, c.Path, err)
		}
		b.Columns = append(b.Columns, c.BaselineColumn)
	}
	return b, nil
}

// bind checks what was read and derives the lookup tables.
func (b *BaselineColumn) bind(kind string) (err error) {
	if b.Kind, err = kindNamed(kind); err != nil {
		return err
	}
	if b.Null > b.N || b.Absent > b.N-b.Null || b.Unreadable > b.N-b.Null-b.Absent {
		return errors.New("more nulls than records")
	}
	if b.keys, err = b.ascending(b.Cuts); err != nil {
		return fmt.Errorf("cuts: %w", err)
	}
	if b.deciles, err = b.ascending(b.Deciles); err != nil {
		return fmt.Errorf("deciles: %w", err)
	}
	if len(b.Cuts) > 0 && b.Kind != contract.Integer && b.Kind != contract.Number {
		return fmt.Errorf("a %s has no cuts", kind)
	}
	if len(b.Categories) > 0 && !text(b.Kind) {
		return fmt.Errorf("a %s has no categories", kind)
	}
	if b.Min != "" {
		ends, err := b.ascending([]json.Number{b.Min, b.Max})
		if err != nil && b.Min != b.Max {
			return fmt.Errorf("min and max: %w", err)
		}
		b.lo, b.hi = ends[0], ends[len(ends)-1]
	}
	return b.bindCategories()
}

func (b *BaselineColumn) bindCategories() error {
	b.index = make(map[uint64]uint32, len(b.Categories))
	for i, c := range b.Categories {
		id, err := strconv.ParseUint(c.Hash, 16, 64)
		if err != nil || len(c.Hash) != 16 || i > 0 && id <= b.ids[i-1] {
			return fmt.Errorf("category hash %q: want 16 hexadecimal digits, ascending", c.Hash)
		}
		b.ids = append(b.ids, id)
		b.index[id] = uint32(i)
	}
	want := b.size()
	if len(b.ids) > 0 {
		want-- // a baseline has seen all of its own values
	}
	if len(b.Cells) != want || want > maxCells {
		return fmt.Errorf("%d cell counts, want %d", len(b.Cells), want)
	}
	var n uint64
	for _, c := range b.Cells {
		if c > b.N {
			return errors.New("cell counts exceed the records")
		}
		n += c
	}
	if want > 0 && n != b.Values() {
		return fmt.Errorf("cells hold %d records, the column %d", n, b.Values())
	}
	return nil
}

// ascending reads numbers of the column's kind as strictly ascending keys.
func (b *BaselineColumn) ascending(numbers []json.Number) ([]int64, error) {
	keys := make([]int64, len(numbers))
	for i, s := range numbers {
		if b.Kind == contract.Number {
			x, err := strconv.ParseFloat(string(s), 64)
			if err != nil {
				return nil, err
			}
			keys[i] = floatKey(x)
		} else {
			x, err := strconv.ParseInt(string(s), 10, 64)
			if err != nil {
				return nil, err
			}
			keys[i] = x
		}
		if i > 0 && keys[i] <= keys[i-1] {
			return keys[:i], fmt.Errorf("%s does not ascend", s)
		}
	}
	return keys, nil
}

func kindNamed(name string) (contract.Kind, error) {
	for k := contract.String; k < contract.Object; k++ {
		if k.String() == name {
			return k, nil
		}
	}
	return 0, fmt.Errorf("kind %q is not that of a column", name)
}

// LoadBaseline reads a baseline file.
func LoadBaseline(path string) (*Baseline, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("load baseline: %w", err)
	}
	b, err := DecodeBaseline(data)
	if err != nil {
		return nil, fmt.Errorf("load baseline %s: %w", path, err)
	}
	return b, nil
}

// BaselineFolder is where the contract's baselines are: "baselines" beside its document.
func BaselineFolder(c *contract.Contract) string {
	return filepath.Join(filepath.Dir(c.File), "baselines")
}

// FindBaseline loads the baseline that the contract names, or else the only one in its folder; nil without an
// error means there is none.
func FindBaseline(c *contract.Contract) (*Baseline, error) {
	folder := BaselineFolder(c)
	if c.Baseline != "" {
		if c.Baseline != filepath.Base(c.Baseline) {
			return nil, fmt.Errorf("find baseline of %s: %q is not a plain file name", c.ID, c.Baseline)
		}
		return bound(c, filepath.Join(folder, c.Baseline+".json"))
	}
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find baseline of %s: %w", c.ID, err)
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".json"); ok && !e.IsDir() {
			names = append(names, name)
		}
	}
	switch len(names) {
	case 0:
		return nil, nil
	case 1:
		return bound(c, filepath.Join(folder, names[0]+".json"))
	}
	return nil, fmt.Errorf("find baseline of %s: %s holds several (%s): name one in the contract's custom property weir, \"baseline: %s\"",
		c.ID, folder, strings.Join(names, ", "), names[len(names)-1])
}

func bound(c *contract.Contract, path string) (*Baseline, error) {
	b, err := LoadBaseline(path)
	if err != nil {
		return nil, err
	}
	if b.Contract != c.Name {
		return nil, fmt.Errorf("load baseline %s: it is of contract %q, not %q", path, b.Contract, c.Name)
	}
	return b, nil
}
