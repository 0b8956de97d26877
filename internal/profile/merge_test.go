package profile

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"weir/internal/columns"
	"weir/internal/contract"
)

// wildContract has a column of every kind, two of them private, and wildRows fill them past every limit.
func wildContract() *contract.Contract {
	c := &contract.Contract{ID: contract.ID{Name: "wild", Version: "2.0.0"}, EventTime: "/at"}
	for i, k := range []contract.Kind{contract.Timestamp, contract.Integer, contract.Number, contract.Boolean,
		contract.String, contract.String, contract.String, contract.Date} {
		name := []string{"at", "int", "float", "flag", "few", "many", "secret", "day"}[i]
		c.Fields = append(c.Fields, contract.Field{Name: name, Path: "/" + name, Kind: k, Public: name != "secret"})
	}
	return c
}

func wildRows(l *columns.Layout, r *rand.Rand, n int) []*columns.Row {
	rows := make([]*columns.Row, n)
	for i := range rows {
		row := l.NewRow()
		for j, c := range l.Columns {
			switch r.IntN(20) {
			case 0:
				row.SetNull(j)
			case 1:
				row.SetUnreadable(j)
			case 2: // absent
			default:
				wildValue(row, j, c, r)
			}
		}
		rows[i] = row
	}
	return rows
}

func wildValue(row *columns.Row, j int, c columns.Column, r *rand.Rand) {
	switch c.Path {
	case "/at":
		row.SetInt(j, 1_360_000_000_000+r.Int64N(1e9))
	case "/int":
		row.SetInt(j, []int64{math.MinInt64, math.MaxInt64, 0, r.Int64N(100) - 50, r.Int64() - r.Int64()}[r.IntN(5)])
	case "/float":
		x := math.Float64frombits(r.Uint64()) // every magnitude, now and then NaN or infinite
		row.SetFloat(j, []float64{x, 0, math.Copysign(0, -1), math.Inf(1), r.NormFloat64()}[r.IntN(5)])
	case "/flag":
		row.SetInt(j, r.Int64N(2))
	case "/few":
		row.SetText(j, string(rune('a'+r.IntN(26))))
	case "/day":
		row.SetText(j, fmt.Sprintf("2013-%02d-%02d", 1+r.IntN(12), 1+r.IntN(28)))
	default:
		row.SetText(j, fmt.Sprintf("%s %d of a rather long text that will not fit a label, not at all é %d", c.Path, r.IntN(9000), r.IntN(3)))
	}
}

func TestMergingAnySplitInAnyOrderGivesTheBytesOfTheWhole(t *testing.T) {
	l := columns.NewLayout(wildContract())
	r := rand.New(rand.NewPCG(1, 2))
	builder := NewBaselineBuilder(wildContractWithWindows(), l)
	known := slices.DeleteFunc(wildRows(l, r, 6000), func(row *columns.Row) bool { return row.Text(4) > "h" })
	if err := builder.Add(batchOf(l, known)); err != nil { // later rows hold unseen letters
		t.Fatal(err)
	}
	b, err := builder.Build("b")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, 40, 900, 12_000} {
		for _, g := range []*Grid{DefaultGrid(l), b.Grid(l)} {
			k := Key{Contract: contract.ID{Name: "wild", Version: "2.0.0"}, Digest: "sha256:d", Grid: g.Digest()}
			rows := wildRows(l, r, n)
			whole := profileOf(k, g, l, rows)
			countFates(whole, rows)
			want := whole.Encode(math.MaxInt)[0]
			merged := shuffledMerge(t, k, g, l, rows, r)
			if got := merged.Encode(math.MaxInt)[0]; !bytes.Equal(got, want) {
				t.Errorf("%d rows: %d bytes after merging, want the %d of the whole", n, len(got), len(want))
			}
			checkSameAnswers(t, merged, whole)
		}
	}
}

func wildContractWithWindows() *contract.Contract {
	c := wildContract()
	c.Window = flightsContract().Window
	return c
}

// countFates fills Counts from the rows' own content, so that any split counts the same.
func countFates(p *Profile, rows []*columns.Row) {
	for _, row := range rows {
		if v := row.Int(1); v%3 == 0 && v != 0 {
			p.Counts.Add(&Counts{Dead: 1, DeadBy: map[string]uint64{fmt.Sprint("rule", v%5): 1}})
			p.Counts.Example(fmt.Sprint("rule", v%5), Coordinate{"t", int32(v % 4), v})
			p.Reject(row)
		}
	}
}

