package validate

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"math"
	"math/big"
	"math/bits"
	"reflect"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// costs is what counting steps needs to know of a schema beforehand.
type costs struct {
	programs map[*regexp.Regexp]int
	quoted   map[*jsonschema.Schema]int                  // length of what errors quote of enum and const
	anchor   map[*jsonschema.Schema]string               // that a $dynamicRef asks for
	anchors  map[*jsonschema.Schema][]*jsonschema.Schema // that a schema resource has
}

func newCosts(schemas schemaIndex) *costs {
	c := &costs{map[*regexp.Regexp]int{}, map[*jsonschema.Schema]int{}, map[*jsonschema.Schema]string{}, map[*jsonschema.Schema][]*jsonschema.Schema{}}
	seen := schemaIndex{}
	for _, s := range schemas {
		c.add(s, seen)
	}
	return c
}

func (c *costs) add(s *jsonschema.Schema, seen schemaIndex) {
	if seen[s.Location] != nil {
		return
	}
	seen[s.Location] = s
	if s.Pattern != nil {
		c.programs[s.Pattern] = programSize(s.Pattern)
	}
	for re := range s.PatternProperties {
		c.programs[re] = programSize(re)
	}
	for _, list := range literals(s) {
		for _, member := range list {
			c.quoted[s] += len(fmt.Sprintf("%#v", member))
		}
	}
	anchor, anchors := dynamicFields(s)
	if anchor != "" {
		c.anchor[s] = anchor
	}
	if len(anchors) > 0 {
		c.anchors[s] = anchors
	}
	for _, a := range anchors { // what only a $dynamicRef leads to
		for _, below := range indexSchemas(a) {
			c.add(below, seen)
		}
	}
}

// dynamicFields reads what the library keeps to itself and decides $dynamicRef by. A test notices when it is renamed.
func dynamicFields(s *jsonschema.Schema) (anchor string, anchors []*jsonschema.Schema) {
	fields := reflect.ValueOf(s).Elem()
	if f := fields.FieldByName("dynamicRefAnchor"); f.IsValid() {
		anchor = f.String()
	}
	if f := fields.FieldByName("dynamicAnchors"); f.IsValid() {
		for i := range f.Len() {
			anchors = append(anchors, (*jsonschema.Schema)(f.Index(i).UnsafePointer()))
		}
	}
	return anchor, anchors
}

// programSize is the number of instructions RE2 compiles an expression to.
func programSize(re *regexp.Regexp) int {
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return math.MaxInt32 // regexp has parsed it: does not happen
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return math.MaxInt32
	}
	return len(prog.Inst)
}

// match is what matching a text of so many bytes costs: RE2 may look at every instruction at every byte.
func (c *costs) match(re *regexp.Regexp, length int) int {
	size, ok := c.programs[re]
	if !ok {
		size = programSize(re)
	}
	return matchSteps(size, length)
}

func matchSteps(size, length int) int {
	over, product := bits.Mul64(uint64(size), uint64(length+6))
	if over > 0 || product > math.MaxInt32 {
		return math.MaxInt32
	}
	return 8 + int(product)*5/4
}

// namesSteps is the map of all names that each visit of an object begins with.
func namesSteps(n int) int {
	if n <= 8 {
		return 20 + 5*n
	}
	return 60 + 13*n
}

// itemsSteps is the same for an array.
func itemsSteps(n int) int {
	if n <= 8 {
		return 10 + 5*n
	}
	return 40 + 11*n
}

const quoteSteps = 50 // a name in an error

// nameSteps is escaping a name, of so many bytes when escaped, for two locations.
func nameSteps(n int) int { return 16 + n/2 }

// escapedLength is at least the length of a name in locations.
func escapedLength(name string) (n int) {
	for i := range len(name) {
		if characters[name[i]]&letterOrDigit != 0 || name[i] == '_' || name[i] == '-' || name[i] == '.' {
			n++
		} else {
			n += 3
		}
	}
	return n
}

// scopeGrowth is what the library's list of the schemas on the way costs where it outgrows its place. Siblings share a
// place, so each of them moves the list anew.
func scopeGrowth(depth int) int {
	const entryBytes = 32
	switch {
	case depth > len(scopeSizes):
		return 2 * depth * entryBytes / bytesPerStep
	case depth > 1 && scopeSizes[depth-1] == scopeSizes[depth-2]:
		return 0
	}
	return 1 + scopeSizes[depth-1]*entryBytes/bytesPerStep
}

