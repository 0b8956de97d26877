package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

const features = 150

// feature is one number of a wide record. What it is follows from its place alone.
type feature struct {
	name      string
	integer   bool
	nullable  bool
	bounded   bool
	low, high float64
}

func featureAt(i int) feature {
	f := feature{name: fmt.Sprintf("f%03d", i+1), integer: i%3 == 0, nullable: i%7 == 3, bounded: i%10 != 9}
	switch i % 4 { // powers of ten: a value rounded to few digits stays inside
	case 0:
		f.low, f.high = 0, 1_000_000
	case 1:
		f.low, f.high = -1000, 1000
	case 2:
		f.low, f.high = 0, 1
	case 3:
		f.low, f.high = -10_000_000, 10_000_000
	}
	if f.integer && f.high == 1 {
		f.high = 100
	}
	return f
}

// value has 6 to 17 significant digits where it is not an integer.
func (f feature) value(r *rand.Rand) leaf {
	v := f.low + r.Float64()*(f.high-f.low)
	switch {
	case f.nullable && r.IntN(10) == 0:
		return "null"
	case f.integer:
		return leaf(strconv.FormatInt(int64(v), 10))
	}
	return leaf(strconv.FormatFloat(v, 'g', between(r, 6, 17), 64))
}

func (f feature) schema() string {
	kind := "number"
	if f.integer {
		kind = "integer"
	}
	kind = strconv.Quote(kind)
	if f.nullable {
		kind = `[` + kind + `, "null"]`
	}
	bounds := ""
	if f.bounded {
		bounds = fmt.Sprintf(`, "minimum": %.0f, "maximum": %.0f`, f.low, f.high)
	}
	return fmt.Sprintf(`    %q: {"type": %s%s}`, f.name, kind, bounds)
}

func wideSchema() string {
	names, properties := []string{`"id"`}, []string{`    "id": {"type": "string", "minLength": 1, "maxLength": 40}`}
	for i := range features {
		f := featureAt(i)
		names, properties = append(names, strconv.Quote(f.name)), append(properties, f.schema())
	}
	return `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "required": [` + strings.Join(names, ", ") + `],
  "properties": {
` + strings.Join(properties, ",\n") + `
  }
}`
}

// such draws a feature that fits.
func such(r *rand.Rand, fits func(feature) bool) feature {
	for {
		if f := featureAt(r.IntN(features)); fits(f) {
			return f
		}
	}
}

// wide records are feature vectors: an id and 150 numbers.
func wide() *shape {
	return &shape{
		name:   "wide",
		schema: wideSchema(),
		fewer:  4,
		records: each(func(r *rand.Rand) *object {
			o := record("id", text("entity-%08d", r.IntN(100_000_000)))
			for i := range features {
				f := featureAt(i)
				o.members = append(o.members, member{f.name, f.value(r)})
			}
			return o
		}),
		faults: []fault{
			{"wrong type", 35, func(r *rand.Rand, o *object) {
				f := featureAt(r.IntN(features))
				o.set(f.name, one(r, text("%s", o.get(f.name)), text("NaN"), leaf("true"), leaf("[]")))
			}},
			{"null", 10, func(r *rand.Rand, o *object) {
				o.set(such(r, func(f feature) bool { return !f.nullable }).name, leaf("null"))
			}},
			{"out of range", 30, func(r *rand.Rand, o *object) {
				f := such(r, func(f feature) bool { return f.bounded })
				o.set(f.name, one(r, decimal(f.high*10+1, 0), decimal(f.low-1-f.high, 0)))
			}},
			{"fraction", 5, func(r *rand.Rand, o *object) {
				o.set(such(r, func(f feature) bool { return f.integer }).name, decimal(float64(r.IntN(90))+0.5, 1))
			}},
			{"missing", 15, func(r *rand.Rand, o *object) { o.remove(featureAt(r.IntN(features)).name) }},
		},
	}
}
