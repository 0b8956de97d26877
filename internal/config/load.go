package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"weir/internal/kafka"
)

// loader carries what is read on the way to a Config.
type loader struct {
	env    func(string) (string, bool)
	config *Config
	files  []string // in the order read
	faults []pending
	warns  []pending
	routes []*reading
	broken []Stopped // route files that could not be read
}

// reading is a route with where its keys stand and what is wrong with it.
type reading struct {
	Route
	at     value // the whole route
	given  map[string]value
	faults []pending
}

// key is where a key stands, or the route when the key was not given.
func (r *reading) key(name string) value {
	if v, ok := r.given[name]; ok {
		return v
	}
	return r.at
}

// Load reads a configuration and the route files it includes. The error is an *Error with every fault, those of
// routes included, when something outside the routes is wrong or no sound route is left. Else the sound routes are
// in Routes and the others, with their faults, in Stopped.
func Load(path string) (*Config, error) { return load(path, os.LookupEnv) }

func load(path string, env func(string) (string, bool)) (*Config, error) {
	l := &loader{env: env, config: Default()}
	l.config.File = path
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, &Error{Problems: []Problem{{File: path, Message: readFault(err), Remedy: "name the configuration with -c FILE"}}}
	}
	l.files = append(l.files, path)
	root, ok := parse(path, text, env, &l.faults, &l.warns)
	if !ok {
		return nil, &Error{Problems: seal(l.faults)}
	}
	l.main(root)
	l.crossCheck()
	return l.result()
}

// result parts sound routes from stopped ones, or gives every fault.
func (l *loader) result() (*Config, error) {
	c := l.config
	c.Stopped = l.broken
	for _, r := range l.routes {
		if len(r.faults) == 0 {
			c.Routes = append(c.Routes, r.Route)
			continue
		}
		ps := seal(r.faults)
		sortProblems(ps, l.files)
		c.Stopped = append(c.Stopped, Stopped{r.Name, r.File, r.Route, ps})
	}
	c.Warnings = seal(l.warns)
	sortProblems(c.Warnings, l.files)
	all := seal(l.faults)
	if len(all) == 0 && len(c.Routes) > 0 {
		return c, nil
	}
	for _, s := range c.Stopped {
		all = append(all, s.Problems...)
	}
	sortProblems(all, l.files)
	return nil, &Error{Problems: all, Read: c}
}

// main reads weir.yaml itself, then the files it includes.
func (l *loader) main(root value) {
	c := l.config
	contracts := value{doc: root.doc}
	var include []value
	given := root.mapping(keys{
		"kafka":       func(v value) { readKafka(v, &c.Kafka) },
		"environment": func(v value) { readName(v, &c.Environment) },
		"group":       func(v value) { readName(v, &c.Group) },
		"instance":    func(v value) { readName(v, &c.Instance) },
		"sessions":    func(v value) { v.count(&c.Sessions, 1, 256) },
		"contracts":   func(v value) { contracts = v; v.text(&c.Contracts) },
		"include":     func(v value) { v.list(func(e value) { include = append(include, e) }) },
		"routes":      func(v value) { v.list(l.route) },
		"limits":      func(v value) { readLimits(v, &c.Limits) },
		"telemetry":   func(v value) { readTelemetry(v, &c.Telemetry) },
		"http":        func(v value) { readHTTP(v, &c.HTTP) },
	})
	c.Contracts = contracts.doc.path(c.Contracts)
	l.required(root, given, "kafka", "add kafka: {brokers: [host:port]}")
	l.required(root, given, "group", "add group: weir-<environment>; weir's own topics begin with it")
	for _, pattern := range include {
		l.include(pattern)
	}
	if len(l.routes) == 0 && len(l.broken) == 0 {
		root.fault("add routes: [{input: TOPIC, contract: NAME@VERSION}], or include route files", "no routes")
	}
}

func (l *loader) required(root value, given map[string]value, key, remedy string) {
	if _, ok := given[key]; !ok {
		root.fault(remedy, "%s is missing", key)
	}
}

