package validate

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"weir/internal/contract"
)

// Rules of the faults found before the schema is asked. They are names of dead letters and metrics: do not rename.
const (
	ruleEmpty         = "json-empty"           // nothing, or whitespace only
	ruleByteOrderMark = "json-byte-order-mark" // RFC 8259 section 8.1: JSON texts must not begin with one
	ruleInvalidUTF8   = "json-invalid-utf8"    // bytes that are not UTF-8, CESU-8 surrogates included
	ruleLoneSurrogate = "json-lone-surrogate"  // an escaped half of a surrogate pair, "\ud800"
	ruleTruncated     = "json-truncated"       // the value ends too early
	ruleMalformed     = "json-malformed"       // any other break of the grammar
	ruleDuplicateName = "json-duplicate-name"  // names equal after unescaping, in one object
	ruleTrailingBytes = "json-trailing-bytes"  // anything but whitespace after the value
	rulePanic         = "validator-panic"      // the library failed on the record
	ruleUnknownField  = "unknown-field"        // a name the contract does not declare
)

// fault is why a value is not one JSON value within the limits.
type fault struct {
	rule, keyword   string // no keyword: the rule's name
	offset          int64  // bytes before the fault, -1 when it is the record as a whole
	pointer         string // to the value at fault, as far as known; tokens may come from the record
	expected, found string
}

func (f *fault) violation() Violation {
	at := displayPointer(f.pointer)
	message := make([]byte, 0, 256) // most are shorter
	for _, part := range []string{subject(at), " must be ", f.expected, ", found ", f.found} {
		message = append(message, part...)
	}
	if f.offset >= 0 {
		message = strconv.AppendInt(append(message, " at byte "...), f.offset, 10)
	}
	return Violation{
		Rule: f.rule, Severity: contract.Error, Instance: at, Keyword: cmp.Or(f.keyword, f.rule),
		Expected: f.expected, Found: f.found, Message: string(append(message, '.')),
	}
}

// decoder turns bytes into the values jsonschema takes: map[string]any, []any, string, json.Number, bool and nil.
// It is reused, by one goroutine at a time.
type decoder struct {
	tokens    *jsontext.Decoder
	input     bytes.Buffer // aliases the record; jsontext reads it in place and never writes
	value     []byte
	values    int
	maxValues int
	discard   bool // only the fault is wanted
	meter     *meter
}

func newDecoder(maxValues int) *decoder {
	return &decoder{tokens: jsontext.NewDecoder(new(bytes.Buffer)), maxValues: maxValues}
}

// decode reads value as exactly one JSON value. The result does not alias value.
func (d *decoder) decode(value []byte, m *meter) (any, *fault) {
	d.value, d.values, d.meter = value, 0, m
	d.input = *bytes.NewBuffer(value)
	d.tokens.Reset(&d.input)
	defer d.release()
	doc, f := d.read(0)
	if f != nil {
		return nil, f
	}
	if rest := skipSpace(value, d.tokens.InputOffset()); rest < int64(len(value)) {
		return nil, &fault{rule: ruleTrailingBytes, offset: rest, expected: "one JSON value", found: "more bytes after it"}
	}
	return doc, nil
}

// fault says why value is not one JSON value within the limits, in a fifth of the time that decode takes.
func (d *decoder) fault(value []byte, m *meter) *fault {
	d.discard = true
	defer func() { d.discard = false }()
	_, f := d.decode(value, m)
	return f
}

func (d *decoder) release() {
	d.value, d.input, d.meter = nil, bytes.Buffer{}, nil
	d.tokens.Reset(&d.input)
}

func (d *decoder) read(depth int) (any, *fault) {
	from := d.tokens.InputOffset()
	token, err := d.tokens.ReadToken()
	if err != nil {
		return nil, d.syntaxFault(err)
	}
	if d.values++; d.values > d.maxValues {
		return nil, d.limitFault(keywordValues, 1, fmt.Sprintf("at most %d values", d.maxValues), "more")
	}
	if d.meter.take(valueSteps); d.meter.over() {
		return nil, overSteps(d.meter.limit)
	}
	switch token.Kind() {
	case 'n':
		return nil, nil
	case 't', 'f':
		return token.Bool(), nil
	case '"':
		if d.discard {
			return nil, nil
		}
		text := token.String()
		d.meter.take(textSteps(len(text), int(d.tokens.InputOffset()-from)))
		return text, nil
	case '0':
		if d.discard && isWithinLimits(d.value[from:d.tokens.InputOffset()]) {
			return nil, nil
		}
		return d.number(token)
	}
	if depth == maxDepth {
		return nil, d.limitFault(keywordDepth, 1, fmt.Sprintf("nested at most %d deep", maxDepth), "more")
	}
	if token.Kind() == '{' {
		return d.object(depth)
	}
	return d.array(depth)
}

// Steps of decoding, measured.
const (
	valueSteps  = 10
	objectSteps = 6
	nameFirst   = 22 // room for eight
	nameFew     = 10
	fewNames    = 64
	nameMany    = 70 // beyond, tables grow
)

