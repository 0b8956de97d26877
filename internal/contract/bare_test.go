package contract

import (
	"reflect"
	"strings"
	"testing"
)

func TestAMisspelledTypeIsOneProblem(t *testing.T) {
	for schema, want := range map[string]string{`{"type": "strng"}`: "value must be one of", `{"$schema": "http://json-schema.org/draft-07/schema#", "items": 5}`: "must be a list or true or false or a mapping"} {
		_, err := FromJSONSchema(write(t, "s.schema.json", schema))
		ps, _ := err.(Problems)
		if len(ps) != 1 || !strings.Contains(ps[0].Message, want) {
			t.Errorf("%s: got %v, want one problem with %q", schema, err, want)
		}
	}
}

func TestABareSchemaIsAContract(t *testing.T) {
	path := write(t, "orders.schema.json", `{"$schema": "http://json-schema.org/draft-07/schema#",
  "required": ["b", "id"],
  "properties": {
    "id": {"type": "integer", "minimum": 1},
    "at": {"type": ["null", "string"], "format": "date-time"},
    "b": {"type": "boolean"},
    "x": {"type": ["string", "number"]},
    "o": {"type": "object", "properties": {"n": {"type": "number"}}},
    "a/b": {"type": "number"},
    "any": {}
  },
  "dependencies": {"at": ["id"]}
}`)
	c, err := FromJSONSchema(path)
	if err != nil {
		t.Fatal(err)
	}
	want := []Field{{Name: "id", Path: "/id", Kind: Integer, Required: true, Line: 4}, {Name: "at", Path: "/at", Kind: Timestamp, Line: 5},
		{Name: "b", Path: "/b", Kind: Boolean, Required: true, Line: 6}, {Name: "a/b", Path: "/a~1b", Kind: Number, Line: 9}}
	if !reflect.DeepEqual(c.Fields, want) {
		t.Errorf("fields:\n got %+v\nwant %+v", c.Fields, want)
	}
	if c.ID.String() != "orders@0" || c.Window.Size.String() != "1d" || c.Digest == "" {
		t.Errorf("got %s, window %v, digest %s", c.ID, c.Window, c.Digest)
	}
	for record, want := range map[string]string{
		`{"id": 1, "b": true}`:                         "",
		`{"id": 0, "at": "x", "o": {"n": ""}}`:         "at-format b-required id-minimum o.n-type",
		`{"b": true, "at": "2013-01-01T00:00:00Z"}`:    "id-required record-dependencies",
		`{"id": 1, "b": true, "a/b": "", "extra": {}}`: "a/b-type",
	} {
		if got := strings.Join(broken(t, c, false, record), " "); got != want {
			t.Errorf("%s: got %q, want %q", record, got, want)
		}
	}
	if got := strings.Join(broken(t, c, true, `{"id": 1, "b": true, "extra": {}}`), " "); got != "record-unknown-field" {
		t.Errorf("closed: got %q, want record-unknown-field", got)
	}
}

func TestABareSchemaMayBeTrueOrFalse(t *testing.T) {
	for schema, want := range map[string]string{"true": "", "false": "record-not-allowed"} {
		c, err := FromJSONSchema(write(t, "s.json", schema))
		if err != nil {
			t.Fatal(err)
		}
		for _, closed := range []bool{false, true} {
			if got := strings.Join(broken(t, c, closed, `{"a": 1}`), " "); got != want {
				t.Errorf("%s, closed=%v: got %q, want %q", schema, closed, got, want)
			}
		}
	}
}

func TestDerivedIdsDependOnTheSchemaOnly(t *testing.T) {
	c := &Contract{root: folderURL + "s.json"}
	for location, want := range map[string]string{
		folderURL + "s.json#/properties/a/type":                         "a-type",
		folderURL + "s.json#/properties/a/properties/b/items/minLength": "a.b-minLength",
		folderURL + "s.json#/$defs/zip/pattern":                         "zip-pattern",
		folderURL + "s.json#/anyOf":                                     "record-anyOf",
		folderURL + "s.json#/allOf/0/properties/a/enum":                 "a-enum",
		folderURL + "s.json#/properties/a/not":                          "a-not",
		folderURL + "s.json#/properties/a":                              "a-not-allowed",
		folderURL + "s.json#/patternProperties/%5Ex/type":               "^x-type",
		folderURL + "s.json#/additionalProperties":                      "record-unknown-field",
		folderURL + "s.json#/additionalProperties/type":                 "record-type",
		folderURL + "s.json#/properties/items/type":                     "items-type",
		folderURL + "s.json#/dependentRequired/a/0":                     "record-dependentRequired",
		"https://example.com/x#/properties/caf%C3%A9/type":              "café-type",
	} {
		if got := c.RuleAt(location, "/whatever/the/data/says").ID; got != want {
			t.Errorf("%s: got %s, want %s", location, got, want)
		}
	}
}
