package profile

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/internal/columns"
	"weir/internal/contract"
)

func TestBaselineFileReadsBackToTheSameGridAndBytes(t *testing.T) {
	c := flightsContract()
	l := columns.NewLayout(c)
	b := baselineOf(t, c, l, flightRows(t, l, "baseline"))
	again, err := DecodeBaseline(b.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again.Encode(), b.Encode()) || again.Digest() != b.Digest() {
		t.Error("a baseline read back encodes to other bytes")
	}
	if again.Grid(l).Digest() != b.Grid(l).Digest() {
		t.Error("a baseline read back has another grid")
	}
	if b.Grid(l).Digest() == DefaultGrid(l).Digest() {
		t.Error("the baseline's grid has the digest of the default grid")
	}
}

func TestBaselineFormatStaysThatOfItsGoldenFile(t *testing.T) {
	c := flightsContract()
	l := columns.NewLayout(c)
	b := baselineOf(t, c, l, flightRows(t, l, "baseline")[:40])
	if want := golden(t, "golden.baseline.json", b.Encode()); !bytes.Equal(b.Encode(), want) {
		t.Errorf("baseline encodes to\n%s\nwant\n%s", b.Encode(), want)
	}
}

func TestGridKeepsOnlyColumnsOfTheSamePathKindAndUnit(t *testing.T) {
	c := flightsContract()
	l := columns.NewLayout(c)
	b := baselineOf(t, c, l, flightRows(t, l, "baseline")[:500])
	changed := flightsContract()
	changed.Fields[8].Unit = "km"                                      // distance
	changed.Fields[4].Kind = contract.Number                           // dep_time
	changed.Fields[6].Path = "/arrival/delay"                          // arr_delay
	changed.Fields = append(changed.Fields[:1], changed.Fields[2:]...) // without carrier
	m := columns.NewLayout(changed)
	g := b.Grid(m)
	for i, col := range m.Columns {
		want := map[string]bool{"/dest": true, "/dep_delay": true, "/air_time": true, "/speed": true}[col.Path]
		if got := g.columns[i].base != nil; got != want {
			t.Errorf("%s bound to the baseline: %v, want %v", col.Path, got, want)
		}
	}
}

func TestValuesOfPrivateColumnsAppearNowhereInClear(t *testing.T) {
	c := flightsContract()
	l := columns.NewLayout(c)
	var rows []*columns.Row
	for _, row := range flightRows(t, l, "baseline")[:300] {
		row.SetText(3, "N"+string(row.Text(3)[1])+"-secret-tail") // few different ones: a private categorical column
		rows = append(rows, row)
	}
	b := baselineOf(t, c, l, rows)
	if tail := b.Columns[3]; len(tail.Categories) == 0 {
		t.Fatal("the private column has no categories")
	}
	strange := l.NewRow()
	strange.SetText(3, "unseen-secret-tail")
	onBaseline := profileOf(Key{}, b.Grid(l), l, append(rows[:50:50], strange))
	onDefault := profileOf(Key{}, DefaultGrid(l), l, rows[:50])
	for name, data := range map[string][]byte{
		"baseline":                b.Encode(),
		"profile on its grid":     onBaseline.Encode(1 << 20)[0],
		"profile on default grid": onDefault.Encode(1 << 20)[0],
	} {
		if bytes.Contains(data, []byte("secret-tail")) {
			t.Errorf("%s holds a private value in clear", name)
		}
	}
	if n, examples := onBaseline.Columns[3].Unseen(); n != 1 || len(examples) != 1 || !strings.HasPrefix(examples[0], "#") {
		t.Errorf("unseen private values: %d, %q, want 1 by its hash", n, examples)
	}
	if top := onDefault.Columns[3].Top(nil, 1); len(top) != 1 || !strings.HasPrefix(top[0].Value, "#") {
		t.Errorf("top private values %v, want a hash", top)
	}
}

func TestTextIsCategoricalOnlyWhenValuesRepeat(t *testing.T) {
	c := flightsContract()
	l := columns.NewLayout(c)
	rows := flightRows(t, l, "baseline")
	for i, row := range rows {
		row.SetText(2, string(rune('a'+i%26))+strings.Repeat("x", i%200)) // dest: 2,600 values, repeated
	}
	b := baselineOf(t, c, l, rows)
	for name, want := range map[string]bool{"/carrier": true, "/dest": true, "/tailnum": true} {
		if col, _ := b.Column(name, contract.String, ""); col.HasCategories() != want {
			t.Errorf("%s is categorical: %v, want %v (%d distinct of %d)", name, !want, want, col.Distinct, col.Values())
		}
	}
	few := baselineOf(t, c, l, rows[:40])
	if col, _ := few.Column("/tailnum", contract.String, ""); col.HasCategories() || col.Singletons < 30 {
		t.Errorf("tail numbers of 40 flights are categorical: %v, %d singletons", col.HasCategories(), col.Singletons)
	}
}

