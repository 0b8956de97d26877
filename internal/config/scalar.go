package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// raw is a scalar as written, with environment variables put in. bare says that it was not quoted text but a number,
// a boolean or the like.
func (v value) raw() (text string, bare, ok bool) {
	switch n := v.node.(type) {
	case *ast.StringNode:
		text = n.Value
	case *ast.LiteralNode:
		text = n.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return v.node.GetToken().Value, true, true
	default:
		v.fault("", "wants a single value, not %s", kindOf(v.node))
		return "", false, false
	}
	out, missing, malformed := expand(text, v.doc.env)
	if malformed {
		v.fault("write ${NAME} or ${NAME:-default}, and $${ for a literal ${", "a ${ without a name or an end")
		return "", false, false
	}
	for _, name := range missing {
		v.fault(fmt.Sprintf("export %s, or write ${%s:-default}", name, name), "the environment variable %s is not set", name)
	}
	return out, false, len(missing) == 0
}

func (v value) text(to *string) bool {
	s, bare, ok := v.raw()
	if ok && bare {
		v.fault("write it in quotes: "+strconv.Quote(s), "wants text, not %s", kindOf(v.node))
		return false
	}
	if ok {
		*to = s
	}
	return ok
}

// texts reads a list of texts; one text stands for a comma-separated list, as environment variables hold them.
func (v value) texts(to *[]string) {
	var out []string
	if _, ok := v.node.(*ast.SequenceNode); ok {
		v.list(func(e value) {
			var s string
			if e.text(&s) {
				out = append(out, s)
			}
		})
	} else if s := ""; v.text(&s) {
		for part := range strings.SplitSeq(s, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	*to = out
}

// referenced reads a text or the file it names by file:path. file is that path, "" for a text written in place.
func (v value) referenced(to *string) (file string, ok bool) {
	var s string
	if !v.text(&s) {
		return "", false
	}
	path, isFile := strings.CutPrefix(s, "file:")
	if !isFile {
		*to = s
		return "", true
	}
	path = v.doc.path(path)
	content, err := readReference(path)
	switch {
	case err != nil:
		v.fault("make the file readable for weir, or correct the path (relative paths are relative to the configuration file)", "%v", err)
		return "", false
	case content == "":
		v.fault("put the value into the file", "%s is empty", path)
		return "", false
	}
	*to = content
	return path, true
}

// secret reads a text that must not be shown; written in place it is accepted with a warning. It returns the path of
// the file it came from, "" for none.
func (v value) secret(to *Secret) (file string) {
	v.doc.hideLiteral(v.node)
	var s string
	file, ok := v.referenced(&s)
	if !ok {
		return ""
	}
	if n, isText := v.node.(*ast.StringNode); file == "" && s != "" && (!isText || !strings.Contains(n.Value, "${")) {
		v.warn("use ${VARIABLE} or file:/path, so that the file can be shared and committed", "a secret is written in the file")
	}
	*to = NewSecret(s)
	return file
}

// hideLiteral hides a secret written in place; references are shown, since they are what an operator must see.
func (d *document) hideLiteral(n ast.Node) {
	if s, ok := n.(*ast.StringNode); ok && (strings.HasPrefix(s.Value, "file:") || onlyVariable(s.Value)) {
		return
	}
	d.hide(n)
}

// onlyVariable says that a text is ${NAME}; a default behind :- may itself be a secret.
func onlyVariable(s string) bool {
	name, ok := strings.CutPrefix(s, "${")
	return ok && isEnvName(strings.TrimSuffix(name, "}"))
}

func (v value) oneOf(to *string, options ...string) bool {
	var s string
	if !v.text(&s) {
		return false
	}
	if !slices.Contains(options, s) {
		v.fault(didYouMean(s, options), "%q is not one of %s", s, strings.Join(options, ", "))
		return false
	}
	*to = s
	return true
}

func (v value) boolean(to *bool) bool {
	s, _, ok := v.raw()
	if !ok {
		return false
	}
	if s != "true" && s != "false" {
		v.fault("write true or false", "%q is neither true nor false", s)
		return false
	}
	*to = s == "true"
	return true
}

func (v value) count(to *int, least, most int) {
	s, _, ok := v.raw()
	if !ok {
		return
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		v.fault("", "wants a whole number from %d to %d, not %q", least, most, s)
		return
	}
	*to = n
}

func (v value) duration(to *time.Duration, least, most time.Duration) {
	s, _, ok := v.raw()
	if !ok {
		return
	}
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		v.fault("write a number with a unit: 500ms, 30s, 5m, 1h", "%q is not a duration", s)
	case d < least || d > most:
		v.fault("", "%s is outside %s to %s", s, plain(least), plain(most))
	default:
		*to = d
	}
}

func (v value) size(to *Size, least, most Size) {
	s, _, ok := v.raw()
	if !ok {
		return
	}
	n, err := parseSize(s)
	switch {
	case err != nil:
		v.fault("write bytes or a unit: 1048576, 512 KiB, 1 MiB", "%q is not a size", s)
	case n < least || n > most:
		v.fault("", "%s is outside %s to %s", s, least, most)
	default:
		*to = n
	}
}

// plain writes a duration without the zeros at its end: 1h, not 1h0m0s.
func plain(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
