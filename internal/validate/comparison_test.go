package validate

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"weir/internal/columns"
	"weir/internal/contract"
)

// scalarKinds are those a column can have: the kinds before Object.
const scalarKinds = int(contract.Object)

// comparison holds one validator, the schema it judges by and a row for each of the sides. Rows are reused, so
// that a side that leaves something of the last record in its row is found out.
type comparison struct {
	schema    *jsonschema.Schema
	layout    *columns.Layout
	v         *Validator
	doubting  *Validator // the same, unsure of a quarter of the values
	got, want *columns.Row
	doubted   *columns.Row
}

// doubting is the validator with a scan that is unsure of a quarter of the values at random, so that the library's way
// with parts is gone as well.
func doubting(v *Validator, l *columns.Layout) *Validator {
	doubting := *v
	doubting.options.Doubt = func() bool { return rand.IntN(4) == 0 }
	doubting.plans(l)
	return &doubting
}

func newComparison(schema *jsonschema.Schema, l *columns.Layout, v *Validator) *comparison {
	return &comparison{schema: schema, layout: l, v: v, doubting: doubting(v, l), got: l.NewRow(), want: l.NewRow(), doubted: l.NewRow()}
}

// bareComparison is about a schema without a contract. See fieldsOf and fieldsIn for its columns.
func bareComparison(schema *jsonschema.Schema, text []byte, turn int, records ...[]byte) *comparison {
	l := columns.NewLayout(&contract.Contract{Fields: append(fieldsOf(text, turn), fieldsIn(records, turn)...)})
	return newComparison(schema, l, newValidator(schema, l, Options{}.withDefaults()))
}

// differences checks a value and says in what Check differs from the library's path and from the oracle.
func (s *comparison) differences(value []byte) (found []string) {
	differ := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	record := slices.Clone(value)
	got := s.v.Check(record, s.got)
	if !slices.Equal(record, value) {
		differ("the value's bytes changed")
	}
	want := s.v.byLibrary(value, s.want)
	if d := rowDifference(s.layout, s.got, s.want); d != "" {
		differ("%s", d)
	}
	clear(record) // only the row may refer to it
	if !reflect.DeepEqual(got, want) {
		differ("violations: got\n%+v, want\n%+v", got, want)
	}
	if got := s.doubting.Check(value, s.doubted); !reflect.DeepEqual(got, want) {
		differ("violations, values doubted at random: got\n%+v, want\n%+v", got, want)
	}
	if d := rowDifference(s.layout, s.doubted, s.want); d != "" {
		differ("values doubted at random: %s", d)
	}
	if nothing := s.v.Check(value, nil); !reflect.DeepEqual(nothing, want) {
		differ("violations without a row: got\n%+v, want\n%+v", nothing, want)
	}
	if n := s.v.failures.Load() + s.doubting.failures.Load(); n > 0 {
		differ("the scan fails")
	}
	for _, x := range got {
		if x.Rule == rulePanic {
			differ("rule %s: %s", x.Rule, x.Found)
		}
	}
	if len(value) > DefaultMaxRecordBytes/bytesPerValue {
		return found // the oracle does not count values, and so few bytes cannot hold too many
	}
	// By the format regex an expression that is valid may be over the budget of steps: with a brace in it each byte is counted
	// as 3,500 of them.
	const long = maxSteps / 3500
	if len(value) > long && len(got) == 1 && got[0].Rule == ruleBudget && got[0].Keyword == keywordSteps {
		return found
	}
	// Beyond the limits the oracle says not valid, and so must Check.
	if _, valid, _ := oracle(s.schema, value); valid != (len(got) == 0) {
		differ("verdict: got valid %v, want %v: %s", len(got) == 0, valid, lines(got))
	}
	return found
}

// present counts the columns that hold a value.
func (s *comparison) present() (n int) {
	for i := range s.layout.Columns {
		if s.want.State(i) == columns.Present {
			n++
		}
	}
	return n
}

