package monitor

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/columns"
	"weir/internal/contract"
	"weir/internal/profile"
	"weir/internal/window"
)

func testContract(t *testing.T) *contract.Contract {
	t.Helper()
	c, err := contract.Load("testdata/readings.odcs.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func testCatalog(t *testing.T, c *contract.Contract, topics ...string) *Catalog {
	t.Helper()
	var sources []Source
	for _, topic := range topics {
		sources = append(sources, Source{Topic: topic, Contract: c})
	}
	cat, err := NewCatalog(sources, nil, "test")
	if err != nil {
		t.Fatal(err)
	}
	return cat
}

// clock reads "10:05", "+1 10:05" (the next day) or "-700000 00:00" as Unix milliseconds around 8 February 2013.
func clock(t *testing.T, s string) int64 {
	t.Helper()
	days := 0
	if day, hm, ok := strings.Cut(s, " "); ok {
		n, err := strconv.Atoi(day)
		if err != nil {
			t.Fatal(err)
		}
		days, s = n, hm
	}
	at, err := time.Parse("2006-01-02 15:04", "2013-02-08 "+s)
	if err != nil {
		t.Fatal(err)
	}
	return at.AddDate(0, 0, days).UnixMilli()
}

// script runs a testdata file: input lines change the state, and "close" is followed by the reports it must print.
//
//	profile 10:00 valid 2 dead 1        counts of the window at 10:00, or "unplaced"
//	progress in/0 of 2 at 10:05         a source's watermark ("-" for none), with flags idle, ended and from N next N
//	accept                              the gaps found
//	restart                             through the state topic's records
//	close                               then one line per report, or "stuck <reason>"
type script struct {
	t     *testing.T
	c     *contract.Contract
	cat   *Catalog
	state *State
	topic map[string]*kgo.Record // the state topic, compacted
	next  map[string]int64
}

func TestScripts(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			c := testContract(t)
			s := &script{t: t, c: c, cat: testCatalog(t, c, "in"), state: NewState(), topic: map[string]*kgo.Record{}, next: map[string]int64{}}
			s.run(string(text))
		})
	}
}

func (s *script) run(text string) {
	var want, got []string
	compare := func() {
		if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
			s.t.Errorf("got\n%s\nwant\n%s", g, w)
		}
		want, got = nil, nil
	}
	for n, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		switch {
		case len(f) == 0:
		case f[0] == "profile":
			s.profile(f[1:])
		case f[0] == "progress":
			s.progress(f[1:])
		case f[0] == "restart":
			s.restart()
		case f[0] == "accept":
			s.state.AcceptGaps()
		case f[0] == "close":
			compare()
			got = s.close()
		case strings.HasPrefix(line, "  "):
			want = append(want, strings.Join(f, " "))
		default:
			s.t.Fatalf("line %d: %q", n+1, line)
		}
	}
	compare()
}

func (s *script) profile(f []string) {
	w := window.Unplaced
	if f[0] != "unplaced" {
		w = s.c.Window.Of(clock(s.t, s.time(&f)))
	}
	layout := columns.NewLayout(s.c)
	grid := profile.DefaultGrid(layout)
	p := profile.New(profile.Key{Contract: s.c.ID, Digest: s.c.Digest, Grid: grid.Digest(), Window: w}, grid, layout)
	for f = f[1:]; len(f) > 1; f = f[2:] {
		n, err := strconv.ParseUint(f[1], 10, 64)
		if err != nil {
			s.t.Fatal(err)
		}
		switch f[0] {
		case "valid":
			p.Counts.Valid = n
		case "dead":
			p.Counts.Dead = n
		}
	}
	if err := s.state.FoldProfile(p); err != nil {
		s.t.Fatal(err)
	}
}

// time joins "+1 10:00" when the day stands apart.
func (s *script) time(f *[]string) string {
	if strings.HasPrefix((*f)[0], "+") || strings.HasPrefix((*f)[0], "-") && len((*f)[0]) > 1 {
		at := (*f)[0] + " " + (*f)[1]
		*f = (*f)[1:]
		return at
	}
	return (*f)[0]
}

func (s *script) progress(f []string) {
	topic, p, _ := strings.Cut(f[0], "/")
	n, _ := strconv.Atoi(p)
	src := profile.Source{Topic: topic, Partition: int32(n), From: s.next[f[0]], Next: s.next[f[0]]}
	name := f[0]
	for f = f[1:]; len(f) > 0; f = f[1:] {
		switch f[0] {
		case "of":
			src.Partitions, _ = strconv.Atoi(f[1])
			f = f[1:]
		case "from":
			src.From, _ = strconv.ParseInt(f[1], 10, 64)
			f = f[1:]
		case "next":
			src.Next, _ = strconv.ParseInt(f[1], 10, 64)
			f = f[1:]
		case "at":
			f = f[1:]
			if f[0] != "-" {
				mark := clock(s.t, s.time(&f))
				src.Watermark = &mark
			}
		case "idle":
			src.Idle = true
		case "ended":
			src.Ended = true
		default:
			s.t.Fatalf("progress: %q", f[0])
		}
	}
	s.next[name] = src.Next
	s.state.FoldProgress(&profile.Progress{Contract: s.c.Name, Sources: []profile.Source{src}})
}