// include reads the route files of one pattern. A file that cannot be read stops nothing but itself.
func (l *loader) include(pattern value) {
	var p string
	if !pattern.text(&p) {
		return
	}
	paths, err := filepath.Glob(pattern.doc.path(p))
	if err != nil {
		pattern.fault("quote the pattern; * ? and [a-z] have a meaning in it", "%q is not a file pattern", p)
		return
	}
	if len(paths) == 0 {
		if strings.ContainsAny(p, `*?[`) {
			pattern.warn("relative patterns are relative to the configuration file", "no file matches %q", p)
			return
		}
		paths = []string{pattern.doc.path(p)} // reading it says why
	}
	for _, path := range paths {
		if !slices.Contains(l.files, path) {
			l.routeFile(path)
		}
	}
}

func (l *loader) routeFile(path string) {
	l.files = append(l.files, path)
	text, err := os.ReadFile(path)
	if err != nil {
		l.broken = append(l.broken, Stopped{Name: path, File: path, Problems: []Problem{{File: path, Message: readFault(err)}}})
		return
	}
	var faults []pending
	if root, ok := parse(path, text, l.env, &faults, &l.warns); ok {
		root.mapping(keys{"routes": func(v value) { v.list(l.route) }})
	}
	if len(faults) > 0 {
		l.broken = append(l.broken, Stopped{Name: path, File: path, Problems: seal(faults)})
	}
}

// route reads one element of a routes list.
func (l *loader) route(v value) {
	line, _ := position(firstToken(v.node))
	r := &reading{Route: DefaultRoute("", ""), at: v}
	r.at.faults = &r.faults
	r.Name, r.DeadLetters, r.File, r.Line = "", "", v.doc.file, line
	r.given = r.at.mapping(keys{
		"name":         func(v value) { readName(v, &r.Name) },
		"input":        func(v value) { readTopic(v, &r.Input) },
		"contract":     func(v value) { readContract(v, &r.Contract) },
		"mode":         func(v value) { v.oneOf((*string)(&r.Mode), string(Observe), string(Mark), string(Enforce)) },
		"output":       func(v value) { readTopic(v, &r.Output) },
		"dead_letters": func(v value) { readTopic(v, &r.DeadLetters) },
		"tombstones":   func(v value) { v.oneOf((*string)(&r.Tombstones), string(PassTombstones), string(RejectTombstones)) },
		"unknown_fields": func(v value) {
			v.oneOf((*string)(&r.UnknownFields), string(AllowUnknown), string(NoticeUnknown), string(RejectUnknown))
		},
		"annotate":          func(v value) { v.boolean(&r.Annotate) },
		"accept_unenforced": func(v value) { v.texts(&r.AcceptUnenforced) },
		"start":             func(v value) { v.oneOf((*string)(&r.Start), string(Earliest), string(Latest)) },
		"idle_timeout":      func(v value) { v.duration(&r.IdleTimeout, time.Millisecond, 30*24*time.Hour) },
		"max_future":        func(v value) { v.duration(&r.MaxFuture, 0, math.MaxInt64) },
	})
	for _, key := range []string{"input", "contract"} {
		if _, ok := r.given[key]; !ok && r.given != nil {
			r.at.fault("a route needs at least {input: TOPIC, contract: NAME@VERSION}", "%s is missing", key)
		}
	}
	if r.Name == "" {
		r.Name = r.Input
	}
	if r.Name == "" {
		r.Name = fmt.Sprintf("%s:%d", v.doc.file, line)
	}
	if r.DeadLetters == "" && r.Input != "" {
		r.DeadLetters = r.Input + ".dead"
	}
	if _, wasGiven := r.given["output"]; r.Mode != Observe && r.Output == "" && !wasGiven {
		r.key("mode").fault("add output: TOPIC, or use mode: observe", "mode %s needs an output", r.Mode)
	}
	l.routes = append(l.routes, r)
}

// readFault says why a file could not be read, without repeating its path.
func readFault(err error) string {
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		err = pe.Err
	}
	return "cannot be read: " + err.Error()
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// ownTopics are weir's topics of a group, which no route may use.
func ownTopics(group string) []string {
	t := kafka.TopicsOf(group)
	return []string{t.Profiles, t.Reports, t.Events, t.State}
}
