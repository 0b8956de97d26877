package profile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"

	"weir/internal/contract"
)

// Decode reads one chunk. Unknown format versions and malformed bytes are errors, never a partial profile.
func Decode(b []byte) (*Profile, error) {
	if !bytes.HasPrefix(b, []byte(chunkMagic)) {
		return nil, errors.New("decode profile: not a profile")
	}
	if len(b) == len(chunkMagic) || b[len(chunkMagic)] != chunkFormat {
		return nil, fmt.Errorf("decode profile: unknown format, this build reads %d", chunkFormat)
	}
	d := decoder{b: b[len(chunkMagic)+1:]}
	p := d.profile()
	if d.err == nil && len(d.b) > 0 {
		d.fail("%d bytes too many", len(d.b))
	}
	if d.err != nil {
		return nil, fmt.Errorf("decode profile: %w", d.err)
	}
	// One check instead of many: order, duplicates, shortest forms and the choice of sparse or dense.
	if again := p.Encode(math.MaxInt); len(again) != 1 || !bytes.Equal(again[0], b) {
		return nil, errors.New("decode profile: not the canonical form")
	}
	return p, nil
}

// decoder consumes a chunk. After the first fault every read returns zero and err says what was wrong. What it
// allocates is bounded by the bytes that are there, and by the fixed sizes of a column's structures.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
	}
	d.b = nil
}

func (d *decoder) uint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail("number cut off or too large")
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) int() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.fail("number cut off or too large")
		return 0
	}
	d.b = d.b[n:]
	return v
}

// length reads the number of items of at least size bytes each that follow.
func (d *decoder) length(size, most int) int {
	n := d.uint()
	if n > uint64(most) || n > uint64(len(d.b)/size) {
		d.fail("%d items announced, more than there can be", n)
		return 0
	}
	return int(n)
}