func TestWindowCountsLeaveOutTheWindowsTheDataMayCut(t *testing.T) {
	c := flightsContract()
	l := columns.NewLayout(c)
	rows := flightRows(t, l, "baseline")
	b := baselineOf(t, c, l, rows)
	perDay := map[string]uint64{}
	for _, r := range rows {
		perDay[time.UnixMilli(r.Int(0)).In(c.Window.Zone).Format(time.DateOnly)]++
	}
	delete(perDay, "2013-01-01")
	delete(perDay, "2013-01-10")
	least, most, sum := uint64(1<<62), uint64(0), uint64(0)
	for _, n := range perDay {
		least, most, sum = min(least, n), max(most, n), sum+n
	}
	want := WindowCounts{"1d", "America/New_York", 8, least, most, float64(sum) / 8}
	if b.Windows != want {
		t.Errorf("windows %+v, want %+v", b.Windows, want)
	}
	if b.From != "2013-01-01T10:00:00Z" || b.To != "2013-01-11T04:00:00Z" {
		t.Errorf("source span %s to %s", b.From, b.To)
	}
}

func TestEmptyWindowsBetweenEventsCountAsZero(t *testing.T) {
	c := flightsContract()
	l := columns.NewLayout(c)
	var rows []*columns.Row
	for _, day := range []int{1, 2, 5, 6} {
		r := l.NewRow()
		r.SetInt(0, time.Date(2013, 3, day, 12, 0, 0, 0, c.Window.Zone).UnixMilli())
		rows = append(rows, r)
	}
	if got := baselineOf(t, c, l, rows).Windows; got.Count != 4 || got.Min != 0 || got.Max != 1 || got.Mean != 0.5 {
		t.Errorf("windows %+v, want 4 from 0 to 1", got)
	}
}

func TestFindBaselineTakesTheNamedOrTheOnlyOne(t *testing.T) {
	c := flightsContract()
	l := columns.NewLayout(c)
	c.File = filepath.Join(t.TempDir(), "1.0.0.odcs.yaml")
	if b, err := FindBaseline(c); b != nil || err != nil {
		t.Fatalf("without a folder: %v, %v, want neither", b, err)
	}
	if err := os.Mkdir(BaselineFolder(c), 0o755); err != nil {
		t.Fatal(err)
	}
	data := baselineOf(t, c, l, flightRows(t, l, "baseline")[:40]).Encode()
	write := func(name string) {
		if err := os.WriteFile(filepath.Join(BaselineFolder(c), name+".json"), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("2013-01")
	if b, err := FindBaseline(c); err != nil || b.ID != "2013-01" {
		t.Fatalf("the only one: %v, %v", b, err)
	}
	write("2013-06")
	if _, err := FindBaseline(c); err == nil || !strings.Contains(err.Error(), "2013-01, 2013-06") {
		t.Errorf("several: error %v, want both named", err)
	}
	c.Baseline = "2013-06"
	if b, err := FindBaseline(c); err != nil || b == nil {
		t.Errorf("the named one: %v, %v", b, err)
	}
	for _, bad := range []string{"2012-01", "../../etc/passwd"} {
		c.Baseline = bad
		if _, err := FindBaseline(c); err == nil {
			t.Errorf("baseline %q was found", bad)
		}
	}
	c.Baseline, c.Name = "2013-06", "trains"
	if _, err := FindBaseline(c); err == nil {
		t.Error("took the baseline of another contract")
	}
}

func TestDecodeBaselineRefusesWhatDoesNotAddUp(t *testing.T) {
	c := flightsContract()
	l := columns.NewLayout(c)
	good := string(baselineOf(t, c, l, flightRows(t, l, "baseline")[:40]).Encode())
	for name, edit := range map[string][2]string{
		"another format":    {`"format":1`, `"format":2`},
		"an unknown field":  {`"format":1`, `"format":1,"colour":"red"`},
		"an unknown kind":   {`"kind":"integer"`, `"kind":"int"`},
		"more nulls":        {`"null":0`, `"null":41`},
		"descending cuts":   {`"cuts":[`, `"cuts":[100000,`},
		"a missing cell":    {`"cells":[0,`, `"cells":[`},
		"a misplaced count": {`"cells":[0,`, `"cells":[7,`},
		"a broken hash":     {`"hash":"`, `"hash":"z`},
	} {
		bad := strings.Replace(good, edit[0], edit[1], 1)
		if bad == good {
			t.Fatalf("%s: nothing to edit", name)
		}
		if _, err := DecodeBaseline([]byte(bad)); err == nil {
			t.Errorf("%s: decoded", name)
		}
	}
}

func FuzzDecodeBaseline(f *testing.F) {
	data, err := os.ReadFile(filepath.Join("testdata", "golden.baseline.json"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	l := columns.NewLayout(flightsContract())
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := DecodeBaseline(data)
		if err != nil {
			return
		}
		for _, c := range b.Columns {
			c.Quantile(0.5)
			c.CellsOf(nil)
			c.DecilesOf(nil)
			c.Categorised(nil)
		}
		p := New(Key{}, b.Grid(l), l)
		if _, err := Decode(p.Encode(1 << 30)[0]); err != nil {
			t.Fatalf("a profile on this baseline's grid does not decode: %v", err)
		}
	})
}
