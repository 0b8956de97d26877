package contract

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// Bounds on the schemas attached to one contract.
const (
	maxAttached      = 32
	maxAttachedBytes = 1 << 20
)

// folder reads attached schemas from the contract's folder while the library compiles, and nothing else: every
// URL that is not below folderURL is refused, every file is opened through an os.Root.
type folder struct {
	root      *os.Root
	dir       string // for messages
	resources map[string][]byte
	reports   map[string]*reporter // by URL
	order     []string             // URLs as they were loaded
	bytes     int
	refused   map[string]string // reason by URL
}

// attach reads the raw JSON Schema that the contract names, with all it refers to, and compiles the whole.
func (b *builder) attach(file *node) {
	f := &folder{root: b.root, dir: filepath.Dir(b.file), resources: b.c.resources, reports: map[string]*reporter{}, refused: map[string]string{}}
	if file != nil {
		if _, err := f.load(folderURL + escapePath(file.text)); err != nil {
			b.on(file, "name a JSON file in the contract's folder", "the attached schema cannot be used: %v", err)
			b.found = append(b.found, f.problems()...)
			return
		}
	}
	schema, err := f.compile(b.c.root)
	ps := f.problems()
	if err != nil && len(ps) == 0 {
		b.at(0, 0, "", "the compiled schema cannot be used: %v", err)
	}
	if b.found = append(b.found, ps...); len(b.found) == 0 {
		b.budget(schema, file)
	}
}

func escapePath(name string) string { return (&url.URL{Path: name}).EscapedPath() }

// compile compiles the resource at start and reports what is wrong where it stands.
func (f *folder) compile(start string) (s *jsonschema.Schema, err error) {
	defer func() {
		if p := recover(); p != nil { // the library panics on some malformed schemas
			s, err = nil, fmt.Errorf("%v", p)
		}
		if err != nil {
			f.explain(start, err)
		}
	}()
	k := jsonschema.NewCompiler()
	k.AssertFormat = true
	k.LoadURL = func(u string) (io.ReadCloser, error) {
		body, err := f.load(u)
		if err != nil {
			f.refused[u] = err.Error()
			return nil, err
		}
		return io.NopCloser(bytes.NewReader(body)), nil
	}
	return k.Compile(start)
}

// load returns a resource of the folder, reading it on first use.
func (f *folder) load(u string) ([]byte, error) {
	if body, ok := f.resources[u]; ok {
		return body, nil
	}
	rest, ok := strings.CutPrefix(u, folderURL)
	if !ok {
		return nil, errors.New("it is outside the contract's folder, and nothing is fetched")
	}
	name, err := url.PathUnescape(rest)
	if err != nil || !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "\\\x00") {
		return nil, errors.New("it is outside the contract's folder (absolute, or with ..)")
	}
	if len(f.order) >= maxAttached {
		return nil, fmt.Errorf("more than %d files are attached", maxAttached)
	}
	body, err := readFile(f.root, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, rootCause(err))
	}
	if f.bytes += len(body); f.bytes > maxAttachedBytes {
		return nil, fmt.Errorf("the attached files are larger than %d bytes together", maxAttachedBytes)
	}
	r := newReporter(filepath.Join(f.dir, filepath.FromSlash(name)), body)
	f.reports[u] = r
	f.order = append(f.order, u)
	if checkSchemaText(body, r); len(r.found) > 0 {
		return nil, fmt.Errorf("%s has faults", name)
	}
	f.resources[u] = body
	return body, nil
}

func (f *folder) problems() (ps Problems) {
	for _, u := range f.order {
		ps = append(ps, f.reports[u].sorted()...)
	}
	return ps
}

// explain turns the library's error into problems at the schema's own lines.
func (f *folder) explain(start string, err error) {
	if len(f.problems()) > 0 {
		return // a file with faults of its own was refused: the rest follows from that
	}
	for u, why := range f.refused {
		if f.blameRef(u, why) {
			return
		}
	}
	var se *jsonschema.SchemaError
	var ve *jsonschema.ValidationError
	at := start
	if errors.As(err, &se) {
		at = se.SchemaURL
	}
	if errors.As(err, &ve) {
		f.explainMeta(ve)
		if len(f.problems()) > 0 {
			return
		}
	}
	r := f.reports[at]
	if r == nil && len(f.order) > 0 {
		r = f.reports[f.order[0]]
	}
	if r != nil {
		var loop jsonschema.InfiniteLoopError
		if errors.As(err, &loop) {
			r.at(0, 0, "break the circle of $ref: it never comes to a value", "the schema refers to itself without end: %s", plainURL(strings.TrimPrefix(loop.Error(), "jsonschema: infinite loop ")))
			return
		}
		r.at(0, 0, "", "the schema cannot be compiled: %s", plainURL(strings.TrimPrefix(rootError(err).Error(), "jsonschema: ")))
	}
}

// explainMeta reports the faults that the meta-schema of the draft sees. The library does not say in which file,
// so they are looked for in all of them; normally there is one.
func (f *folder) explainMeta(ve *jsonschema.ValidationError) {
	for _, fault := range collect(ve) {
		message := fault.message
		if message == "" { // several alternatives, told as one
			message = "must be " + wantedTypes(fault.words)
		}
		for _, u := range f.order {
			pos, ok := locateJSON(f.resources[u], fault.at)
			if ok {
				r := f.reports[u]
				line, column := lineColumn(f.resources[u], pos)
				r.at(line, column, "see https://json-schema.org for the keyword", "%s: %s", orRoot(fault.at), message)
				break
			}
		}
	}
}

// blameRef reports a refused URL at the $ref that led to it.
func (f *folder) blameRef(u, why string) bool {
	for _, base := range f.order {
		for _, ref := range references(f.resources[base]) {
			target := resolveRef(base, ref.text)
			if target != u && !strings.HasSuffix(u, "/"+strings.TrimPrefix(strings.SplitN(ref.text, "#", 2)[0], "./")) {
				continue
			}
			line, column := lineColumn(f.resources[base], ref.offset)
			f.reports[base].at(line, column, "refer only to JSON files in the contract's folder", "%s %q cannot be used: %s", ref.keyword, ref.text, why)
			return true
		}
	}
	return false
}

func resolveRef(base, ref string) string {
	b, err := url.Parse(base)
	if err != nil {
		return ref
	}
	r, err := url.Parse(ref)
	if err != nil {
		return ref
	}
	out := b.ResolveReference(r)
	out.Fragment, out.RawFragment = "", ""
	return out.String()
}

func rootError(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

func plainURL(s string) string {
	return strings.NewReplacer(folderURL, "", recordURL, "").Replace(s)
}

func unescapeURL(pointer string) string {
	if s, err := url.PathUnescape(pointer); err == nil {
		return s
	}
	return pointer
}

func orRoot(pointer string) string {
	if pointer == "" {
		return "the schema"
	}
	return pointer
}
