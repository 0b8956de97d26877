package window

import (
	"testing"
	"time"
)

func spec(t *testing.T, size, zone string, late time.Duration) Spec {
	t.Helper()
	z, err := ParseSize(size)
	if err != nil {
		t.Fatal(err)
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return Spec{Size: z, Zone: loc, Lateness: late}
}

func ms(t *testing.T, s string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMilli()
}

func TestWindowsFollowTheZonesCalendar(t *testing.T) {
	for _, c := range []struct{ name, size, zone, at, start, end string }{
		{"a day begins at local midnight", "1d", "America/New_York", "2013-02-08T04:59:59Z", "2013-02-07T05:00:00Z", "2013-02-08T05:00:00Z"},
		{"the start belongs to the window", "1d", "America/New_York", "2013-02-08T05:00:00Z", "2013-02-08T05:00:00Z", "2013-02-09T05:00:00Z"},
		{"a day of 23 hours", "1d", "America/New_York", "2013-03-10T12:00:00Z", "2013-03-10T05:00:00Z", "2013-03-11T04:00:00Z"},
		{"a day of 25 hours", "1d", "America/New_York", "2013-11-03T12:00:00Z", "2013-11-03T04:00:00Z", "2013-11-04T05:00:00Z"},
		{"a midnight that does not exist", "1d", "America/Sao_Paulo", "2018-11-04T12:00:00Z", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"},
		{"a midnight that comes twice", "1d", "America/Havana", "2018-11-04T04:30:00Z", "2018-11-04T04:00:00Z", "2018-11-05T05:00:00Z"},
		{"a week begins on Monday", "1w", "UTC", "2013-02-10T23:59:59Z", "2013-02-04T00:00:00Z", "2013-02-11T00:00:00Z"},
		{"an hour in a zone off by 30 minutes", "1h", "Asia/Kolkata", "2013-02-08T05:29:00Z", "2013-02-08T04:30:00Z", "2013-02-08T05:30:00Z"},
		{"quarters of an hour", "15m", "UTC", "2013-02-08T05:29:00Z", "2013-02-08T05:15:00Z", "2013-02-08T05:30:00Z"},
		{"six hours end with a short day", "6h", "America/New_York", "2013-03-11T03:00:00Z", "2013-03-10T23:00:00Z", "2013-03-11T04:00:00Z"},
		{"six hours end with a long day", "6h", "America/New_York", "2013-11-04T04:30:00Z", "2013-11-04T04:00:00Z", "2013-11-04T05:00:00Z"},
		{"before 1970", "1d", "UTC", "1969-12-31T23:59:59Z", "1969-12-31T00:00:00Z", "1970-01-01T00:00:00Z"},
		{"the year 1", "1d", "UTC", "0001-01-01T12:00:00Z", "0001-01-01T00:00:00Z", "0001-01-02T00:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := spec(t, c.size, c.zone, 0).Of(ms(t, c.at))
			if want := (Window{ms(t, c.start), ms(t, c.end)}); got != want {
				t.Errorf("got %s to %s, want %s to %s", time.UnixMilli(got.Start).UTC(), time.UnixMilli(got.End).UTC(), c.start, c.end)
			}
		})
	}
}

func TestWindowsTileTheYearWithoutGapOrOverlap(t *testing.T) {
	for _, size := range []string{"15m", "1h", "6h", "1d", "1w"} {
		for _, zone := range []string{"UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo", "America/Havana", "Asia/Beirut", "Atlantic/Azores"} {
			s := spec(t, size, zone, 0)
			w := s.Of(ms(t, "2017-12-31T00:00:00Z"))
			for end := ms(t, "2019-01-02T00:00:00Z"); w.End < end; {
				if got := s.Of(w.Start); got != w {
					t.Fatalf("%s %s: the start of %v lies in %v", size, zone, w, got)
				}
				if got := s.Of(w.End - 1); got != w {
					t.Fatalf("%s %s: the last instant of %v lies in %v", size, zone, w, got)
				}
				next := s.Next(w)
				if next.Start != w.End || next.End <= next.Start {
					t.Fatalf("%s %s: after %v comes %v", size, zone, w, next)
				}
				w = next
			}
		}
	}
}

func TestPassedWaitsForLateness(t *testing.T) {
	s := spec(t, "1d", "UTC", 2*time.Hour)
	w := s.Of(ms(t, "2013-02-08T00:00:00Z"))
	for at, want := range map[string]bool{
		"2013-02-09T00:00:00Z": false,
		"2013-02-09T01:59:59Z": false,
		"2013-02-09T02:00:00Z": true,
	} {
		if got := s.Passed(w, ms(t, at)); got != want {
			t.Errorf("watermark %s: got %v, want %v", at, got, want)
		}
	}
	if s.Passed(w, NoWatermark) {
		t.Error("a window is passed without any watermark")
	}
}

func TestCountRoundsDaylightSavingAway(t *testing.T) {
	s := spec(t, "1d", "America/New_York", 0)
	a, b := s.Of(ms(t, "2013-01-01T12:00:00Z")), s.Of(ms(t, "2013-07-01T12:00:00Z"))
	if got, want := s.Count(a, b), 181; got != want {
		t.Errorf("got %d, want %d", got, want)
	}
}

func TestParseSizeRefusesWhatDoesNotAlign(t *testing.T) {
	for _, s := range []string{"", "d", "0m", "7m", "61m", "5h", "25h", "2d", "2w", "1y", "-1h", "+1h", "1.5h", "1 d"} {
		if z, err := ParseSize(s); err == nil {
			t.Errorf("%q: got %v, want an error", s, z)
		}
	}
	for _, s := range []string{"1m", "15m", "60m", "1h", "6h", "24h", "1d", "1w"} {
		z, err := ParseSize(s)
		if err != nil || z.String() != s {
			t.Errorf("%q: got %v, %v", s, z, err)
		}
	}
}
