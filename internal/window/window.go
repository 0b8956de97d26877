// Package window does the calendar arithmetic of event time: which window an instant falls into, and when a
// watermark has passed it. In go Unix milliseconds and a contract's Spec, out come half-open windows.
// It reads no clock and keeps no state.
package window

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the contract's zone must resolve in a container without zone files
)

// NoWatermark stands for a source partition that has not delivered a valid record yet.
const NoWatermark = math.MinInt64

// Window is the half-open span [Start, End) of event time, in Unix milliseconds UTC.
type Window struct{ Start, End int64 }

// Unplaced is the window of counts made before their partition had any watermark; the monitor adds them
// to the first window it closes.
var Unplaced = Window{Start: NoWatermark, End: NoWatermark}

// Size is a calendar length: N units of "m", "h", "d" or "w" (weeks begin on Monday).
type Size struct {
	N    int
	Unit byte // 'm', 'h', 'd', 'w'
}

// ParseSize reads "15m", "1h", "1d", "1w". Minutes must divide an hour and hours a day, and days and weeks
// must be 1, so that every window is aligned with the calendar.
func ParseSize(s string) (Size, error) {
	bad := fmt.Errorf("window %q: want minutes that divide an hour (15m), hours that divide a day (6h), 1d or 1w", s)
	if len(s) < 2 {
		return Size{}, bad
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	if err != nil || n < 1 || strings.HasPrefix(s, "+") {
		return Size{}, bad
	}
	z := Size{N: n, Unit: s[len(s)-1]}
	switch {
	case z.Unit == 'm' && n <= 60 && 60%n == 0,
		z.Unit == 'h' && n <= 24 && 24%n == 0,
		z.Unit == 'd' && n == 1,
		z.Unit == 'w' && n == 1:
		return z, nil
	}
	return Size{}, bad
}

func (z Size) String() string { return strconv.Itoa(z.N) + string(z.Unit) }

// Spec is how a contract cuts event time into windows.
type Spec struct {
	Size     Size
	Zone     *time.Location
	Lateness time.Duration // how long after a window's end its partition still counts records into it
}

// Of returns the window that contains the instant ms (Unix milliseconds). A day follows the zone's calendar,
// so it may last 23 or 25 hours; hours and minutes are cut within the zone's day by elapsed time.
func (s Spec) Of(ms int64) Window {
	t := time.UnixMilli(ms).In(s.Zone)
	y, m, d := t.Date()
	switch s.Size.Unit {
	case 'd':
		return s.days(y, m, d, 1)
	case 'w':
		d -= (int(t.Weekday()) + 6) % 7
		return s.days(y, m, d, 7)
	}
	day := s.days(y, m, d, 1)
	step := int64(s.Size.N) * int64(time.Minute/time.Millisecond)
	if s.Size.Unit == 'h' {
		step *= 60
	}
	start := day.Start + (ms-day.Start)/step*step
	return Window{start, min(start+step, day.End)}
}

// Next returns the window that begins where w ends.
func (s Spec) Next(w Window) Window { return s.Of(w.End) }

// Count is the number of windows from a's start to b's, by the windows' nominal length: daylight saving rounds away.
func (s Spec) Count(a, b Window) int {
	unit := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}[s.Size.Unit]
	step := int64(s.Size.N) * unit.Milliseconds()
	return int((b.Start - a.Start + step/2) / step)
}

// Passed says whether a watermark has left w behind, lateness included: w takes no more records.
func (s Spec) Passed(w Window, watermark int64) bool {
	return watermark != NoWatermark && watermark >= w.End+s.Lateness.Milliseconds()
}

// days is the span of n calendar days from the given date: from midnight to midnight, never by adding 24 hours.
func (s Spec) days(y int, m time.Month, d, n int) Window {
	return Window{s.midnight(y, m, d), s.midnight(y, m, d+n)}
}

// midnight is the first instant of a date in the zone. Where daylight saving skips 00:00 that is the instant clocks
// are put forward; where it repeats 00:00 it is the first of the two. time.Date promises neither.
func (s Spec) midnight(y int, m time.Month, d int) int64 {
	t := time.Date(y, m, d, 0, 0, 0, 0, s.Zone)
	day := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Day()
	begin, end := t.ZoneBounds()
	switch {
	case t.Day() != day: // resolved into the evening before
		return end.UnixMilli()
	case t.Hour() != 0 || t.Minute() != 0: // resolved past the gap
		return begin.UnixMilli()
	}
	if before := begin.Add(-time.Millisecond); !begin.IsZero() && before.In(s.Zone).Day() == day && t.Sub(begin) < 24*time.Hour {
		_, was := before.In(s.Zone).Zone()
		_, is := t.Zone()
		return t.Add(time.Duration(is-was) * time.Second).UnixMilli()
	}
	return t.UnixMilli()
}
