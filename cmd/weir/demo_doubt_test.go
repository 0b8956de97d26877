package main

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"weir/internal/deadletter"
	"weir/internal/demo"
)

// TestDemoIsTheSameWithoutTheFastPath runs the whole year three times: with the fast path, with every record left to the
// library, and with one value in four left to it, where parts and whole records take turns. What the stages publish is
// equal to the byte, dead letters but for who wrote them when.
func TestDemoIsTheSameWithoutTheFastPath(t *testing.T) {
	fast, report := demoDoubting(t, nil)
	if report.In != 309_772 || report.Dead != 806 || report.In != report.Valid+report.Dead {
		t.Errorf("got %d in, %d valid, %d dead", report.In, report.Valid, report.Dead)
	}
	letters := lettersOf(t, fast)
	if len(letters) != report.Dead {
		t.Errorf("got %d dead letters, want %d", len(letters), report.Dead)
	}
	for name, doubts := range map[string]func() bool{
		"every value doubted":    func() bool { return true },
		"one in four, at random": func() bool { return rand.Uint32()%4 == 0 },
	} {
		t.Run(name, func(t *testing.T) {
			var doubted atomic.Int64
			folder, again := demoDoubting(t, func() bool {
				doubt := doubts()
				if doubt {
					doubted.Add(1)
				}
				return doubt
			})
			if doubted.Load() < int64(report.In) {
				t.Errorf("%d values were doubted, of %d records", doubted.Load(), report.In)
			}
			if again.In != report.In || again.Valid != report.Valid || again.Dead != report.Dead {
				t.Errorf("%d in, %d valid and %d dead, want %d, %d and %d", again.In, again.Valid, again.Dead, report.In, report.Valid, report.Dead)
			}
			for _, file := range []string{demo.ReportsFile, demo.EventsFile} {
				if !bytes.Equal(contents(t, folder, file), contents(t, fast, file)) {
					t.Errorf("%s differs from that of the fast path", file)
				}
			}
			sameLines(t, lettersOf(t, folder), letters)
		})
	}
}

func demoDoubting(t *testing.T, doubt func() bool) (folder string, r demoReport) {
	t.Helper()
	folder = t.TempDir()
	var out, errs bytes.Buffer
	a := &app{stdout: &out, stderr: &errs}
	err := a.runDemo(t.Context(), demoOptions{seed: 42, partitions: 4, gates: 1, save: folder, output: "json", doubt: doubt})
	if jsonErr := json.Unmarshal(out.Bytes(), &r); err != nil || jsonErr != nil {
		t.Fatalf("demo: %v, %v\n%s%s", err, jsonErr, errs.String(), out.String())
	}
	return folder, r
}

// lettersOf are the dead letters of a run without what differs between runs over the same records: the time of loading,
// the time of rejecting, and where the letter lies in its topic.
func lettersOf(t *testing.T, folder string) (lines []string) {
	t.Helper()
	for line := range bytes.Lines(contents(t, folder, demo.DeadFile)) {
		var letter map[string]any
		if err := json.Unmarshal(line, &letter); err != nil {
			t.Fatal(err)
		}
		delete(letter, "offset")
		delete(letter, "ts")
		headers, _ := letter["headers"].([]any)
		i := slices.Index(headers, any(deadletter.HeaderAt))
		if i < 0 || !slices.Contains(headers, any(deadletter.HeaderViolations)) {
			t.Fatalf("not a dead letter: %s", line)
		}
		letter["headers"] = slices.Delete(headers, i, i+2)
		text, err := json.Marshal(letter)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(text))
	}
	slices.Sort(lines)
	return lines
}
