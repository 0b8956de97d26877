package contract

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// digestOf is over the document (nil for a bare schema) and the schemas from its folder, each as canonical JSON:
// names sorted, numbers by value. The compiled schema follows from these and is left out.
func digestOf(doc any, resources map[string][]byte) Digest {
	h := sha256.New()
	canonical(h, doc)
	urls := slices.Sorted(maps.Keys(resources))
	for _, url := range urls {
		if url == recordURL {
			continue
		}
		d := json.NewDecoder(bytes.NewReader(resources[url]))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			panic(fmt.Sprintf("decode attached schema: %v", err)) // checkSchemaText let it pass
		}
		fmt.Fprintf(h, "\n%s\n", url)
		canonical(h, v)
	}
	return Digest("sha256:" + hex.EncodeToString(h.Sum(nil)))
}

func canonical(h hash.Hash, v any) {
	switch v := v.(type) {
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		h.Write([]byte{'{'})
		for _, name := range names {
			fmt.Fprintf(h, "%s:", strconv.Quote(name))
			canonical(h, v[name])
			h.Write([]byte{','})
		}
		h.Write([]byte{'}'})
	case []any:
		h.Write([]byte{'['})
		for _, item := range v {
			canonical(h, item)
			h.Write([]byte{','})
		}
		h.Write([]byte{']'})
	case string:
		fmt.Fprint(h, strconv.Quote(v))
	case nil:
		fmt.Fprint(h, "null")
	case fmt.Stringer: // json.Number
		fmt.Fprint(h, canonicalNumber(v.String()))
	default:
		fmt.Fprint(h, v)
	}
}

// canonicalNumber writes equal numbers alike (1, 1.0, 10e-1) without computing powers of ten.
func canonicalNumber(s string) string {
	sign := ""
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		sign, s = "-", rest
	}
	exponent := 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		exponent, _ = strconv.Atoi(strings.TrimPrefix(s[i+1:], "+"))
		s = s[:i]
	}
	whole, fraction, _ := strings.Cut(s, ".")
	exponent -= len(fraction)
	digits := strings.TrimLeft(whole+fraction, "0")
	trimmed := strings.TrimRight(digits, "0")
	exponent += len(digits) - len(trimmed)
	if trimmed == "" {
		return "0"
	}
	return fmt.Sprintf("%s%se%d", sign, trimmed, exponent)
}
