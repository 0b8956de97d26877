package profile

import (
	"bytes"
	"encoding/binary"
	"maps"
	"math/big"
	"slices"
)

// The profile format, version 1. A chunk is
//
//	"wp" version key counts columns
//
// Numbers are the shortest unsigned varints (zigzag for signed ones), texts their length and bytes. The key is
// contract name, version, digest, grid, window start and end. Counts begin with 0 (none, the only form of counts that
// are all zero) or 1. Columns begin with their number; each ascends in layout index. Cells are (index delta, count)
// pairs, or all counts when that is shorter. Sets ascend. Every Profile has exactly one encoding: Decode takes no
// other.
const (
	chunkMagic  = "wp"
	chunkFormat = 1
)

// Encode writes p as chunks of whole columns of about maxBytes each (a chunk holds at least one column); Counts
// travel in the first. The bytes are canonical: equal profiles encode equally.
func (p *Profile) Encode(maxBytes int) [][]byte {
	head := p.encodeKey()
	counts := p.Counts.encode()
	var chunks [][]byte
	var body []byte
	n := 0
	flush := func() {
		chunk := slices.Concat(head, counts, binary.AppendUvarint(nil, uint64(n)), body)
		chunks, counts, body, n = append(chunks, chunk), []byte{0}, nil, 0
	}
	for _, c := range p.Columns {
		one := c.encode(nil)
		if n > 0 && len(head)+len(counts)+binary.MaxVarintLen32+len(body)+len(one) > maxBytes {
			flush()
		}
		body = append(body, one...)
		n++
	}
	if n > 0 || len(chunks) == 0 {
		flush()
	}
	return chunks
}

func (p *Profile) encodeKey() []byte {
	b := append([]byte(chunkMagic), chunkFormat)
	b = appendText(b, p.Contract.Name)
	b = appendText(b, p.Contract.Version)
	b = appendText(b, string(p.Digest))
	b = appendText(b, string(p.Grid))
	b = binary.AppendVarint(b, p.Window.Start)
	return binary.AppendVarint(b, p.Window.End)
}

func (c *Counts) encode() []byte {
	b := []byte{1}
	for _, n := range c.fates() {
		b = binary.AppendUvarint(b, *n)
	}
	b = appendByRule(b, c.DeadBy)
	b = appendByRule(b, c.WarnedBy)
	b = binary.AppendUvarint(b, uint64(len(c.Examples)))
	for _, rule := range slices.Sorted(maps.Keys(c.Examples)) {
		b = appendText(b, rule)
		b = binary.AppendUvarint(b, uint64(len(c.Examples[rule])))
		for _, at := range c.Examples[rule] {
			b = appendText(b, at.Topic)
			b = binary.AppendVarint(b, int64(at.Partition))
			b = binary.AppendVarint(b, at.Offset)
		}
	}
	if !slices.ContainsFunc(b[1:], func(x byte) bool { return x != 0 }) {
		return []byte{0}
	}
	return b
}

// fates are the numbers of Counts in the format's order.
func (c *Counts) fates() []*uint64 {
	return []*uint64{&c.Valid, &c.Dead, &c.LateBehind, &c.LateAhead, &c.Tombstones}
}

func appendByRule(b []byte, by map[string]uint64) []byte {
	rules := slices.DeleteFunc(slices.Sorted(maps.Keys(by)), func(r string) bool { return by[r] == 0 })
	b = binary.AppendUvarint(b, uint64(len(rules)))
	for _, rule := range rules {
		b = appendText(b, rule)
		b = binary.AppendUvarint(b, by[rule])
	}
	return b
}

// numbers are the counters of a Column in the format's order.
func (c *Column) numbers() []*uint64 {
	return []*uint64{&c.N, &c.Null, &c.Absent, &c.Unreadable, &c.Rejected, &c.RejectedNull}
}

func (c *Column) encode(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(c.Index))
	b = appendText(b, c.Path)
	b = append(b, byte(c.Kind), byte(b2i(c.Public)))
	b = appendText(b, c.Unit)
	for _, n := range c.numbers() {
		b = binary.AppendUvarint(b, *n)
	}
	b = binary.AppendUvarint(b, uint64(c.cells.size))
	if c.Values() == 0 {
		return b
	}
	if numeric(c.Kind) {
		b = binary.AppendVarint(b, c.min)
		b = binary.AppendVarint(b, c.max)
		b = appendBig(b, c.sum.scaled())
		b = appendBig(b, c.squares.scaled())
	}
	if c.celled() {
		b = c.cells.encode(b)
	}
	b = c.distinct.encode(b)
	if text(c.Kind) {
		b = c.encodeTexts(b)
	}
	return b
}

func (c *cells) encode(b []byte) []byte {
	var sparse, dense []byte
	n, last := uint64(0), uint32(0)
	for i, count := range c.occupied() {
		sparse = binary.AppendUvarint(sparse, uint64(i-last))
		sparse = binary.AppendUvarint(sparse, count)
		n, last = n+1, i
	}
	sparse = append(binary.AppendUvarint(nil, n), sparse...)
	if c.size > 0 && c.size < len(sparse) {
		for i := range c.size {
			dense = binary.AppendUvarint(dense, c.count(i))
		}
		if len(dense) < len(sparse) {
			return append(append(b, 1), dense...)
		}
	}
	return append(append(b, 0), sparse...)
}

func (d *distinct) encode(b []byte) []byte {
	if d.register != nil {
		return append(append(b, 1), d.packed()...)
	}
	ids := d.ids()
	b = binary.AppendUvarint(append(b, 0), uint64(len(ids)))
	last := uint64(0)
	for _, id := range ids {
		b = binary.AppendUvarint(b, id-last)
		last = id
	}
	return b
}

// packed is the registers at 6 bits each, the first in the highest bits.
func (d *distinct) packed() []byte {
	b := make([]byte, 0, registers*6/8)
	for i := 0; i < registers; i += 4 {
		r := d.register[i : i+4]
		v := uint32(r[0])<<18 | uint32(r[1])<<12 | uint32(r[2])<<6 | uint32(r[3])
		b = append(b, byte(v>>16), byte(v>>8), byte(v))
	}
	return b
}

func (c *Column) encodeTexts(b []byte) []byte {
	if c.cells.size > 0 {
		b = binary.AppendUvarint(b, uint64(len(c.unseen)))
		for _, l := range c.unseen {
			b = appendText(b, l)
		}
		return b
	}
	if c.tallies.dropped {
		return append(b, 1)
	}
	b = binary.AppendUvarint(append(b, 0), uint64(len(c.tallies.by)))
	for _, id := range slices.Sorted(maps.Keys(c.tallies.by)) {
		t := c.tallies.by[id]
		b = binary.BigEndian.AppendUint64(b, id)
		b = binary.AppendUvarint(b, t.n)
		b = appendText(b, t.label)
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// appendBig writes sign, shift in whole bytes, and the magnitude without zero bytes at its ends.
func appendBig(b []byte, v *big.Int) []byte {
	mag := v.Bytes()
	short := bytes.TrimRight(mag, "\x00")
	b = append(b, byte(b2i(v.Sign() < 0)))
	b = binary.AppendUvarint(b, uint64(len(mag)-len(short)))
	return appendText(b, string(short))
}
