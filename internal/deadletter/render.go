package deadletter

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"weir/internal/contract"
	"weir/internal/validate"
)

// Rendering is how Render shows a letter.
type Rendering struct {
	// ShowValue shows the record's key and value with the faults marked. Without it nothing of the record's own
	// bytes is shown, only what the headers say, which the gate has masked.
	ShowValue bool
	Zone      *time.Location // of the times shown; default UTC
	Width     int            // columns of the terminal; default 100
}

// Render writes one letter for people: where it came from, every violation, the value with its faults underlined.
// Control characters and invalid bytes are escaped: a record cannot write to the terminal.
func (l *Letter) Render(w io.Writer, o Rendering) error {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Width <= 0 {
		o.Width = 100
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d/%d   from %s %d/%d   %s", Printable(l.Record.Topic), l.Record.Partition, l.Record.Offset,
		Printable(l.Source.Topic), l.Source.Partition, l.Source.Offset, l.Timestamp.In(o.Zone).Format("2006-01-02 15:04:05 MST"))
	if o.ShowValue {
		fmt.Fprintf(&b, "   key %s", shownKey(l.Record.Key))
	}
	b.WriteString("\nrejected")
	if l.Contract != "" {
		fmt.Fprintf(&b, " by %s", Printable(l.Contract))
	}
	if !l.At.IsZero() {
		fmt.Fprintf(&b, " at %s", l.At.In(o.Zone).Format("2006-01-02 15:04:05 MST"))
	}
	fmt.Fprintf(&b, "   %s   attempt %d   cause %s\n", plural(len(l.Violations)+l.Truncated, "violation"), max(l.Attempt, 1), Printable(l.Cause))
	l.renderViolations(&b)
	if o.ShowValue {
		l.renderValue(&b, o.Width)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (l *Letter) renderViolations(b *strings.Builder) {
	if len(l.Violations) == 0 {
		fmt.Fprintf(b, "\n  rules %s (the letter carries no more)\n", Printable(strings.Join(l.Rules, ", ")))
		return
	}
	b.WriteByte('\n')
	t := tabwriter.NewWriter(b, 0, 0, 3, ' ', 0)
	for i, v := range l.Violations {
		rule := Printable(v.Rule)
		if v.Severity != contract.Error && v.Severity != "" {
			rule += " (" + Printable(string(v.Severity)) + ")"
		}
		fmt.Fprintf(t, "  %d\t%s\t%s\n", i+1, rule, Printable(sentence(v)))
	}
	t.Flush()
	if l.Truncated > 0 {
		fmt.Fprintf(b, "  … and %d more that did not fit into the header\n", l.Truncated)
	}
}

// sentence is the violation in words; a letter whose header had no room for the gate's carries only its parts.
func sentence(v validate.Violation) string {
	if v.Message != "" {
		return v.Message
	}
	s := cmp.Or(v.Instance, "the record")
	if v.Expected != "" {
		s += ", expected " + v.Expected
	}
	if v.Found != "" {
		s += ", found " + v.Found
	}
	return s
}

func (l *Letter) renderValue(b *strings.Builder, width int) {
	b.WriteByte('\n')
	switch {
	case l.Shed == ShedClaimCheck:
		fmt.Fprintf(b, "  claim check: the record fitted into no dead letter; read it at %s %d/%d\n", Printable(l.Source.Topic), l.Source.Partition, l.Source.Offset)
	case l.Record.Value == nil:
		b.WriteString("  the value is null (a tombstone)\n")
		return
	case len(l.Record.Value) == 0:
		b.WriteString("  the value is empty\n")
		return
	}
	var spans []span
	if l.Shed != ShedClaimCheck {
		spans = faultSpans(l.Record.Value, l.Violations)
	}
	writeMarked(b, l.Record.Value, spans, width)
}

func shownKey(key []byte) string {
	switch {
	case key == nil:
		return "null"
	case len(key) == 0:
		return `""`
	}
	return Printable(clip(string(key), 200))
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Printable escapes what a terminal would obey or hide: control characters, direction and width controls, and bytes
// that are no UTF-8.
func Printable(s string) string {
	clean := true
	for _, r := range s {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		b.WriteString(cell(r, s[i:i+n]))
		i += n
	}
	return b.String()
}

// cell shows one rune, given with its bytes, in printable characters.
func cell(r rune, raw string) string {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		return fmt.Sprintf(`\x%02x`, raw[0])
	case unicode.IsPrint(r):
		return raw
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < 0x10000:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}