// decodedNameSteps is decoding a name of so many bytes after n others.
func decodedNameSteps(n, bytes int) int {
	switch {
	case n == 0:
		return nameFirst + bytes*2/3
	case n < fewNames:
		return nameFew + bytes*2/3
	}
	return nameMany + bytes*2/3
}

// textSteps is decoding a text of so many bytes, written in so many, which are more where it has escapes.
func textSteps(n, written int) int {
	if written > n+16 {
		return written
	}
	return n / 4
}

func (d *decoder) object(depth int) (any, *fault) {
	var object map[string]any
	if !d.discard {
		object = make(map[string]any)
	}
	d.meter.take(objectSteps)
	for {
		name, err := d.tokens.ReadToken()
		if err != nil {
			return nil, d.syntaxFault(err)
		}
		if name.Kind() == '}' {
			return object, nil
		}
		var key string
		if !d.discard {
			key = name.String() // before the next read, which invalidates the token
			d.meter.take(decodedNameSteps(len(object), len(key)))
		}
		value, f := d.read(depth + 1)
		if f != nil {
			return nil, f
		}
		if !d.discard {
			object[key] = value
		}
	}
}

func (d *decoder) array(depth int) (any, *fault) {
	array := []any{}
	for d.tokens.PeekKind() != ']' {
		value, f := d.read(depth + 1)
		if f != nil {
			return nil, f
		}
		if !d.discard {
			array = append(array, value)
		}
	}
	if _, err := d.tokens.ReadToken(); err != nil {
		return nil, d.syntaxFault(err)
	}
	return array, nil
}

// isWithinLimits says whether a number, with what may stand before it, is surely within the limits, without a copy of it.
func isWithinLimits(number []byte) bool {
	return len(number) <= maxNumberBytes && bytes.IndexByte(number, 'e') < 0 && bytes.IndexByte(number, 'E') < 0
}

func (d *decoder) number(token jsontext.Token) (any, *fault) {
	text := token.String()
	d.meter.take(len(text) / 6)
	if len(text) > maxNumberBytes {
		return nil, d.limitFault(keywordLength, len(text),
			fmt.Sprintf("a number of at most %d characters", maxNumberBytes), strconv.Itoa(len(text))+" characters")
	}
	if !exponentWithin(text, maxExponent) {
		return nil, d.limitFault(keywordPower, len(text),
			fmt.Sprintf("a number with an exponent within ±%d", maxExponent), "a larger one")
	}
	return json.Number(text), nil
}

// limitFault is a fault of the token just read, size bytes long.
func (d *decoder) limitFault(keyword string, size int, expected, found string) *fault {
	return overBudget(keyword, d.tokens.InputOffset()-int64(size), string(d.tokens.StackPointer()), expected, found)
}

// syntaxFault names what jsontext refused. The bytes at the offset tell faults apart that jsontext has no exported
// error for.
func (d *decoder) syntaxFault(err error) *fault {
	const wellFormed = "well-formed JSON (RFC 8259)"
	var se *jsontext.SyntacticError
	if !errors.As(err, &se) { // io.EOF before the first token
		return &fault{rule: ruleEmpty, offset: int64(len(d.value)), expected: "a JSON value", found: "nothing"}
	}
	f := &fault{rule: ruleMalformed, offset: se.ByteOffset, pointer: string(se.JSONPointer), expected: wellFormed}
	rest := d.value[min(int(se.ByteOffset), len(d.value)):]
	r, size := utf8.DecodeRune(rest)
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		f.rule, f.expected, f.found = ruleDuplicateName, "a name used once in its object", "it again"
	case r == utf8.RuneError && size == 1:
		f.rule, f.expected, f.found = ruleInvalidUTF8, "UTF-8", fmt.Sprintf("the byte 0x%02x", rest[0])
	case errors.Is(err, io.ErrUnexpectedEOF):
		f.rule, f.offset, f.found = ruleTruncated, int64(len(d.value)), "its end"
	case r == '\ufeff' && se.ByteOffset == 0:
		f.rule, f.expected, f.found = ruleByteOrderMark, "JSON without a byte order mark", "one"
	case isSurrogateEscape(rest):
		f.rule, f.expected, f.found = ruleLoneSurrogate, "text of whole characters", "half a surrogate pair"
	default:
		f.found = cut(se.Err.Error(), maxTextRunes)
	}
	return f
}

// isSurrogateEscape says whether b begins with an escaped surrogate, \ud800 to \udfff.
func isSurrogateEscape(b []byte) bool {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return false
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return err == nil && n >= 0xd800 && n <= 0xdfff
}

// skipSpace returns the offset of the first byte at or after from that is not JSON whitespace.
func skipSpace(b []byte, from int64) int64 {
	for from < int64(len(b)) && (b[from] == ' ' || b[from] == '\t' || b[from] == '\n' || b[from] == '\r') {
		from++
	}
	return from
}
