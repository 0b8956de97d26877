package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/dustin/go-humanize"
)

const (
	barEvery  = 100 * time.Millisecond // between two drawings of the bar
	lineEvery = 5 * time.Second        // between two plain lines
	barCells  = 30
)

// progress tells on stderr how far a long task is: a bar with rate and time left on a terminal, a plain line every
// few seconds elsewhere. A task that ends before the first line is due leaves one line, written by finish.
// Its methods may be called from several goroutines.
type progress struct {
	out         io.Writer
	bar         bool
	columns     int
	title, unit string
	total       int64 // 0 when unknown
	start       time.Time

	mu       sync.Mutex
	drawn    time.Time // last bar or line
	done     int64
	note     string
	finished bool
}

// newProgress starts a reporter. unit is the plural noun counted ("records"); "bytes" is shown as B, KiB, MiB.
// total is 0 when unknown.
func (a *app) newProgress(title, unit string, total int64) *progress {
	now := time.Now()
	return &progress{out: a.stderr, bar: isTerminal(a.stderr), columns: width(a.stderr),
		title: title, unit: unit, total: total, start: now, drawn: now}
}

// set says that done units are behind us. note is what to show beside, "" for nothing. Cheap enough to be called for
// every batch: it writes only when a drawing is due.
func (p *progress) set(done int64, note string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done, p.note = done, note
	every := lineEvery
	if p.bar {
		every = barEvery
	}
	if now := time.Now(); !p.finished && now.Sub(p.drawn) >= every {
		p.drawn = now
		p.write(p.line(now), "\n")
	}
}

// finish writes the last state: how much was done in which time. Calling it twice is harmless.
func (p *progress) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.finished {
		return
	}
	p.finished = true
	took := time.Since(p.start)
	end := fmt.Sprintf("%s: %s in %s", p.title, p.amount(p.done), clock(took))
	if rate := p.rate(took); rate > 0 {
		end += ", " + p.amount(rate) + "/s"
	}
	p.write(end, "\n")
	if p.bar {
		fmt.Fprintln(p.out)
	}
}

// write replaces the bar on a terminal and appends a line elsewhere.
func (p *progress) write(text, end string) {
	if p.bar {
		fmt.Fprintf(p.out, "\r\x1b[K%s", cut(text, p.columns-1))
		return
	}
	fmt.Fprint(p.out, text, end)
}

// line is the present state in words, with the bar before them on a terminal.
func (p *progress) line(now time.Time) string {
	took := now.Sub(p.start)
	rate := p.rate(took)
	var b strings.Builder
	b.WriteString(p.title)
	if p.total <= 0 {
		fmt.Fprintf(&b, "  %s", p.amount(p.done))
	} else {
		share := min(float64(p.done)/float64(p.total), 1)
		if p.bar {
			full := int(share * barCells)
			fmt.Fprintf(&b, " ▕%s%s▏", strings.Repeat("█", full), strings.Repeat(" ", barCells-full))
		}
		fmt.Fprintf(&b, "  %d %%  %s of %s", int(share*100), p.number(p.done), p.amount(p.total))
	}
	fmt.Fprintf(&b, "  %s/s", p.amount(rate))
	if p.total > p.done && rate > 0 {
		left := float64(p.total-p.done) / float64(p.done) * took.Seconds()
		fmt.Fprintf(&b, "  %s left", clock(time.Duration(math.Min(left, 1e6))*time.Second))
	}
	if p.note != "" {
		b.WriteString("  " + p.note)
	}
	return b.String()
}

// rate is units per second since the start, 0 while nothing can be said.
func (p *progress) rate(took time.Duration) int64 {
	if took <= 0 {
		return 0
	}
	return int64(float64(p.done) / took.Seconds())
}

func (p *progress) number(n int64) string {
	if p.unit == "bytes" {
		return humanize.IBytes(uint64(max(n, 0)))
	}
	return humanize.Comma(n)
}

func (p *progress) amount(n int64) string {
	if p.unit == "bytes" {
		return p.number(n)
	}
	return p.number(n) + " " + p.unit
}

// clock writes a duration as people read it: 0.4 s, 12 s, 3:05, 1:02:05.
func clock(d time.Duration) string {
	s := int(d.Round(time.Second).Seconds())
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// cut shortens text to n characters.
func cut(text string, n int) string {
	if n < 1 || utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}
