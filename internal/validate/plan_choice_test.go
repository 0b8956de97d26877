package validate

import "testing"

// That a choice is lost is the library's word: it has refused the other branches for each constant when the plan was
// made, and is asked about a constant that no branch names when a record brings it.
func TestTheLibraryIsAskedAboutEveryBranchOfALostChoice(t *testing.T) {
	v := bySchema(t, `{"type":"object","oneOf":[
		{"properties":{"k":{"const":"a"},"x":{"type":"integer"}},"required":["k"]},
		{"properties":{"k":{"enum":["b","c"]}},"required":["k"]}]}`)
	d := v.plan.objects.decider
	if len(d.cases) != 3 || !d.demanded {
		t.Fatalf("got %d cases, demanded %v, want one for each of a, b, c, and k demanded", len(d.cases), d.demanded)
	}
	if b := d.cases[0].rule.hot[d.cases[0].rule.named["x"]].value.via; b == nil || !b.proven || b.owner != v.plan {
		t.Errorf("x of branch a stands below %+v, want a proven branch of the record", b)
	}
	if len(d.other.unfit) != 1 || d.other.unfit[0].proven {
		t.Fatalf("got %+v, want one choice that is not proven lost for a constant nobody knows yet", d.other.unfit)
	}
	constants := d.other.unfit[0].constants
	for value, refused := range map[string]bool{"a": false, "b": false, "c": false, "d": true} {
		if got := libraryRefuses(constants, value); got != refused {
			t.Errorf("%s: got refused %v, want %v", value, got, refused)
		}
	}
}
