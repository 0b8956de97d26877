package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// report is results.json.
type report struct {
	Date      string            `json:"date"`
	CPU       string            `json:"cpu"`
	Cores     int               `json:"cores"`
	System    string            `json:"system"`
	Toolchain map[string]string `json:"toolchain"` // first line of what each says of itself
	Libraries map[string]string `json:"libraries"` // by peer
	Settings  settings          `json:"settings"`
	Took      float64           `json:"took_seconds"`
	Rows      []*row            `json:"rows,omitempty"`
}

// row is one peer in one mode on one data set. Times are those of the processor, of its fastest round.
type row struct {
	Shape     string   `json:"shape"`
	Percent   int      `json:"invalid_percent"`
	Peer      string   `json:"peer"`
	Mode      string   `json:"mode"`
	Bytes     float64  `json:"bytes_per_record"`
	Ns        float64  `json:"ns_per_record"`
	MBs       float64  `json:"mb_per_s"` // millions of bytes
	Allocs    *float64 `json:"allocs_per_record,omitempty"`
	AllocSize *float64 `json:"alloc_bytes_per_record,omitempty"`
	Ratio     float64  `json:"ratio"` // time of this peer in times of weir's
	Rounds    []result `json:"rounds"`
}

func newReport(ctx context.Context, root string, s settings) (*report, error) {
	r := &report{
		Date: time.Now().UTC().Format(time.DateOnly), CPU: cpu(), Cores: runtime.NumCPU(), System: runtime.GOOS + "/" + runtime.GOARCH,
		Toolchain: map[string]string{"go": runtime.Version()}, Libraries: map[string]string{}, Settings: s,
	}
	for _, p := range s.peers {
		version, err := p.library(root)
		if err != nil {
			return nil, err
		}
		if version != "" {
			r.Libraries[p.name] = version
		}
		for _, tool := range p.tools {
			if tool == "cargo" {
				tool = "rustc"
			}
			if tool == "npm" || tool == "mvn" {
				continue // they build, but have no part in what runs
			}
			out, err := exec.CommandContext(ctx, tool, "--version").Output()
			if err != nil {
				return nil, fmt.Errorf("ask %s for its version: %w", tool, err)
			}
			first, _, _ := strings.Cut(string(out), "\n")
			r.Toolchain[tool] = first
		}
	}
	return r, nil
}

// cpu is the processor's name where Linux tells it.
func cpu() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for line := range strings.Lines(string(info)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				return strings.TrimSpace(value)
			}
		}
	}
	return "unknown"
}

func (r *report) add(p *peer, mode string, d *dataset, res result) {
	at := slices.IndexFunc(r.Rows, func(w *row) bool {
		return w.Shape == d.shape && w.Percent == d.percent && w.Peer == p.name && w.Mode == mode
	})
	if at < 0 {
		at = len(r.Rows)
		r.Rows = append(r.Rows, &row{
			Shape: d.shape, Percent: d.percent, Peer: p.name, Mode: mode, Bytes: float64(d.bytes) / float64(len(d.lines)),
		})
	}
	res.Verdicts = "" // they agree
	r.Rows[at].Rounds = append(r.Rows[at].Rounds, res)
}

// close makes the figures of the rows from their rounds.
func (r *report) close() {
	weir := map[string]float64{}
	for _, w := range r.Rows {
		var times []float64
		for _, round := range w.Rounds {
			times = append(times, round.CPU)
		}
		w.Ns = slices.Min(times)
		w.MBs = w.Bytes / w.Ns * 1000
		w.Allocs, w.AllocSize = w.Rounds[0].Allocs, w.Rounds[0].AllocSize // the same in every round
		if w.Peer == "weir" {
			weir[w.key()] = w.Ns
		}
	}
	for _, w := range r.Rows {
		w.Ratio = w.Ns / weir[w.key()]
	}
	order := map[string]int{}
	for i, s := range shapes() {
		order[s.name] = i
	}
	slices.SortStableFunc(r.Rows, func(a, b *row) int {
		if a.Shape != b.Shape {
			return order[a.Shape] - order[b.Shape]
		}
		return a.Percent - b.Percent
	})
}

func (w *row) key() string { return fmt.Sprintf("%s %d", w.Shape, w.Percent) }

