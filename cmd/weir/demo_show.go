package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"weir/internal/demo"
	"weir/internal/drift"
	"weir/internal/gate"
)

// live is the view of a run under way: a bar with the date, and above it a line for each finding as it opens or clears.
type live struct {
	mu            sync.Mutex // gate sessions and the monitor report from goroutines of their own
	out           io.Writer
	bar           *progress
	done          int64
	valid, dead   int
	day           string
	windows, open int
}

func (d *demonstration) newLive() *live {
	return &live{out: d.stderr, bar: d.newProgress("run", "flights", int64(len(d.in.Stream)))}
}

func (l *live) committed(s gate.Stats) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done += int64(s.Records)
	l.valid += s.Valid + s.Late
	l.dead += s.Dead
	l.show()
}

// at sets how many records the group has committed.
func (l *live) at(done int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done = max(l.done, done)
	l.show()
}

func (l *live) closed(r *drift.Report, events []drift.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.windows++
	l.day = r.Window.Start[:len("2013-02-08")]
	for _, e := range events {
		switch e.Data.State {
		case drift.Opened:
			l.open++
		case drift.Cleared:
			l.open--
		}
		l.row(e)
	}
	l.show()
}

func (l *live) show() {
	note := fmt.Sprintf("%s · %d windows", l.day, l.windows)
	if l.valid > 0 {
		note += fmt.Sprintf(" · valid %s · dead %s", comma(l.valid), comma(l.dead))
	}
	if l.open > 0 {
		note += fmt.Sprintf(" · %d open", l.open)
	}
	l.bar.set(l.done, note)
}

// row adds a line to the table of findings; on a terminal the bar is drawn again below it.
func (l *live) row(e drift.Event) {
	clear := ""
	if isTerminal(l.out) {
		clear = "\r\x1b[K"
	}
	fmt.Fprintf(l.out, "%s  %s  %-7s  %-7s  %s\n", clear, l.day, e.Data.State, e.Data.Severity, e.Data.Summary)
}

func (l *live) finish() { l.bar.finish() }

// tell writes the summary, what to look at next, and the JSON object last.
func (d *demonstration) tell(audit *demo.Audit, url string) error {
	if err := audit.Text(d.people); err != nil {
		return err
	}
	d.suggest(audit, url)
	if d.output == "json" {
		return audit.JSON(d.stdout)
	}
	return nil
}

// invocation is how this program was called, so that the commands it prints can be pasted: "weir" when the PATH leads
// to it.
func invocation() string {
	called := os.Args[0]
	if path, err := exec.LookPath("weir"); err == nil && filepath.Clean(path) == filepath.Clean(called) {
		return "weir"
	}
	return filepath.ToSlash(called)
}

func (d *demonstration) suggest(audit *demo.Audit, url string) {
	if d.save == "" {
		return
	}
	dir, weir := filepath.ToSlash(d.folder), invocation()
	fmt.Fprintln(d.people)
	if incident, rule := audit.FirstOwn(); incident != "" {
		from := ""
		if dir != savedResults {
			from = " --from " + dir
		}
		fmt.Fprintf(d.people, "  Nobody injected %s; it is in the data. Look at it:\n", incident)
		fmt.Fprintf(d.people, "      %s explain %s/%s%s\n", weir, incident, rule, from)
	}
	fmt.Fprintf(d.people, "      %s dead %s/%s\n", weir, dir, demo.DeadFile)
	fmt.Fprintf(d.people, "      %s check %s/%s --contract %s/contracts/flights\n", weir, dir, demo.RawFile, dir)
	if d.keep {
		at := "--brokers " + d.brokers[0]
		fmt.Fprintf(d.people, "      %s dead %s %s\n      kcat -b %s -t %s -o beginning -e\n      curl %s/metrics\n", weir, d.names.Dead, at, d.brokers[0], d.names.Events, url)
		return
	}
	fmt.Fprintf(d.people, "      %s demo --keep                 (the same, and go on serving)\n", weir)
}
