package main

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestProgressWritesPlainLinesEveryFewSecondsWithoutATerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var errs bytes.Buffer
		a := &app{stderr: &errs}
		p := a.newProgress("replay", "flights", 100_000)
		for i := range 12 {
			time.Sleep(time.Second)
			p.set(int64(i+1)*5000, "Feb")
		}
		p.finish()
		p.finish()
		want := "replay  25 %  25,000 of 100,000 flights  5,000 flights/s  15 s left  Feb\n" +
			"replay  50 %  50,000 of 100,000 flights  5,000 flights/s  10 s left  Feb\n" +
			"replay: 60,000 flights in 12 s, 5,000 flights/s\n"
		if got := errs.String(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

func TestProgressOfAShortTaskIsOneLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var errs bytes.Buffer
		p := (&app{stderr: &errs}).newProgress("read", "bytes", 0)
		time.Sleep(500 * time.Millisecond)
		p.set(3<<20, "")
		p.finish()
		if got, want := errs.String(), "read: 3.0 MiB in 0.5 s, 6.0 MiB/s\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestProgressDrawsABarInPlaceOnATerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var errs bytes.Buffer
		p := (&app{stderr: &errs}).newProgress("replay", "flights", 1000)
		p.bar, p.columns = true, 200
		p.set(1, "not due yet")
		time.Sleep(time.Second)
		p.set(500, "")
		if got, want := errs.String(), "\r\x1b[Kreplay ▕"+strings.Repeat("█", 15)+strings.Repeat(" ", 15)+"▏  50 %  500 of 1,000 flights  500 flights/s  1.0 s left"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		p.finish()
		if !strings.HasSuffix(errs.String(), "in 1.0 s, 500 flights/s\n") {
			t.Errorf("got %q, want the end on a line of its own", errs.String())
		}
	})
}

func TestProgressNeverWritesMoreThanTheTerminalIsWide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var errs bytes.Buffer
		p := (&app{stderr: &errs}).newProgress("replay", "flights", 1000)
		p.bar, p.columns = true, 40
		time.Sleep(time.Second)
		p.set(2000, strings.Repeat("x", 100)) // more than announced: the bar stays within its frame
		if got := len([]rune(strings.TrimPrefix(errs.String(), "\r\x1b[K"))); got != 39 {
			t.Errorf("got %d characters, want 39", got)
		}
	})
}

func TestClockReadsAsPeopleWrite(t *testing.T) {
	for d, want := range map[time.Duration]string{
		400 * time.Millisecond: "0.4 s", 12 * time.Second: "12 s", 185 * time.Second: "3:05", 3725 * time.Second: "1:02:05",
	} {
		if got := clock(d); got != want {
			t.Errorf("%s: got %s, want %s", d, got, want)
		}
	}
}