// print writes every figure, a line per peer and mode.
func (r *report) print(out io.Writer) {
	fmt.Fprintln(out, r.facts())
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "shape\tinvalid %\tpeer\tmode\tns/record\tMB/s\tallocs/record\tB/record\tpeer/weir\t")
	last := ""
	for _, w := range r.Rows {
		if last != "" && w.key() != last {
			fmt.Fprintln(t, "\t\t\t\t\t\t\t\t\t")
		}
		last = w.key()
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%.0f\t%.1f\t%s\t%s\t%.2f\t\n", w.Shape, w.Percent, w.Peer, w.Mode, w.Ns, w.MBs,
			optional(w.Allocs, "%.1f"), optional(w.AllocSize, "%.0f"), w.Ratio)
	}
	t.Flush()
}

func optional(f *float64, format string) string {
	if f == nil {
		return "n/a"
	}
	return fmt.Sprintf(format, *f)
}

// facts is one line on what was measured where.
func (r *report) facts() string {
	var parts []string
	for _, p := range peers() {
		if v := r.Libraries[p.name]; v != "" {
			parts = append(parts, p.name+" "+v)
		}
	}
	var tools []string
	for _, name := range []string{"go", "rustc", "node", "java"} {
		if v := r.Toolchain[name]; v != "" {
			version, _, _ := strings.Cut(strings.TrimPrefix(v, name+" "), " (") // rustc adds its commit
			if name != "go" && name != "java" {                                 // these two name themselves
				version = name + " " + version
			}
			tools = append(tools, version)
		}
	}
	return fmt.Sprintf("%s, %s, %s; %s; %s; %d rounds of %g s per data set.", r.Date, r.CPU, r.System,
		strings.Join(tools, ", "), strings.Join(parts, ", "), r.Settings.Rounds, r.Settings.Seconds)
}

// save writes the report, a row per line, so that a diff of two runs shows rows.
func (r *report) save(file string) error {
	head := *r
	head.Rows = nil
	body, err := json.MarshalIndent(head, "", "  ")
	if err != nil {
		return err
	}
	body = append(bytes.TrimSuffix(body, []byte("\n}")), ",\n  \"rows\": ["...)
	for i, w := range r.Rows {
		line, err := json.Marshal(w)
		if err != nil {
			return err
		}
		if i > 0 {
			body = append(body, ',')
		}
		body = append(append(body, "\n    "...), line...)
	}
	return os.WriteFile(file, append(body, "\n  ]\n}\n"...), 0o644)
}

const (
	tableBegin = "<!-- results: begin -->"
	tableEnd   = "<!-- results: end -->"
)

// rewrite puts the table between the markers of the file.
func (r *report) rewrite(file string) error {
	body, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, found := bytes.Cut(body, []byte(tableBegin))
	_, after, ended := bytes.Cut(rest, []byte(tableEnd))
	if !found || !ended {
		return fmt.Errorf("%s has no lines %q and %q to put the table between", file, tableBegin, tableEnd)
	}
	out := fmt.Appendf(nil, "%s%s\n%s%s%s", before, tableBegin, r.markdown(), tableEnd, after)
	return os.WriteFile(file, out, 0o644)
}

// markdown is a row per data set; a cell of a peer has its time and, after the ×, how many times weir's that is.
func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n\n", r.facts())
	var head []*row
	for _, w := range r.Rows {
		if w.key() == r.Rows[0].key() {
			head = append(head, w)
		}
	}
	b.WriteString("| shape | invalid | bytes |")
	for _, w := range head {
		if w.Peer == "weir" {
			b.WriteString(" weir ns | MB/s | allocs |")
			continue
		}
		fmt.Fprintf(&b, " %s %s |", w.Peer, w.Mode)
	}
	b.WriteString("\n| --- | ---: | ---: |" + strings.Repeat(" ---: |", len(head)+2))
	last := ""
	for _, w := range r.Rows {
		if w.key() != last {
			fmt.Fprintf(&b, "\n| %s | %d %% | %.0f |", w.Shape, w.Percent, w.Bytes)
			last = w.key()
		}
		if w.Peer == "weir" {
			fmt.Fprintf(&b, " **%s** | %.0f | %s |", thousands(w.Ns), w.MBs, optional(w.Allocs, "%.1f"))
			continue
		}
		fmt.Fprintf(&b, " %s ×%.2f |", thousands(w.Ns), w.Ratio)
	}
	b.WriteString("\n\n")
	return b.String()
}

func thousands(f float64) string {
	s := fmt.Sprintf("%.0f", f)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
