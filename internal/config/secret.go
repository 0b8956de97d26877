package config

import (
	"encoding"
	"fmt"
	"log/slog"
	"math"
	"os"
	"strconv"
	"strings"
	"unicode"

	"github.com/dustin/go-humanize"
)

const mask = "***"

// Secret is a text that no printing shows: fmt, JSON, YAML and slog all write "***", "" when it is empty.
type Secret struct{ text string }

// NewSecret guards a text.
func NewSecret(text string) Secret { return Secret{text} }

// Reveal is the text itself, for the one place that needs it.
func (s Secret) Reveal() string { return s.text }

// IsZero says whether there is no secret.
func (s Secret) IsZero() bool { return s.text == "" }

func (s Secret) String() string {
	if s.text == "" {
		return ""
	}
	return mask
}

// Format guards every verb, %#v and %x included.
func (s Secret) Format(f fmt.State, _ rune)   { fmt.Fprint(f, s.String()) }
func (s Secret) LogValue() slog.Value         { return slog.StringValue(s.String()) }
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
func (s Secret) MarshalYAML() (any, error)    { return s.String(), nil }

var _ encoding.TextMarshaler = Secret{}

// PEM is certificates, and the file they came from, "" when they stand in the configuration itself.
type PEM struct{ Text, File string }

// IsZero says whether there are none.
func (p PEM) IsZero() bool { return p.Text == "" }

// MarshalYAML writes the reference a reader wants to see, the text only when there is no file.
func (p PEM) MarshalYAML() (any, error) {
	if p.File != "" {
		return "file:" + p.File, nil
	}
	return p.Text, nil
}

// Size is a number of bytes, written "1 MiB".
type Size int64

func (s Size) String() string {
	for _, u := range []struct {
		bytes Size
		name  string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if s >= u.bytes && s%u.bytes == 0 {
			return fmt.Sprintf("%d %s", s/u.bytes, u.name)
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

func (s Size) MarshalYAML() (any, error) { return s.String(), nil }

func parseSize(text string) (Size, error) {
	n, err := humanize.ParseBytes(text)
	if err == nil && n > math.MaxInt64 {
		err = strconv.ErrRange
	}
	return Size(n), err
}

// expand replaces ${NAME} and ${NAME:-default} by environment variables; $${ stands for a literal ${. An empty
// variable counts as missing where there is a default, as in a shell. missing names the variables without a value
// and without a default; malformed says that a ${ has no end or no name.
func expand(text string, lookup func(string) (string, bool)) (out string, missing []string, malformed bool) {
	var b strings.Builder
	for {
		i := strings.Index(text, "${")
		if i < 0 {
			b.WriteString(text)
			return b.String(), missing, malformed
		}
		if i > 0 && text[i-1] == '$' {
			b.WriteString(text[:i-1] + "${")
			text = text[i+2:]
			continue
		}
		b.WriteString(text[:i])
		inner, rest, ok := strings.Cut(text[i+2:], "}")
		name, fallback, hasDefault := strings.Cut(inner, ":-")
		if !ok || !isEnvName(name) {
			return "", missing, true
		}
		value, set := lookup(name)
		switch {
		case value != "" || set && !hasDefault:
			b.WriteString(value)
		case hasDefault:
			b.WriteString(fallback)
		default:
			missing = append(missing, name)
		}
		text = rest
	}
}

func isEnvName(s string) bool {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return s != ""
}

// maxSecretFile bounds a file named by file:, against a path that was meant to be something else.
const maxSecretFile = 1 << 20

// readReference is the content of a file named by file:, one newline at its end cut.
func readReference(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("read %s: not a regular file", path)
	}
	if info.Size() > maxSecretFile {
		return "", fmt.Errorf("read %s: larger than %s", path, Size(maxSecretFile))
	}
	b, err := os.ReadFile(path)
	return strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r"), err
}