// shuffledMerge splits the rows at random, sends every part through small chunks, and merges the chunks of all parts
// in random order and as a random tree.
func shuffledMerge(t *testing.T, k Key, g *Grid, l *columns.Layout, rows []*columns.Row, r *rand.Rand) *Profile {
	t.Helper()
	var parts []*Profile
	for rest := rows; len(rest) > 0 || len(parts) == 0; {
		n := min(len(rest), 1+r.IntN(1+len(rows)/4))
		p := profileOf(k, g, l, rest[:n])
		countFates(p, rest[:n])
		for _, chunk := range p.Encode(1 + r.IntN(4000)) {
			part, err := Decode(chunk)
			if err != nil {
				t.Fatal(err)
			}
			parts = append(parts, part)
		}
		rest = rest[n:]
	}
	for len(parts) > 1 {
		i, j := r.IntN(len(parts)), r.IntN(len(parts))
		if i == j {
			continue
		}
		if err := parts[i].Merge(parts[j]); err != nil {
			t.Fatal(err)
		}
		parts = slices.Delete(parts, j, j+1)
	}
	return parts[0]
}

func checkSameAnswers(t *testing.T, p, q *Profile) {
	t.Helper()
	for i, c := range p.Columns {
		d := q.Columns[i]
		got, want := fmt.Sprint(c.Mean()), fmt.Sprint(d.Mean())
		got, want = got+fmt.Sprint(c.Variance()), want+fmt.Sprint(d.Variance())
		got, want = got+fmt.Sprint(c.Distinct()), want+fmt.Sprint(d.Distinct())
		got, want = got+fmt.Sprint(c.Unseen()), want+fmt.Sprint(d.Unseen())
		got, want = got+fmt.Sprint(c.Top(nil, 5)), want+fmt.Sprint(d.Top(nil, 5))
		if got != want {
			t.Errorf("column %s answers %s after merging, want %s", c.Path, got, want)
		}
	}
}

func TestMergeRefusesAnotherKeyOrAnotherColumnAndChangesNothing(t *testing.T) {
	l := columns.NewLayout(wildContract())
	r := rand.New(rand.NewPCG(3, 4))
	g := DefaultGrid(l)
	p := profileOf(Key{Digest: "a"}, g, l, wildRows(l, r, 50))
	before := p.Encode(math.MaxInt)[0]
	if err := p.Merge(profileOf(Key{Digest: "b"}, g, l, wildRows(l, r, 50))); err == nil {
		t.Error("merged a profile of another digest")
	}
	q := profileOf(Key{Digest: "a"}, g, l, wildRows(l, r, 50))
	q.Columns[3].Unit = "miles"
	if err := p.Merge(q); err == nil {
		t.Error("merged a column of another unit")
	}
	if !bytes.Equal(p.Encode(math.MaxInt)[0], before) {
		t.Error("a refused merge changed the profile")
	}
}

func TestMergedProfileSharesNothingWithItsParts(t *testing.T) {
	l := columns.NewLayout(wildContract())
	r := rand.New(rand.NewPCG(5, 6))
	g := DefaultGrid(l)
	p, q := &Profile{}, profileOf(Key{}, g, l, wildRows(l, r, 300))
	if err := p.Merge(q); err != nil {
		t.Fatal(err)
	}
	before := q.Encode(math.MaxInt)[0]
	if err := p.Merge(profileOf(Key{}, g, l, wildRows(l, r, 300))); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(q.Encode(math.MaxInt)[0], before) {
		t.Error("merging into the union changed a part")
	}
}

func TestExamplesAreTheThreeSmallestCoordinatesInAnyOrder(t *testing.T) {
	all := []Coordinate{{"a", 0, 9}, {"a", 1, 0}, {"a", 0, 10}, {"b", 0, 0}, {"a", 0, 9}}
	want := []Coordinate{{"a", 0, 9}, {"a", 0, 10}, {"a", 1, 0}}
	r := rand.New(rand.NewPCG(7, 8))
	for range 20 {
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		var c, d Counts
		for i, at := range all {
			[]*Counts{&c, &d}[i%2].Example("rule", at)
		}
		c.Add(&d)
		if got := c.Examples["rule"]; !slices.Equal(got, want) {
			t.Fatalf("examples %v, want %v", got, want)
		}
	}
}

func TestRejectCountsOnlyWhatCouldBeRead(t *testing.T) {
	l := columns.NewLayout(wildContract())
	row := l.NewRow()
	row.SetInt(1, 5)
	row.SetUnreadable(2)
	row.SetNull(3)
	p := New(Key{}, DefaultGrid(l), l)
	p.Reject(row)
	for i, want := range [][2]uint64{{1, 1}, {1, 0}, {0, 0}, {1, 1}} {
		if c := p.Columns[i]; c.Rejected != want[0] || c.RejectedNull != want[1] {
			t.Errorf("%s: rejected %d, null %d, want %v", c.Path, c.Rejected, c.RejectedNull, want)
		}
	}
}