// restart writes the changes into the state topic and reads the state back from it.
func (s *script) restart() {
	changes, err := s.state.Changes(1) // the smallest chunks: one per column
	if err != nil {
		s.t.Fatal(err)
	}
	for _, r := range changes {
		if r.Value == nil {
			delete(s.topic, string(r.Key))
		} else {
			s.topic[string(r.Key)] = r
		}
	}
	s.state = NewState()
	for _, r := range s.topic {
		if err := s.state.Restore(r); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *script) close() (lines []string) {
	closed, stuck := s.state.Close(s.cat)
	for _, c := range closed {
		r := c.Report
		at, err := time.Parse(time.RFC3339, r.Window.Start)
		if err != nil {
			s.t.Fatal(err)
		}
		line := at.UTC().Format("02 15:04")
		for _, n := range []struct {
			name string
			n    uint64
		}{{"valid", r.Counts.Valid}, {"dead", r.Counts.Dead}, {"late", r.Counts.Late()}, {"gap", uint64(r.Gap)}} {
			if n.n > 0 {
				line += fmt.Sprintf(" %s %d", n.name, n.n)
			}
		}
		if r.Partial {
			line += " partial"
		}
		if len(r.ClosedWithout) > 0 {
			line += " without " + strings.Join(r.ClosedWithout, ",")
		}
		lines = append(lines, line)
	}
	for _, why := range stuck {
		lines = append(lines, "stuck "+why)
	}
	return lines
}

func TestStateRecordsOfAClosedWindowAreDeleted(t *testing.T) {
	c := testContract(t)
	s := &script{t: t, c: c, cat: testCatalog(t, c, "in"), state: NewState(), topic: map[string]*kgo.Record{}, next: map[string]int64{}}
	s.profile([]string{"10:00", "valid", "3"})
	s.progress(strings.Fields("in/0 of 1 at 10:30"))
	s.restart()
	if len(s.topic) < 2 {
		t.Fatalf("got %d state records, want a head and the open window's chunks", len(s.topic))
	}
	s.progress(strings.Fields("in/0 of 1 at 11:10"))
	s.close()
	s.restart()
	if _, head := s.topic["head/readings"]; !head || len(s.topic) != 1 {
		t.Errorf("got %d state records, want the head alone", len(s.topic))
	}
}

func TestReportsDoNotDependOnTheOrderOfPartials(t *testing.T) {
	c := testContract(t)
	run := func(lines ...string) []byte {
		s := &script{t: t, c: c, cat: testCatalog(t, c, "in"), state: NewState(), topic: map[string]*kgo.Record{}, next: map[string]int64{}}
		for _, l := range lines {
			if f := strings.Fields(l); f[0] == "profile" {
				s.profile(f[1:])
			} else {
				s.progress(f[1:])
			}
		}
		closed, _ := s.state.Close(s.cat)
		var b bytes.Buffer
		for _, c := range closed {
			b.Write(c.Report.Encode())
		}
		return b.Bytes()
	}
	want := run("profile 10:00 valid 3", "profile unplaced dead 1", "profile 10:00 valid 2 dead 4", "progress in/0 of 2 at 11:15", "progress in/1 of 2 at 11:20")
	got := run("profile 10:00 valid 2 dead 4", "progress in/1 of 2 at 11:20", "profile 10:00 valid 3", "profile unplaced dead 1", "progress in/0 of 2 at 11:15")
	if len(want) == 0 || !bytes.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestVersionsOfOneContractMustCutWindowsAlike(t *testing.T) {
	a := testContract(t)
	b := *a
	b.Version, b.Digest = "2.0.0", "sha256:other"
	b.Window.Lateness += time.Hour
	if _, err := NewCatalog([]Source{{Topic: "in", Contract: a}, {Topic: "in2", Contract: &b}}, nil, ""); err == nil {
		t.Error("two versions with different lateness were accepted")
	}
}

func TestVersionsCompareByTheirNumbers(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"1.2.0", "1.10.0", -1}, {"2.0.0", "1.10.0", 1}, {"1.0", "1.0.0", -1}, {"1.0.0", "1.0.0", 0}, {"1.0.a", "1.0.b", -1}} {
		if got := compareVersions(c.a, c.b); got != c.want {
			t.Errorf("%s and %s: got %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestWindowsOfAnotherSizeBlockInsteadOfOverlapping(t *testing.T) {
	c := testContract(t)
	s := &script{t: t, c: c, cat: testCatalog(t, c, "in"), state: NewState(), topic: map[string]*kgo.Record{}, next: map[string]int64{}}
	s.profile([]string{"10:00", "valid", "3"})
	s.progress(strings.Fields("in/0 of 1 at 12:30"))
	other := *c
	other.Window.Size = window.Size{N: 1, Unit: 'd'}
	_, stuck := s.state.Close(testCatalog(t, &other, "in"))
	if !strings.Contains(stuck[c.Name], "cut differently") {
		t.Errorf("got %v, want the contract stuck", stuck)
	}
	if closed, _ := s.state.Close(s.cat); len(closed) != 2 {
		t.Errorf("under the old size: %d windows closed, want 2", len(closed))
	}
}

func TestAProfileInFewerChunksLeavesNoneOfTheOldBehind(t *testing.T) {
	c := testContract(t)
	s := &script{t: t, c: c, cat: testCatalog(t, c, "in"), state: NewState(), topic: map[string]*kgo.Record{}, next: map[string]int64{}}
	s.profile([]string{"10:00", "valid", "3"})
	s.restart() // in the smallest chunks
	many := len(s.topic)
	s.profile([]string{"10:00", "valid", "4"})
	changes, err := s.state.Changes(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	deleted := 0
	for _, r := range changes {
		if r.Value == nil {
			deleted++
		}
	}
	if many < 2 || deleted != many-1 {
		t.Errorf("%d chunks became one and %d were deleted, want %d", many, deleted, many-1)
	}
}