func (d *decoder) bytes(n int) []byte {
	if n > len(d.b) {
		d.fail("cut off")
		return nil
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) byte() byte {
	if b := d.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) text() string { return string(d.bytes(d.length(1, len(d.b)))) }

func (d *decoder) profile() *Profile {
	p := &Profile{}
	p.Contract.Name, p.Contract.Version = d.text(), d.text()
	p.Digest, p.Grid = contract.Digest(d.text()), Digest(d.text())
	p.Window.Start, p.Window.End = d.int(), d.int()
	if d.byte() == 1 {
		d.counts(&p.Counts)
	}
	for range d.length(1, len(d.b)) {
		c := d.column()
		if d.err != nil {
			break
		}
		if n := len(p.Columns); n > 0 && p.Columns[n-1].Index >= c.Index {
			d.fail("column %s is out of order", c.Path)
		}
		p.Columns = append(p.Columns, c)
	}
	return p
}

func (d *decoder) counts(c *Counts) {
	for _, n := range c.fates() {
		*n = d.uint()
	}
	c.DeadBy = d.byRule()
	c.WarnedBy = d.byRule()
	n := d.length(1, len(d.b))
	if n > 0 {
		c.Examples = map[string][]Coordinate{}
	}
	for range n {
		rule := d.text()
		for range d.length(3, maxExamples) {
			topic, partition, offset := d.text(), d.int(), d.int()
			if partition != int64(int32(partition)) {
				d.fail("partition %d", partition)
			}
			c.Example(rule, Coordinate{topic, int32(partition), offset})
		}
	}
}

func (d *decoder) byRule() map[string]uint64 {
	n := d.length(2, len(d.b))
	if n == 0 {
		return nil
	}
	by := map[string]uint64{}
	for range n {
		rule := d.text()
		by[rule] = d.uint()
	}
	return by
}

func (d *decoder) column() *Column {
	c := &Column{}
	if i := d.uint(); i <= math.MaxInt32 {
		c.Index = int(i)
	} else {
		d.fail("column index %d", i)
	}
	c.Path = d.text()
	c.Kind = contract.Kind(d.byte())
	if c.Kind >= contract.Object {
		d.fail("column %s: unknown kind %d", c.Path, uint8(c.Kind))
	}
	c.Public = d.byte() == 1
	c.Unit = d.text()
	for _, n := range c.numbers() {
		*n = d.uint()
	}
	if c.Null > c.N || c.Absent > c.N-c.Null || c.Unreadable > c.N-c.Null-c.Absent || c.RejectedNull > c.Rejected {
		d.fail("column %s: more nulls than records", c.Path)
	}
	if n := d.uint(); n <= maxCells && (n > 0) == d.fixedCells(c, n) {
		c.cells.size = int(n)
	} else {
		d.fail("column %s: %d cells", c.Path, n)
	}
	if d.err == nil && c.Values() > 0 {
		d.values(c)
	}
	return c
}

// fixedCells says whether a column of that kind may have n cells of a baseline's grid.
func (d *decoder) fixedCells(c *Column, n uint64) bool {
	switch c.Kind {
	case contract.Boolean:
		return n == 2
	case contract.Timestamp:
		return false
	}
	return n > 0
}

func (d *decoder) values(c *Column) {
	if numeric(c.Kind) {
		c.min, c.max = d.int(), d.int()
		low, high := intLimbs, intSquareLimbs
		if c.Kind == contract.Number {
			low, high = floatLimbs, floatSquareLimbs
		}
		d.sum(&c.sum, low)
		d.sum(&c.squares, high)
		if c.min > c.max || d.err == nil && !possibleSums(c) {
			d.fail("column %s: impossible extremes or sums", c.Path)
		}
		if c.Kind == contract.Number && (!finite(keyFloat(c.min)) || !finite(keyFloat(c.max))) {
			d.fail("column %s: extremes are not finite", c.Path)
		}
	}
	if c.celled() {
		d.cells(c)
	}
	d.distinct(&c.distinct)
	if c.distinct.empty() {
		d.fail("column %s: values, but no different ones", c.Path)
	}
	if text(c.Kind) {
		d.texts(c)
	}
}

// possibleSums says whether the variance is not negative: n * squares >= sum^2.
func possibleSums(c *Column) bool {
	n := new(big.Int).SetUint64(c.Values())
	sum := c.sum.scaled()
	return n.Mul(n, c.squares.scaled()).Cmp(sum.Mul(sum, sum)) >= 0
}

func (d *decoder) sum(s *exactSum, limbs int) {
	negative := d.byte() == 1
	shift := d.uint()
	mag := d.bytes(d.length(1, 4*limbs))
	if shift > uint64(4*limbs) {
		d.fail("sum too large")
		return
	}
	v := new(big.Int).SetBytes(mag)
	v.Lsh(v, uint(8*shift))
	if negative {
		v.Neg(v)
	}
	if !s.setScaled(v, limbs) {
		d.fail("sum too large")
	}
}

func (d *decoder) cells(c *Column) {
	var total uint64
	count := func(i, n uint64) {
		if n > c.Values()-total {
			d.fail("column %s: cells hold more than the column", c.Path)
			return
		}
		total += n
		if n > 0 {
			c.cells.add(uint32(i), n)
		}
	}
	if d.byte() == 1 {
		for i := range uint64(c.cells.size) {
			count(i, d.uint())
		}
	} else {
		least, most := uint64(0), uint64(c.cells.size-1)
		if c.cells.size == 0 {
			least, most = uint64(floatCell(-math.MaxFloat64)), uint64(floatCell(math.MaxFloat64))
		}
		var at uint64
		for range d.length(2, maxDefaultCells) {
			step := d.uint()
			if step > most-at || at+step < least {
				d.fail("column %s: cell outside the grid", c.Path)
				return
			}
			at += step
			count(at, d.uint())
		}
	}
	if total != c.Values() {
		d.fail("column %s: cells hold %d of %d values", c.Path, total, c.Values())
	}
}

// maxDefaultCells bounds the number of default cells.
const maxDefaultCells = 2*zeroCell + 1

func (d *decoder) distinct(s *distinct) {
	if d.byte() == 1 {
		d.registers(s)
		return
	}
	var id uint64
	for range d.length(1, maxExact) {
		id += d.uint()
		s.add(id)
	}
}

func (d *decoder) registers(s *distinct) {
	packed := d.bytes(registers * 6 / 8)
	if packed == nil {
		return
	}
	s.register = make([]uint8, registers)
	for i := range s.register {
		v := uint32(packed[i/4*3])<<16 | uint32(packed[i/4*3+1])<<8 | uint32(packed[i/4*3+2])
		r := uint8(v >> (18 - 6*(i%4)) & 63)
		if r > maxRank {
			d.fail("register of %d", r)
			return
		}
		s.register[i] = r
	}
}

func (d *decoder) texts(c *Column) {
	if c.cells.size > 0 {
		for range d.length(1, maxUnseen) {
			c.unseen.add(d.text())
		}
		return
	}
	if c.tallies.dropped = d.byte() == 1; c.tallies.dropped {
		return
	}
	for range d.length(10, maxTallies) {
		id := d.bytes(8)
		n, label := d.uint(), d.text()
		if id != nil {
			c.tallies.add(binary.BigEndian.Uint64(id), label, n)
		}
	}
}
