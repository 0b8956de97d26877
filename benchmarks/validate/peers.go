package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

const (
	peersDir = "benchmarks/validate/peers" // from the module's root, as every path here
	buildDir = ".weir/bench"

	warm = 0.1 // seconds of the processor before each data set; who compiles at run time takes a multiple before the first
)

// peer is a validator in a process of its own, its records in one thread: COMMAND MODE WARM SECONDS SCHEMA DATA…, a result per line.
type peer struct {
	name    string
	modes   []string
	longer  float64  // multiplies the seconds to measure, 0 is 1
	tools   []string // in PATH, to build and to run
	build   [][]string
	command []string // "" stands for the runner itself
	env     []string
	lock    string // file that pins the library's version
	version *regexp.Regexp
}

// oneCore keeps a Go peer's collector on the core of its loop.
var oneCore = []string{"GOMAXPROCS=1"}

func peers() []*peer {
	return []*peer{
		{
			name: "weir", modes: []string{all},
			command: []string{"", "peer", "weir"}, env: oneCore,
		},
		{
			name: "rust", modes: []string{verdict, all},
			tools:   []string{"cargo"},
			build:   [][]string{{"cargo", "build", "--release", "--locked", "--quiet", "--manifest-path", peersDir + "/rust/Cargo.toml", "--target-dir", buildDir + "/rust"}},
			command: []string{buildDir + "/rust/release/bench-validate"},
			env:     []string{"RUSTFLAGS=-C target-cpu=native"},
			lock:    peersDir + "/rust/Cargo.lock", version: regexp.MustCompile(`name = "jsonschema"\nversion = "(.+)"`),
		},
		{
			name: "ajv", modes: []string{verdict, all},
			tools: []string{"node", "npm"},
			build: [][]string{
				{"cp", peersDir + "/ajv/package.json", peersDir + "/ajv/package-lock.json", peersDir + "/ajv/main.mjs", buildDir + "/ajv"},
				{"npm", "ci", "--silent", "--prefer-offline", "--prefix", buildDir + "/ajv"},
			},
			command: []string{"node", "--single-threaded-gc", buildDir + "/ajv/main.mjs"},
			lock:    peersDir + "/ajv/package-lock.json", version: regexp.MustCompile(`"node_modules/ajv": \{\s*"version": "(.+)"`),
		},
		{
			name: "networknt", modes: []string{verdict, all}, longer: 1.5, // its clock goes in steps of 10 ms
			tools:   []string{"java", "mvn"},
			build:   [][]string{{"mvn", "-q", "-B", "-f", peersDir + "/networknt/pom.xml", "-Dbench.target=${PWD}/" + buildDir + "/networknt", "process-classes"}},
			command: []string{"java", "-XX:+UseSerialGC", "-XX:ActiveProcessorCount=1", "-Xms512m", "-Xmx512m", "-cp", buildDir + "/networknt/classes:" + buildDir + "/networknt/lib/*", "Bench"},
			lock:    peersDir + "/networknt/pom.xml", version: regexp.MustCompile(`<artifactId>json-schema-validator</artifactId>\s*<version>(.+)</version>`),
		},
		{
			name: "v5", modes: []string{verdict, all},
			command: []string{"", "peer", "v5"}, env: oneCore,
			lock: "go.mod", version: regexp.MustCompile(`santhosh-tekuri/jsonschema/v5 v(\S+)`),
		},
	}
}

// lacks names the tools that the peer needs and PATH has not.
func (p *peer) lacks() error {
	var missing []string
	for _, tool := range p.tools {
		if _, err := exec.LookPath(tool); err != nil {
			missing = append(missing, tool)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("peer %s needs %s in PATH; leave it out with -peers", p.name, strings.Join(missing, " and "))
}

// prepare builds the peer. It says so on log, because fetching packages can take minutes the first time.
func (p *peer) prepare(ctx context.Context, root string, log io.Writer) error {
	if len(p.build) == 0 {
		return nil
	}
	fmt.Fprintf(log, "building peer %s …\n", p.name)
	if err := os.MkdirAll(filepath.Join(root, buildDir, p.name), 0o755); err != nil {
		return err
	}
	for _, step := range p.build {
		for i := range step {
			step[i] = strings.ReplaceAll(step[i], "${PWD}", root)
		}
		cmd := exec.CommandContext(ctx, step[0], step[1:]...)
		cmd.Dir, cmd.Env = root, append(os.Environ(), p.env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build peer %s: %s: %w\n%s", p.name, strings.Join(step, " "), err, out)
		}
	}
	return nil
}

// library is the version that the lock file pins.
func (p *peer) library(root string) (string, error) {
	if p.lock == "" {
		return "", nil
	}
	body, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(p.lock)))
	if err != nil {
		return "", err
	}
	m := p.version.FindSubmatch(body)
	if m == nil {
		return "", fmt.Errorf("%s does not pin the library of peer %s", p.lock, p.name)
	}
	return string(m[1]), nil
}

// run measures one mode over the data files of one shape.
func (p *peer) run(ctx context.Context, root, mode string, seconds float64, schema string, data []string) ([]result, error) {
	args := append([]string{}, p.command...)
	if args[0] == "" {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		args[0] = self
	}
	number := func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
	args = append(args, mode, number(warm), number(seconds*max(p.longer, 1)), schema)
	args = append(args, data...)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	var stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stderr = root, append(os.Environ(), p.env...), &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("peer %s, mode %s: %w\n%s", p.name, mode, err, stderr.Bytes())
	}
	var list []result
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var r result
		if err := d.Decode(&r); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("peer %s, mode %s: read result: %w", p.name, mode, err)
		}
		list = append(list, r)
	}
	if len(list) != len(data) {
		return nil, fmt.Errorf("peer %s, mode %s: got %d results, want %d", p.name, mode, len(list), len(data))
	}
	return list, nil
}

// agrees compares the peer's verdicts with what was done to the records.
func (r *result) agrees(d *dataset) error {
	if len(r.Verdicts) != len(d.lines) {
		return fmt.Errorf("%s: %d verdicts on %d records", d.name(), len(r.Verdicts), len(d.lines))
	}
	for i, line := range d.lines {
		if valid := r.Verdicts[i] == '1'; valid != (d.faults[i] == "") {
			return fmt.Errorf("%s, line %d: valid=%v, but its fault is %q: %.300s", d.name(), i+1, valid, d.faults[i], line)
		}
	}
	return nil
}
