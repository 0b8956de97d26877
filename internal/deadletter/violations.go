package deadletter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"weir/internal/contract"
	"weir/internal/validate"
)

// encodeViolations writes the violations as compact JSON, those of severity error first, within the bounds of a
// header; omitted is how many did not fit.
func encodeViolations(vs []validate.Violation) (list string, omitted int) {
	var out bytes.Buffer
	kept := 0
	out.WriteByte('[')
	for _, errors := range []bool{true, false} {
		for i := range vs {
			if (vs[i].Severity == contract.Error) != errors {
				continue
			}
			one := encodeViolation(vs[i])
			if kept == maxViolations || (kept > 0 && out.Len()+len(one)+2 > maxViolationBytes) {
				omitted++
				continue
			}
			if kept > 0 {
				out.WriteByte(',')
			}
			out.Write(one)
			kept++
		}
	}
	out.WriteByte(']')
	return out.String(), omitted
}

func encodeViolation(v validate.Violation) []byte {
	for _, s := range []*string{&v.Rule, &v.Instance, &v.Schema, &v.Keyword, &v.Expected, &v.Found, &v.Message} {
		*s = clip(*s, maxTextBytes)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(fmt.Sprintf("encode violation: %v", err)) // only plain fields: cannot fail
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// clip cuts s to at most n bytes at a rune's border and marks the cut.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	n -= len("…")
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
