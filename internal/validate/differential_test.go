package validate

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"weir/internal/columns"
	"weir/internal/contract"
)

// FuzzDifferential holds Check against the library's path and the oracle, for many schemas. The index picks the schema,
// so that the fuzzer can carry a record from one to another; it is taken modulo their number. Of the suite's and the
// altered records only few are seeds, one valid and one invalid for each schema: go takes four milliseconds to
// instrument a seed, and the test below checks them all.
func FuzzDifferential(f *testing.F) {
	all := differentials(f)
	for i, d := range all {
		var seen [2]bool
		for _, record := range d.records {
			kind := 0
			if len(d.v.byLibrary(record, nil)) == 0 {
				kind = 1
			}
			if !seen[kind] || d.mutable {
				seen[kind] = true
				f.Add(uint16(i), record)
			}
		}
	}
	for _, document := range hostile() {
		f.Add(uint16(0), document)
	}
	f.Fuzz(func(t *testing.T, index uint16, value []byte) {
		d := all[int(index)%len(all)]
		for _, difference := range d.differences(value) {
			t.Errorf("%s: %q: %s", d.name, value, difference)
		}
	})
}

func TestAlteredAndHostileRecordsAreJudgedAsTheLibraryJudgesThem(t *testing.T) {
	const altered = 2 // of the records of a schema
	n := 0
	for _, d := range differentials(t) {
		values := slices.Clone(d.records)
		if d.mutable {
			for _, record := range d.records[:min(altered, len(d.records))] {
				values = append(values, mutants(record)...)
			}
			values = append(values, hostile()...)
		}
		for _, value := range values {
			for _, difference := range d.differences(value) {
				t.Errorf("%s: %.300q: %s", d.name, value, difference)
			}
		}
		n += len(values)
	}
	t.Logf("%d records", n)
	if n < 20_000 {
		t.Errorf("got %d records, want those of the suite and many more", n)
	}
}

// differential is a comparison with a name for messages and records that are about its schema.
type differential struct {
	*comparison
	name    string
	records [][]byte
	mutable bool // the records are objects worth altering name by name
}

// differentials are the contracts under each policy, then the schemas of this package, then those of the suite.
func differentials(t testing.TB) (all []differential) {
	t.Helper()
	for _, policy := range []UnknownFields{Allow, Notice, Reject} {
		flight := newContractDifferential(t, "../../contracts/flights/1.0.0.odcs.yaml", policy, flight)
		flight.records = append(flight.records, flightExamples(t)...)
		order := newContractDifferential(t, "testdata/orders.odcs.yaml", policy, order)
		all = append(all, flight, order)
	}
	for _, s := range handSchemas {
		d := differential{name: s.name, mutable: true}
		for _, record := range s.records {
			d.records = append(d.records, []byte(record))
		}
		d.comparison = bareComparison(compileSchema(t, s.schema), []byte(s.schema), len(all)%scalarKinds, d.records...)
		all = append(all, d)
	}
	return append(all, suiteDifferentials(t)...)
}

func newContractDifferential(t testing.TB, file string, policy UnknownFields, record string) differential {
	t.Helper()
	c, err := contract.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	l := columns.NewLayout(c)
	v, err := Compile(c, l, Options{UnknownFields: policy})
	if err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(policy != Allow) // a notice is a violation too
	if err != nil {
		t.Fatal(err)
	}
	return differential{
		comparison: newComparison(schema, l, v), name: c.ID.String() + ", unknown fields: " + string(policy),
		records: [][]byte{[]byte(record)}, mutable: true,
	}
}

// suiteDifferentials are the suite's schemas of the two drafts contracts are written in. The cases of the other drafts
// are records for the schema of the same group, or else of the same file.
func suiteDifferentials(t testing.TB) (all []differential) {
	t.Helper()
	var others []suiteCase
	index := map[string]int{} // by file and group, and by file
	for _, group := range suiteCasesByGroup(t) {
		c := group[0]
		switch {
		case c.Draft != "draft7" && c.Draft != "draft2020-12":
			others = append(others, group...)
		case c.Schema != nil:
			index[c.File], index[c.File+c.Group] = len(all), len(all)
			all = append(all, suiteDifferential(group, len(all)))
		}
	}
	for _, c := range others {
		i, ok := index[c.File+c.Group]
		if !ok {
			i = index[c.File]
		}
		all[i].records = append(all[i].records, c.Data)
	}
	return all
}

func suiteDifferential(group []suiteCase, turn int) differential {
	d := differential{name: group[0].Draft + "/" + group[0].File + " | " + group[0].Group}
	for _, c := range group {
		d.records = append(d.records, c.Data)
	}
	d.comparison = bareComparison(group[0].Schema, group[0].SchemaText, turn%scalarKinds, d.records...)
	return d
}

// flightExamples are the records the contract's author shows, valid and invalid.
func flightExamples(t testing.TB) (records [][]byte) {
	t.Helper()
	for _, file := range []string{"valid", "invalid"} {
		text, err := os.ReadFile("../../contracts/flights/examples/" + file + ".ndjson")
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(text) {
			var example struct{ Record json.RawMessage }
			if err := json.Unmarshal(line, &example); err != nil {
				t.Fatal(err)
			}
			records = append(records, example.Record)
		}
	}
	return records
}
