package validate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/internal/contract"
)

func bareContract(t *testing.T, schema string) *contract.Contract {
	t.Helper()
	file := filepath.Join(t.TempDir(), "record.schema.json")
	if err := os.WriteFile(file, []byte(schema), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := contract.FromJSONSchema(file)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWhatCanBeOverBudgetIsNamed(t *testing.T) {
	for _, c := range []struct{ name, schema, want string }{
		{"not below an array", `{"properties":{"list":{"type":"array","items":{"not":{"const":"x"}}}}}`, "/list/* can be over budget where it holds many values: only the library judges not"},
		{"not below a bounded array", `{"properties":{"list":{"type":"array","maxItems":500,"items":{"type":"string","not":{"const":"x"}}}}}`, ""},
		{"not of a field", `{"properties":{"name":{"type":"string","not":{"const":"x"}}}}`, ""},
		{"contains", `{"properties":{"list":{"type":"array","contains":{"const":"x"}}}}`, "/list can be over budget where it holds many values: only the library judges contains"},
		{"contains in few", `{"properties":{"list":{"type":"array","maxItems":100,"items":{"type":"string"},"contains":{"const":"x"}}}}`, ""},
		{"names", `{"propertyNames":{"pattern":"^[a-z]+$"}}`, "The record can be over budget where it holds many values: only the library judges propertyNames"},
		{"closed by unevaluatedProperties", `{"type":"object","properties":{"a":{"type":"integer"}},"unevaluatedProperties":false}`, ""},
		{"other names unevaluated", `{"type":"object","properties":{"a":{"type":"integer"}},"unevaluatedProperties":{"type":"integer"}}`, "The record can be over budget where it holds many values: only the library judges unevaluatedProperties"},
		{"texts beside what only the library judges", `{"properties":{"a":{"anyOf":[{"type":"number","minimum":1},{"type":"number","multipleOf":2},{"type":"string","pattern":"^[0-9]+$"}]}}}`, ""},
		{"undecided", `{"type":"object","oneOf":[{"required":["a"]},{"required":["b"]}]}`, "The record can be over budget where it holds many values: only the library judges oneOf"},
		{"decided", `{"type":"object","oneOf":[{"required":["a"],"properties":{"a":{"const":1}}},{"required":["a"],"properties":{"a":{"const":2}}}]}`, ""},
		{"unique objects", `{"properties":{"list":{"type":"array","uniqueItems":true,"items":{"type":"object"}}}}`, "/list can be over budget where it holds many values: only the library judges uniqueItems"},
		{"unique numbers", `{"properties":{"list":{"type":"array","uniqueItems":true,"items":{"type":"integer"}}}}`, ""},
		{"a wide expression", `{"properties":{"text":{"type":"string","pattern":"(a{1,30}){1,30}$"}}}`, "/text can be over budget where it is long: its pattern has 1862 steps for each byte of some texts"},
		{"a wide expression of short texts", `{"properties":{"text":{"type":"string","maxLength":200,"pattern":"(a{1,30}){1,30}$"}}}`, ""},
		{"short texts in a long array", `{"properties":{"list":{"type":"array","items":{"type":"string","maxLength":200,"pattern":"(a{1,30}){1,30}$"}}}}`, "/list/* can be over budget where it is long: its pattern has 1862 steps for each byte of some texts"},
		{"an ASCII expression", `{"properties":{"text":{"type":"string","pattern":"^[A-Z]{2}[0-9]+$"}}}`, ""},
		{"a plain contract", `{"type":"object","properties":{"id":{"type":"integer"},"list":{"type":"array","items":{"type":"number","minimum":0}}},"required":["id"]}`, ""},
	} {
		var got []string
		for _, p := range Costly(bareContract(t, c.schema)) {
			got = append(got, p.Message)
			if p.Remedy == "" {
				t.Errorf("%s: a notice without a remedy: %s", c.name, p.Message)
			}
		}
		if strings.Join(got, "\n") != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, strings.Join(got, "\n     "), c.want)
		}
	}
}

func TestTheFlightsContractCannotBeOverBudget(t *testing.T) {
	c, err := contract.Load("../../contracts/flights/1.0.0.odcs.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if found := Costly(c); len(found) > 0 {
		t.Errorf("got %v, want none", found)
	}
}

func TestANoticeOnABudgetNamesTheFieldsLine(t *testing.T) {
	c, err := contract.Load("testdata/costly.odcs.yaml")
	if err != nil {
		t.Fatal(err)
	}
	found := Costly(c)
	if len(found) != 1 || found[0].Where() != "testdata/costly.odcs.yaml:13:1" || found[0].Remedy == "" {
		t.Errorf("got %+v, want one on line 13", found)
	}
}
