package profile

import (
	"bytes"
	"encoding/binary"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"weir/internal/columns"
	"weir/internal/contract"
	"weir/internal/window"
)

var update = flag.Bool("update", false, "write the golden files of the formats anew")

// goldenProfiles are small profiles that use every part of the format.
func goldenProfiles() []*Profile {
	l := columns.NewLayout(wildContract())
	r := rand.New(rand.NewPCG(11, 11))
	g := DefaultGrid(l)
	key := Key{
		Contract: contract.ID{Name: "wild", Version: "2.0.0"}, Digest: "sha256:0123", Grid: g.Digest(),
		Window: window.Window{Start: 1_360_000_000_000, End: 1_360_086_400_000},
	}
	rows := wildRows(l, r, 60)
	p := profileOf(key, g, l, rows)
	countFates(p, rows)
	builder := NewBaselineBuilder(wildContractWithWindows(), l)
	if err := builder.Add(batchOf(l, rows)); err != nil {
		panic(err)
	}
	b, err := builder.Build("golden")
	if err != nil {
		panic(err)
	}
	key.Grid = b.Grid(l).Digest()
	q := profileOf(key, b.Grid(l), l, wildRows(l, r, 200))
	unplaced := &Profile{Key: Key{Window: window.Unplaced}, Counts: Counts{Dead: 3, Tombstones: 1}}
	return []*Profile{p, q, unplaced}
}

func golden(t *testing.T, name string, got []byte) []byte {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return want
}

func TestProfileFormatStaysThatOfItsGoldenFiles(t *testing.T) {
	for i, p := range goldenProfiles() {
		got := p.Encode(math.MaxInt)[0]
		want := golden(t, []string{"default.profile", "baseline.profile", "unplaced.profile"}[i], got)
		if !bytes.Equal(got, want) {
			t.Errorf("profile %d encodes to %d bytes that differ from the %d of format %d", i, len(got), len(want), chunkFormat)
		}
		q, err := Decode(want)
		if err != nil {
			t.Fatalf("golden profile %d: %v", i, err)
		}
		if !bytes.Equal(q.Encode(math.MaxInt)[0], want) {
			t.Errorf("golden profile %d does not encode to itself", i)
		}
	}
}

func TestChunksHoldWholeColumnsWithinTheBound(t *testing.T) {
	p := goldenProfiles()[1]
	const bound = 900
	chunks := p.Encode(bound)
	if len(chunks) < 3 {
		t.Fatalf("%d chunks, want several", len(chunks))
	}
	n := 0
	for i, chunk := range chunks {
		q, err := Decode(chunk)
		if err != nil {
			t.Fatal(err)
		}
		if len(chunk) > bound && len(q.Columns) > 1 {
			t.Errorf("chunk %d has %d bytes and %d columns, bound %d", i, len(chunk), len(q.Columns), bound)
		}
		if counted := q.Counts.Read() > 0; counted != (i == 0) {
			t.Errorf("chunk %d carries counts: %v", i, counted)
		}
		n += len(q.Columns)
	}
	if n != len(p.Columns) {
		t.Errorf("chunks hold %d columns, want %d", n, len(p.Columns))
	}
}

func TestDecodeRefusesDamagedChunks(t *testing.T) {
	for _, p := range goldenProfiles() {
		whole := p.Encode(math.MaxInt)[0]
		for n := 0; n < len(whole); n += 1 + len(whole)/300 {
			if _, err := Decode(whole[:n]); err == nil {
				t.Fatalf("decoded the first %d of %d bytes", n, len(whole))
			}
		}
		if _, err := Decode(append(bytes.Clone(whole), 0)); err == nil {
			t.Error("decoded a chunk with a byte too many")
		}
		future := bytes.Clone(whole)
		future[2] = chunkFormat + 1
		if _, err := Decode(future); err == nil {
			t.Error("decoded a format of the future")
		}
	}
}

func TestDecodeAllocatesNoMoreThanTheBytesJustify(t *testing.T) {
	// A text, a number of columns and sets that announce far more than there is.
	huge := binary.AppendUvarint(nil, math.MaxUint64)
	head := (&Profile{}).encodeKey()
	for _, b := range [][]byte{
		append([]byte("wp\x01"), huge...),
		append(append(bytes.Clone(head), 0), huge...),
		append(append(bytes.Clone(head), 1, 0, 0, 0, 0, 0), huge...),
		append(append(bytes.Clone(head), 0), binary.AppendUvarint(nil, 1<<20)...),
	} {
		allocated := testing.AllocsPerRun(1, func() {
			if _, err := Decode(b); err == nil {
				t.Error("decoded lengths beyond the end")
			}
		})
		if allocated > 50 {
			t.Errorf("%v allocations for %d bytes", allocated, len(b))
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, p := range goldenProfiles() {
		for _, chunk := range p.Encode(700) {
			f.Add(chunk)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Decode(b)
		if err != nil {
			if p != nil {
				t.Fatal("an error with a partial profile")
			}
			return
		}
		if got := p.Encode(math.MaxInt); len(got) != 1 || !bytes.Equal(got[0], b) {
			t.Fatal("encoding what was decoded gives other bytes")
		}
		if err := p.Merge(p); err != nil {
			t.Fatalf("a profile does not merge with itself: %v", err)
		}
		for _, c := range p.Columns {
			c.Mean()
			c.Std()
			c.Distinct()
			c.Quantile(nil, 0.5)
			c.Top(nil, 3)
			c.Unseen()
		}
		p.Encode(1)
	})
}
