package validate

import (
	"unsafe"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// format is a format that the library checks. What quick says yes to, the library says yes to; it says so fast for the
// ordinary spellings, and the library's own check decides about the others.
type format struct {
	name    string
	quick   func(text []byte) bool // of ASCII
	library func(any) bool
}

func newFormat(name string) format {
	f := format{name: name, library: jsonschema.Formats[name]}
	switch name {
	case "date-time":
		f.quick = func(text []byte) bool { _, ok := plainTimestamp(text); return ok }
	case "date":
		f.quick = func(text []byte) bool { _, ok := plainDate(text); return ok && len(text) == 10 }
	case "time":
		f.quick = func(text []byte) bool { _, ok := plainTime(text); return ok }
	case "uuid":
		f.quick = isPlainUUID
	case "email":
		f.quick = isPlainEmail
	case "hostname":
		f.quick = isPlainHostname
	case "ipv4", "ip-address":
		f.quick = isPlainIPv4
	case "uri", "iri":
		f.quick = isPlainURL
	}
	return f
}

func (f *format) holds(text []byte, ascii bool) bool {
	if ascii && f.quick != nil && f.quick(text) {
		return true
	}
	return f.library(string(text))
}

// aliased is text without a copy, for as long as nobody writes to it.
func aliased(text []byte) string { return unsafe.String(unsafe.SliceData(text), len(text)) }

// Sets of ASCII characters, as bits of a byte per character.
const (
	letterOrDigit = 1 << iota
	hostText      // those, dots and hyphens
	atomText      // RFC 5322 atext without the characters that are rare in addresses
	plainText     // what a JSON string holds as it is, of ASCII
	urlText       // RFC 3986 unreserved, and some that may stand in a path or query, and what parts them
)

// characters gives the sets a character belongs to.
var characters = func() (table [256]uint8) {
	add := func(set uint8, texts ...string) {
		for _, text := range texts {
			for i := range len(text) {
				table[text[i]] |= set
			}
		}
	}
	const digits, lower, upper = "0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	add(letterOrDigit, digits, lower, upper)
	add(hostText, digits, lower, upper, ".-")
	add(atomText, digits, lower, upper, "_+-")
	add(urlText, digits, lower, upper, "-._~/=&+,;@?")
	for c := ' '; c <= '~'; c++ {
		if c != '"' && c != '\\' {
			table[c] |= plainText
		}
	}
	return table
}()

// isPlainUUID accepts exactly the UUIDs of RFC 4122, in five words: their dashes are made digits, and then all must be
// hexadecimal.
func isPlainUUID(t []byte) bool {
	if len(t) != 36 || t[8] != '-' || t[13] != '-' || t[18] != '-' || t[23] != '-' {
		return false
	}
	const dash = '-' ^ '0'
	return notHex(load(t, 0))|notHex(load(t, 8)^(dash|dash<<40))|notHex(load(t, 16)^(dash<<16|dash<<56))|notHex(load(t, 24))|notHex(load(t, 28)) == 0
}

// notHex marks the bytes of a word that are no hexadecimal digits, of ASCII.
func notHex(w uint64) uint64 {
	// The highest bit of a byte plus 0x80-n says whether it is n at least.
	lower := w | ones*0x20
	digit := (w + ones*(0x80-'0')) &^ (w + ones*(0x80-'9'-1))
	letter := (lower + ones*(0x80-'a')) &^ (lower + ones*(0x80-'f'-1))
	return ^(digit | letter) & tops
}

// isPlainHostname accepts labels of letters, digits and inner hyphens.
func isPlainHostname(t []byte) bool {
	n := plainHostname(t)
	return n > 0 && n == len(t)
}

// plainHostname is the size of the host name that isPlainHostname accepts at the beginning of t, 0 for none.
func plainHostname(t []byte) int {
	label := 0 // where it begins
	for n, c := range t {
		switch is := characters[c]; {
		case is&letterOrDigit != 0:
		case is&hostText == 0:
			return hostnameSize(t, label, n)
		case n == label: // no label begins with a dot or a hyphen
			return 0
		case c == '.':
			if hostnameSize(t, label, n) == 0 {
				return 0
			}
			label = n + 1
		}
	}
	return hostnameSize(t, label, len(t))
}

// hostnameSize is n, where the last label of a host name of that size begins at an offset; 0 where it cannot be one.
func hostnameSize(t []byte, label, n int) int {
	if n == label || n-label > 63 || n > 253 || t[n-1] == '-' {
		return 0
	}
	return n
}

// isPlainEmail accepts atoms joined with dots at a plain host name.
func isPlainEmail(t []byte) bool {
	n := plainEmail(t)
	return n > 0 && n == len(t)
}

// plainEmail is the size of the address that isPlainEmail accepts at the beginning of t, 0 for none.
func plainEmail(t []byte) int {
	for n, c := range t {
		switch {
		case characters[c]&atomText != 0:
		case n == 0 || t[n-1] == '.':
			return 0
		case c == '.':
		case c == '@' && n <= 64:
			host := plainHostname(t[n+1:])
			if size := n + 1 + host; host > 0 && size <= 254 {
				return size
			}
			return 0
		default:
			return 0
		}
	}
	return 0
}

// isPlainIPv4 accepts four numbers up to 255 without leading zeros.
func isPlainIPv4(t []byte) bool {
	groups, n, size := 1, 0, 0
	for _, c := range t {
		switch {
		case c >= '0' && c <= '9' && (size == 0 || n > 0):
			n = n*10 + int(c-'0')
			if size++; n > 255 {
				return false
			}
		case c == '.' && size > 0:
			groups, n, size = groups+1, 0, 0
		default:
			return false
		}
	}
	return groups == 4 && size > 0
}

// isPlainURL accepts http and https with a host of letters, digits, dots and hyphens, and an ordinary path and query.
func isPlainURL(t []byte) bool {
	n := plainURL(t)
	return n > 0 && n == len(t)
}

// plainURL is the size of the URL that isPlainURL accepts at the beginning of t, 0 for none.
func plainURL(t []byte) int {
	n := 0
	switch {
	case len(t) > 8 && string(t[:8]) == "https://":
		n = 8
	case len(t) > 7 && string(t[:7]) == "http://":
		n = 7
	default:
		return 0
	}
	host := n
	for n < len(t) && characters[t[n]]&hostText != 0 {
		n++
	}
	switch {
	case n == host:
		return 0
	case n == len(t) || t[n] != '/':
		return n
	}
	for n < len(t) && characters[t[n]]&urlText != 0 {
		n++
	}
	return n
}
