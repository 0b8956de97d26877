package validate

import (
	"reflect"
	"strings"
	"testing"

	"weir/internal/columns"
)

const knownSchema = `{"properties":{"n":{"maximum":3},"three":{"maximum":3,"multipleOf":2,"enum":[1]},"short":{"type":"array","minItems":99,"items":{"maximum":3}},"choice":{"type":"object","oneOf":[
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
	for value, want := range map[string]int{`{"n":7}`: 1, `{"three":8}`: 2, `{"three":7}`: 3} {
		first := v.Check([]byte(value), row)
		for range 2 {
			again := v.Check([]byte(value), row)
			if len(again) != want || &again[0] != &first[0] || cap(again) != want {
				t.Errorf("%s: got %v in room for %d, want the same %d as before in no more room", value, again, cap(again), want)
			}
		}
	}
}

func TestLargeViolationsAreNotKept(t *testing.T) {
	k := knownParts{}
	k.keep(onlyPart{written: "1"}, []Violation{{Message: strings.Repeat("x", maxMemoError)}})
	k.keep(onlyPart{written: "2"}, []Violation{{Message: strings.Repeat("x", maxMemoError+1)}})
	k.keep(onlyPart{breaks: breaksKind}, nil) // the library had nothing against one such value, and may have against another
	if len(k) != 1 {
		t.Errorf("%d parts are known, want the small one", len(k))
	}
}

// A violation is repeated with another value only if it says the value where it is looked for.
func TestOnlyViolationsThatShowTheirValueAreRepeated(t *testing.T) {
	for _, c := range []struct {
		found, message string
		want           bool
	}{
		{"7", "/n must be at most 3, found 7.", true},
		{"7", "/n must be at most 3, found 7. At least 2 more places break the same rule.", false},
		{"number", "/n must be at most 3, found number.", false},
		{"number", "/n must be at most 3, found 7.", false},
	} {
		vs := []Violation{{Found: c.found, Message: c.message}}
		if canBeAgain(vs, "7") != c.want {
			t.Errorf("%s: got %v, want %v", c.message, !c.want, c.want)
		} else if c.want {
			if got := again(vs, "88")[0]; got.Found != "88" || got.Message != strings.Replace(c.message, "7", "88", 1) {
				t.Errorf("%s: got %v with another value", c.message, got)
			}
		}
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
