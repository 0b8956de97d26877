package validate

import (
	"bytes"
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v5"

	"weir/internal/columns"
	"weir/internal/contract"
)

// oracle judges the plain way: jsontext says whether it is strict JSON, encoding/json decodes it, the library
// called with that says the rest. usable is false where the documented limits decide.
func oracle(s *jsonschema.Schema, value []byte) (doc any, valid, usable bool) {
	if !utf8.Valid(value) || !jsontext.Value(value).IsValid() {
		return nil, false, true
	}
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		return nil, false, false
	}
	if !withinLimits(doc, 0) {
		return nil, false, false
	}
	return doc, s.Validate(doc) == nil, true
}

func withinLimits(doc any, depth int) bool {
	switch doc := doc.(type) {
	case json.Number:
		_, exponent, _ := strings.Cut(strings.ToLower(string(doc)), "e")
		n, err := strconv.Atoi(exponent)
		return len(doc) <= 1100 && (exponent == "" || err == nil && -1000 <= n && n <= 1000)
	case []any:
		for _, item := range doc {
			if !withinLimits(item, depth+1) {
				return false
			}
		}
		return depth < 512
	case map[string]any:
		for _, item := range doc {
			if !withinLimits(item, depth+1) {
				return false
			}
		}
		return depth < 512
	}
	return true
}

// wantCell is a column's state and value read off encoding/json's decoding with big numbers.
func wantCell(doc any, c columns.Column) (columns.State, any) {
	for _, name := range strings.Split(c.Path[1:], "/") {
		name = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
		object, ok := doc.(map[string]any)
		if !ok {
			return columns.Unreadable, nil
		}
		if doc, ok = object[name]; !ok {
			return columns.Absent, nil
		}
	}
	switch doc := doc.(type) {
	case nil:
		return columns.Null, nil
	case bool:
		if c.Kind == contract.Boolean {
			return columns.Present, doc
		}
	case json.Number:
		r, _ := new(big.Rat).SetString(string(doc))
		if c.Kind == contract.Integer && r.IsInt() && r.Num().IsInt64() {
			return columns.Present, r.Num().Int64()
		}
		if c.Kind == contract.Number {
			f, err := doc.Float64()
			if err == nil {
				return columns.Present, f
			}
		}
	case string:
		switch c.Kind {
		case contract.String:
			return columns.Present, doc
		case contract.Timestamp:
			if jsonschema.Formats["date-time"](doc) {
				return columns.Present, nil // FuzzTimestamp compares the value
			}
		}
	}
	return columns.Unreadable, nil
}

func FuzzCheck(f *testing.F) {
	c, err := contract.Load("../../contracts/flights/1.0.0.odcs.yaml")
	if err != nil {
		f.Fatal(err)
	}
	l := columns.NewLayout(c)
	v, err := Compile(c, l, Options{})
	if err != nil {
		f.Fatal(err)
	}
	plain, err := c.Compile(false)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		flight, "", " ", "{", "{}", "[]", "null", `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, "\xef\xbb\xbf{}", "\"\xff\"", `"\ud800"`, `{} {}`,
		"1e1000001", `{"year":1e1000001}`, `{"year":2.013e3,"distance":"1400 mi"}`, `{"year":01}`, `{"month":1e999999999999999999999}`,
		strings.Replace(flight, "517", "2561", 1), strings.Replace(flight, "517", "null", 1), strings.Replace(flight, "1400", "1400.000", 1),
		strings.Replace(flight, "1400", "99999999999999999999", 1), strings.Replace(flight, "10:00:00Z", "23:59:60Z", 1),
		strings.Replace(flight, `"UA"`, `"\u0055\u0041"`, 1), strings.Replace(flight, `"UA"`, `{"carrier":[]}`, 1),
		strings.Repeat("[", 600) + strings.Repeat("]", 600),
	} {
		f.Add([]byte(seed))
	}
	row := l.NewRow()
	f.Fuzz(func(t *testing.T, value []byte) {
		before := bytes.Clone(value)
		vs := v.Check(value, row)
		if !bytes.Equal(value, before) {
			t.Fatal("the record's bytes changed")
		}
		for _, x := range vs {
			if x.Rule == "" || x.Message == "" || x.Severity != contract.Error || !utf8.ValidString(x.Message+x.Instance+x.Found) ||
				x.Rule == rulePanic || len(x.Message) > 8<<10 {
				t.Errorf("got a violation that cannot be shown: %+v", x)
			}
		}
		doc, valid, usable := oracle(plain, value)
		if !usable {
			if len(vs) == 0 {
				t.Errorf("beyond the limits, and valid: %q", value)
			}
			return
		}
		if got := len(vs) == 0; got != valid {
			t.Errorf("%q: got valid %v, want %v: %s", value, got, valid, lines(vs))
		}
		for i, col := range l.Columns {
			state, want := wantCell(doc, col)
			if row.State(i) != state {
				t.Errorf("%q: column %s: got state %d, want %d", value, col.Path, row.State(i), state)
			}
			var got any
			switch want.(type) {
			case int64:
				got = row.Int(i)
			case float64:
				got = row.Float(i)
			case string:
				got = row.Text(i)
			case bool:
				got = row.Int(i) == 1
			}
			if state == columns.Present && got != want {
				t.Errorf("%q: column %s: got %v, want %v", value, col.Path, got, want)
			}
		}
	})
}
