package validate

import (
	"slices"
	"strings"
	"testing"

	"weir/internal/columns"
)

// faults are wrong ways to judge, each wrong in one respect.
var faults = map[string]check{
	"a keyword is not judged": func(v *Validator, value []byte, row *columns.Row) []Violation {
		return slices.DeleteFunc(v.byLibrary(value, row), func(x Violation) bool { return x.Keyword == "maximum" })
	},
	"a value is told otherwise": func(v *Validator, value []byte, row *columns.Row) []Violation {
		vs := v.byLibrary(value, row)
		for i := range vs {
			vs[i].Found = strings.Replace(vs[i].Found, "1.0", "1", 1)
		}
		return vs
	},
	"the order is another": func(v *Validator, value []byte, row *columns.Row) []Violation {
		vs := v.byLibrary(value, row)
		slices.Reverse(vs)
		return vs
	},
	"the row keeps a cell of an earlier record": func(v *Validator, value []byte, row *columns.Row) []Violation {
		was := make([]columns.State, len(v.columns))
		for i := range was {
			was[i] = row.State(i)
		}
		vs := v.byLibrary(value, row)
		for i := range was {
			if was[i] == columns.Null && row.State(i) == columns.Absent {
				row.SetNull(i)
			}
		}
		return vs
	},
	"negative zero is zero": func(v *Validator, value []byte, row *columns.Row) []Violation {
		vs := v.byLibrary(value, row)
		for i := range v.columns {
			if row.State(i) == columns.Present && row.Float(i) == 0 {
				row.SetFloat(i, 0)
			}
		}
		return vs
	},
	"the record is written to": func(v *Validator, value []byte, row *columns.Row) []Violation {
		vs := v.byLibrary(value, row)
		if i := slices.Index(value, '\\'); i >= 0 {
			value[i] = '/'
		}
		return vs
	},
}

func TestGeneratedSchemasFindFaults(t *testing.T) {
	for name, fault := range faults {
		if _, failures := compareSeeds(1, 4000, fault); len(failures) == 0 {
			t.Errorf("%s: not found", name)
		}
	}
}

func TestShrinkingLeavesWhatTheDisagreementNeeds(t *testing.T) {
	_, failures := compareSeeds(1, 4000, faults["a keyword is not judged"])
	if len(failures) == 0 {
		t.Fatal("the fault is not found")
	}
	small := shrink(failures[0].trial)
	if small.differs() == "" {
		t.Fatal("the disagreement is gone")
	}
	if len(small.schema) > 100 || len(small.documents) != 1 || len(small.documents[0]) > 20 || len(small.fields) > 0 {
		t.Errorf("got %s, want no more than the keyword and a number", small)
	}
}

// unbroken are what keywordsOf lists and no violation names: words that only lead elsewhere or promise nothing.
var unbroken = []string{"$schema", "$ref", "if", "contains", "schema true", "schema false", "format not-a-format"}

// A keyword whose generated documents are all valid, or all invalid, or never invalid because of it, would let any
// fault in its judgement pass.
func TestGeneratedDocumentsMeetAndBreakEveryKeyword(t *testing.T) {
	library := newVerdicts()
	for seed := range uint64(1500) {
		s, documents, g := newSetup(seed)
		v, l, err := s.validator()
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
			continue
		}
		row, keywords := l.NewRow(), schemaWords(g.specs["#"])
		for _, value := range documents {
			library.count(keywords, v.byLibrary(value, row))
		}
	}
	words := slices.Concat(about["object"], about["array"], about["string"], about["number"], []string{
		"$ref", "$defs", "definitions", "type", "const", "enum", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "maxProperties",
		"additionalItems", "items, a list", "minContains", "maxContains", "contentMediaType", "schema true", "schema false", "type, a list",
	})
	for _, f := range formats {
		words = append(words, "format "+f.rule)
	}
	for _, word := range words {
		n := library.present[word]
		if n[0] == 0 || n[1] == 0 {
			t.Errorf("%s: %d documents of schemas with it are valid and %d are not, want both", word, n[1], n[0])
		}
		if library.broken[word] == 0 && !slices.Contains(unbroken, word) && !strings.HasSuffix(word, ", a list") {
			t.Errorf("%s: no document breaks it", word)
		}
	}
	if library.valid*100 < 40*library.pairs {
		t.Errorf("%d of %d documents are valid, want 40%%", library.valid, library.pairs)
	}
	if t.Failed() {
		t.Log(library)
	}
}