// rowDifference compares states, and the values of what is present bit by bit: -0 is not 0.
func rowDifference(l *columns.Layout, got, want *columns.Row) string {
	for i, c := range l.Columns {
		if got.State(i) != want.State(i) {
			return fmt.Sprintf("column %s: got state %d, want %d", c.Path, got.State(i), want.State(i))
		}
		if got.State(i) != columns.Present {
			continue // the value is unspecified
		}
		var same bool
		switch c.Kind {
		case contract.Integer, contract.Timestamp, contract.Boolean:
			same = got.Int(i) == want.Int(i)
		case contract.Number:
			same = math.Float64bits(got.Float(i)) == math.Float64bits(want.Float(i))
		default:
			same = got.Text(i) == want.Text(i)
		}
		if !same {
			return fmt.Sprintf("column %s: got %d %v %q, want %d %v %q", c.Path, got.Int(i), got.Float(i), got.Text(i),
				want.Int(i), want.Float(i), want.Text(i))
		}
	}
	return ""
}

// fieldsOf declares a field for every property a schema names, objects in objects too. Those of a plain type are as
// contract.FromJSONSchema has them; the others, most of the suite's, take the scalar kinds one after the other, from
// another one on each turn.
func fieldsOf(schema []byte, turn int) []contract.Field {
	var root map[string]any
	if json.Unmarshal(schema, &root) != nil {
		return nil // a boolean schema
	}
	return propertyFields(root, "", turn)
}

func propertyFields(schema map[string]any, path string, turn int) (fields []contract.Field) {
	properties, _ := schema["properties"].(map[string]any)
	for i, name := range slices.Sorted(maps.Keys(properties)) {
		f := contract.Field{Name: name, Path: path + "/" + escapeToken(name), Kind: contract.Kind((i + turn) % scalarKinds)}
		property, _ := properties[name].(map[string]any)
		if kind, ok := plainKind(property); ok {
			f.Kind = kind
		}
		if f.Fields = propertyFields(property, f.Path, turn); f.Fields != nil {
			f.Kind = contract.Object
		}
		fields = append(fields, f)
	}
	return fields
}

// fieldsIn declares a field for every name the records have, whether the schema names it or not: most of the suite's
// schemas name nothing, and a contract's fields may be other than those of the schema attached to it.
func fieldsIn(records [][]byte, turn int) (fields []contract.Field) {
	var walk func(doc any, path string)
	walk = func(doc any, path string) {
		object, ok := doc.(map[string]any)
		if !ok && path != "" {
			kind := contract.Kind((len(fields) + turn) % scalarKinds)
			fields = append(fields, contract.Field{Path: path, Kind: kind})
		}
		for _, name := range slices.Sorted(maps.Keys(object)) {
			walk(object[name], path+"/"+escapeToken(name))
		}
	}
	for _, record := range records {
		var doc any
		if json.Unmarshal(record, &doc) == nil { // what is loose about the others is not of interest here
			walk(doc, "")
		}
	}
	return fields
}

// plainKind is the kind of a property with one type besides null.
func plainKind(property map[string]any) (contract.Kind, bool) {
	types, ok := property["type"].([]any)
	if !ok {
		types = []any{property["type"]}
	}
	types = slices.DeleteFunc(slices.Clone(types), func(t any) bool { return t == "null" })
	if len(types) != 1 {
		return 0, false
	}
	switch types[0] {
	case "integer":
		return contract.Integer, true
	case "number":
		return contract.Number, true
	case "boolean":
		return contract.Boolean, true
	case "object":
		return contract.Object, true
	case "array":
		return contract.Array, true
	case "string":
		switch property["format"] {
		case "date-time":
			return contract.Timestamp, true
		case "date":
			return contract.Date, true
		case "time":
			return contract.Time, true
		}
		return contract.String, true
	}
	return 0, false
}
