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

// However many names are missing, one is proof enough of a lost choice, and is known.
func TestALostChoiceIsKnownByOneName(t *testing.T) {
	v := bySchema(t, knownSchema)
	s := v.newScan()
	for _, record := range []string{`{"choice":{"k":"a"}}`, `{"choice":{"k":"a"}}`} {
		scanned(t, v, s, []byte(record))
		got := v.settle(s, true, []byte(record), nil)
		if want := v.byLibrary([]byte(record), nil); !reflect.DeepEqual(got, want) || len(s.known) != 1 {
			t.Errorf("%s: got %v and %d known parts, want %v and one", record, got, len(s.known), want)
		}
	}
}

// Records with the same fault have the same violations, and what a caller appends to them is the caller's.
func TestKnownViolationsAreShared(t *testing.T) {
	v := bySchema(t, knownSchema)
	row := v.spares.Get().(*columns.Row)
	first := v.Check([]byte(`{"n":7}`), row)
	_ = append(first, Violation{Rule: "other"})
	for range 2 {
		again := v.Check([]byte(`{"n":7}`), row)
		if len(again) != 1 || &again[0] != &first[0] || cap(again) != 1 {
			t.Errorf("got %v in room for %d, want the same as before in no more room", again, cap(again))
		}
	}
}

func TestLargeViolationsAreNotKept(t *testing.T) {
	k := knownParts{}
	k.keep(onlyPart{written: "1"}, []Violation{{Message: strings.Repeat("x", maxMemoError)}})
	k.keep(onlyPart{written: "2"}, []Violation{{Message: strings.Repeat("x", maxMemoError+1)}})
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