// scopeSizes is how many entries a list has room for after so many were appended, one by one.
var scopeSizes = func() (sizes [4096]int) {
	var list [][4]uint64
	for i := range sizes {
		list = append(list, [4]uint64{})
		sizes[i] = cap(list)
	}
	return sizes
}()

// numberSize is the number of decimal digits that exact arithmetic may have to hold.
func numberSize(text string) int {
	mantissa, exponent := splitExponent(text)
	return len(mantissa) + exponentSize(exponent)
}

func exponentSize(digits string) (n int) {
	for i := range len(digits) {
		if d := digits[i] - '0'; d <= 9 && n < maxExponent {
			n = 10*n + int(d)
		}
	}
	return n
}

// ratSteps is reading a number exactly.
func ratSteps(text string) int {
	mantissa, exponent := splitExponent(text)
	n := exponentSize(exponent)
	return 40 + len(mantissa)*6/5 + n/3
}

// shortInteger reads an integer where that is quick.
func shortInteger(text string) (n int64, ok bool) {
	const short = 40
	if len(text) > short {
		return 0, false
	}
	return parseInteger(text)
}

func limitSize(r *big.Rat) int { return (r.Num().BitLen() + r.Denom().BitLen()) / 3 }

func compareSteps(size int, limit *big.Rat) int { return 10 + (size+limitSize(limit))/6 }

func divideSteps(size int, unit *big.Rat) int { return 20 + (size+limitSize(unit))*3/5 }

// formatSteps is checking a format. All but one take a time in proportion to the text.
func formatSteps(format, text string) int {
	if format != "regex" {
		return 20 + len(text)
	}
	if strings.Contains(text, "{") { // which can repeat what stands before it a thousand times
		return 100 + 3500*len(text)
	}
	return 100 + 400*len(text) // \pL is a table of five kilobytes
}

// unique counts uniqueItems. The library compares all pairs of a few items, and of many those of one hash; whoever knows
// its hash can make many items that have it.
func (x *visit) unique(v []any) outcome {
	if len(v) <= 20 {
		for i := range v {
			for j := range i {
				if x.equals(v[i], v[j]) == passes || x.over() {
					return fails
				}
			}
		}
		return either
	}
	h := itemHash{visit: x}
	groups := map[uint64][]int{}
	for i, item := range v {
		if x.over() {
			return either
		}
		h.Reset()
		x.take(60)
		h.add(item)
		key := h.Sum64()
		for _, j := range groups[key] {
			if x.equals(v[j], item) == passes || x.over() {
				return fails
			}
		}
		groups[key] = append(groups[key], i)
	}
	return either
}

// itemHash hashes an item so that all that have one hash in the library have one here.
type itemHash struct {
	maphash.Hash
	*visit
}

func (h *itemHash) add(v any) {
	h.take(4)
	switch v := v.(type) {
	case nil:
		h.WriteByte(0)
	case bool:
		h.WriteByte(1)
		h.WriteByte(byte(kindOf(v)))
	case json.Number:
		h.take(ratSteps(string(v)))
		h.WriteByte(2)
		h.number(string(v))
	case string:
		h.take(len(v) / 16)
		h.WriteByte(3)
		h.WriteString(v)
	case []any:
		h.WriteByte(4)
		for _, item := range v {
			h.add(item)
		}
	case map[string]any:
		h.WriteByte(5)
		h.object(v)
	}
}

// number writes the size of a number without its sign, which the library's hash does not have either. Long numbers are
// not told apart: numerator and denominator of different ones can be the same bytes.
func (h *itemHash) number(text string) {
	const long = 40
	f, _ := parseNumber(text)
	if len(text) > long || exponentSize(text[strings.IndexAny(text+"e", "eE"):]) > long {
		f = 0
	}
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], math.Float64bits(math.Abs(f)))
	h.Write(b[:])
}

func (h *itemHash) object(v map[string]any) {
	names := make([]string, 0, len(v))
	for name := range v {
		names = append(names, name)
	}
	slices.Sort(names)
	h.take(len(names) * (8 + 3*bits.Len(uint(len(names)))))
	for _, name := range names {
		h.add(name)
		h.add(v[name])
	}
}
