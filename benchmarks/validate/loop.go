package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"weir/internal/columns"
	"weir/internal/contract"
	"weir/internal/validate"
)

// Modes of a peer: what it is asked for.
const (
	verdict = "verdict" // yes or no; may stop at the first error
	all     = "all"     // every error, each with its place, its keyword's place and a message as text
)

// result is what a peer prints for a data set. Times are nanoseconds per record.
type result struct {
	Records    int      `json:"records"`
	Invalid    int      `json:"invalid"`
	Passes     int      `json:"passes"`
	CPU        float64  `json:"cpu_ns"`         // of all threads, over all passes
	WallMin    float64  `json:"wall_ns_min"`    // of the fastest pass
	WallMedian float64  `json:"wall_ns_median"` // of the passes
	Allocs     *float64 `json:"allocs_per_record,omitempty"`
	AllocSize  *float64 `json:"alloc_bytes_per_record,omitempty"`
	Verdicts   string   `json:"verdicts,omitempty"` // a digit per record, 1 for valid
}

// measure warms up, then goes over the lines, a whole pass at a time, until so many seconds of the processor are used. Each
// pass begins with a peer that was opened for it and has judged the lines before, both off the clock: it may remember what
// repeats itself in such a stream, but no line has been there before. What is off the clock counts for at most as long again,
// so that no peer is longer exposed to what else the machine does.
func measure(open func() (func([]byte) bool, error), before, lines [][]byte, warm, seconds time.Duration) (result, error) {
	check, err := open()
	if err != nil {
		return result{}, err
	}
	verdicts := make([]byte, len(lines))
	for i, line := range lines {
		verdicts[i] = '0'
		if check(line) {
			verdicts[i] = '1'
		}
	}
	r := result{Records: len(lines), Invalid: bytes.Count(verdicts, []byte{'0'}), Verdicts: string(verdicts)}
	var walls []time.Duration
	var used time.Duration
	var allocs, size uint64
	var begin time.Time
	for warmed := time.Duration(0); used < seconds && (len(walls) == 0 || time.Since(begin) < 2*seconds); {
		if check, err = open(); err != nil {
			return result{}, err
		}
		runtime.GC()
		for _, line := range before {
			check(line)
		}
		var from, to runtime.MemStats
		runtime.ReadMemStats(&from)
		start, cpu := time.Now(), cpuTime()
		for _, line := range lines {
			check(line)
		}
		wall, took := time.Since(start), cpuTime()-cpu
		runtime.ReadMemStats(&to)
		if warmed < warm {
			warmed += took
			begin = time.Now()
			continue
		}
		walls = append(walls, wall)
		used += took
		allocs += to.Mallocs - from.Mallocs
		size += to.TotalAlloc - from.TotalAlloc
	}
	slices.Sort(walls)
	perPass, all := float64(len(lines)), float64(len(lines)*len(walls))
	r.Passes, r.CPU = len(walls), float64(used.Nanoseconds())/all
	r.WallMin, r.WallMedian = float64(walls[0].Nanoseconds())/perPass, float64(walls[len(walls)/2].Nanoseconds())/perPass
	r.Allocs, r.AllocSize = new(float64(allocs)/all), new(float64(size)/all)
	return r, nil
}

// goPeer is a peer written in Go, run by a process of its own: args are those of every peer.
func goPeer(name string, args []string) error {
	if len(args) < 5 {
		return fmt.Errorf("peer %s: want MODE WARM SECONDS SCHEMA DATA…, got %q", name, args)
	}
	warm, err := time.ParseDuration(args[1] + "s")
	if err != nil {
		return err
	}
	seconds, err := time.ParseDuration(args[2] + "s")
	if err != nil {
		return err
	}
	open := func() (func([]byte) bool, error) { return v5Check(args[3], args[0]) }
	if name == "weir" {
		open = func() (func([]byte) bool, error) { return weirCheck(args[3]) }
	}
	for _, file := range args[4:] {
		before, err := readLines(file + beforeSuffix)
		if err != nil {
			return err
		}
		lines, err := readLines(file)
		if err != nil {
			return err
		}
		r, err := measure(open, before, lines, warm, seconds)
		if err != nil {
			return err
		}
		if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
			return err
		}
	}
	return nil
}

func readLines(file string) ([][]byte, error) {
	data, err := os.ReadFile(file)
	return bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n")), err
}

// weirCheck is the product as the gate calls it: every violation listed, the row's columns filled. The file is a
// contract or a bare schema.
func weirCheck(file string) (func([]byte) bool, error) {
	load := contract.FromJSONSchema
	if strings.HasSuffix(file, ".odcs.yaml") {
		load = contract.Load
	}
	c, err := load(file)
	if err != nil {
		return nil, err
	}
	l := columns.NewLayout(c)
	v, err := validate.Compile(c, l, validate.Options{})
	if err != nil {
		return nil, err
	}
	row := l.NewRow()
	return func(value []byte) bool { return !validate.Rejects(v.Check(value, row)) }, nil
}

// v5Check is the library that weir takes for its authority, fed by the standard library: numbers as they are written,
// as the library's documentation asks for.
func v5Check(file, mode string) (func([]byte) bool, error) {
	c := jsonschema.NewCompiler()
	c.Draft, c.AssertFormat = jsonschema.Draft2020, true
	schema, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	url := "file:///" + filepath.Base(file)
	if err := c.AddResource(url, bytes.NewReader(schema)); err != nil {
		return nil, err
	}
	s, err := c.Compile(url)
	if err != nil {
		return nil, err
	}
	reader := bytes.NewReader(nil)
	return func(value []byte) bool {
		reader.Reset(value)
		d := json.NewDecoder(reader)
		d.UseNumber()
		var doc any
		err := d.Decode(&doc)
		if err == nil {
			err = s.Validate(doc)
		}
		if mode == all {
			return len(findings(err)) == 0
		}
		return err == nil
	}, nil
}

// finding is an error of the library without those that only sum up others. Its texts are there already: the library
// has no way of stopping at the first error, nor of leaving the texts out.
type finding struct{ instance, keyword, message string }

func findings(err error) []finding {
	switch e := err.(type) {
	case nil:
		return nil
	case *jsonschema.ValidationError:
		return leaves(nil, e)
	default: // not JSON
		return []finding{{message: err.Error()}}
	}
}

func leaves(list []finding, e *jsonschema.ValidationError) []finding {
	if len(e.Causes) == 0 {
		return append(list, finding{e.InstanceLocation, e.KeywordLocation, e.Message})
	}
	for _, cause := range e.Causes {
		list = leaves(list, cause)
	}
	return list
}
