package validate

import (
	"reflect"
	"strings"
	"testing"

	"weir/internal/columns"
)

const knownSchema = `{"properties":{"n":{"maximum":3},"short":{"type":"array","minItems":99,"items":{"maximum":3}},"choice":{"type":"object","oneOf":[
	{"properties":{"k":{"const":"a"},"x":{},"y":{}},"required":["k","x","y"]},{"properties":{"k":{"const":"b"}},"required":["k"]}]}}}`

// scanned is the scan of a record, with what it leaves to the library.
func scanned(t *testing.T, v *Validator, s *scan, record []byte) {
	t.Helper()
	if !s.run(record, v.spares.Get().(*columns.Row)) || len(s.events) == 0 {
		t.Fatalf("%s: got %d parts in doubt", record, len(s.events))
	}
}

func TestKnownPartsKeepToTheBudget(t *testing.T) {
	v := bySchema(t, knownSchema)
	s, record := v.newScan(), []byte(`{"n":7}`)
	scanned(t, v, s, record)
	m := v.newMeter()
	want, ok := v.byParts(s, record, m)
	if !ok || len(want) != 1 || len(s.known) != 1 {
		t.Fatalf("got %v, %v and %d known parts", want, ok, len(s.known))
	}
	for left, enough := range map[int]bool{m.used: true, m.used - 1: false} {
		scanned(t, v, s, record)
		short := v.newMeter()
		short.left = left
		vs, ok := v.byParts(s, record, short)
		if ok != enough || short.over() == enough || enough && !reflect.DeepEqual(vs, want) {
			t.Errorf("with %d steps left of %d: got %v, %v", left, m.used, vs, ok)
		}
	}
}

// However many names are missing, one is proof enough of a lost choice, and is known.
func TestALostChoiceIsKnownByOneName(t *testing.T) {
	v := bySchema(t, knownSchema)
	s := v.newScan()
	for _, record := range []string{`{"choice":{"k":"a"}}`, `{"choice":{"k":"a"}}`} {
		scanned(t, v, s, []byte(record))
		got, ok := v.byParts(s, []byte(record), v.newMeter())
		if want := v.byLibrary([]byte(record), nil); !ok || !reflect.DeepEqual(got, want) || len(s.known) != 1 {
			t.Errorf("%s: got %v and %d known parts, want %v and one", record, got, len(s.known), want)
		}
	}
}

func TestLargeViolationsAreNotKept(t *testing.T) {
	k := knownParts{}
	k.keep(onlyPart{written: "1"}, knownPart{violations: []Violation{{Message: strings.Repeat("x", maxMemoError)}}})
	k.keep(onlyPart{written: "2"}, knownPart{violations: []Violation{{Message: strings.Repeat("x", maxMemoError+1)}}})
	if len(k) != 1 {
		t.Errorf("%d parts are known, want the small one", len(k))
	}
}

// A row that two validators fill in turn gets each one's verdict.
func TestValidatorsMayShareARow(t *testing.T) {
	one, other := bySchema(t, knownSchema), bySchema(t, `{"properties":{"n":{"minimum":9}}}`)
	row := one.spares.Get().(*columns.Row)
	for range 3 {
		for _, v := range []*Validator{one, other} {
			record := []byte(`{"n":7}`)
			if got, want := v.Check(record, row), v.byLibrary(record, nil); !reflect.DeepEqual(got, want) {
				t.Errorf("got\n%swant\n%s", lines(got), lines(want))
			}
		}
	}
}

// Parts that what is around them took the place of are forgotten too.
func TestDroppedPartsAreForgotten(t *testing.T) {
	v := bySchema(t, knownSchema)
	s, record := v.newScan(), []byte(`{"short":[7,8,9]}`)
	scanned(t, v, s, record)
	if len(s.events) != 1 || cap(s.events) < 3 {
		t.Fatalf("got %d parts in room for %d, want the array in room for its items", len(s.events), cap(s.events))
	}
	s.forgetParts()
	for i, e := range s.events[:cap(s.events)] {
		if !reflect.DeepEqual(e, event{}) {
			t.Errorf("part %d is still there", i)
		}
	}
}
