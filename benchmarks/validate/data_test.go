package main

import (
	"bytes"
	"path/filepath"
	"slices"
	"testing"
)

const perTest = 400 // records of a data set

func TestData(t *testing.T) {
	for _, s := range shapes() {
		t.Run(s.name, func(t *testing.T) {
			valid := datasetOf(t, s, 0)
			for _, percent := range shares {
				d := datasetOf(t, s, percent)
				t.Run(d.name(), func(t *testing.T) {
					verdictsAreAsIntended(t, s, d)
					onlyFaultyLinesDiffer(t, d, valid)
					again := datasetOf(t, s, percent)
					if !slices.EqualFunc(again.lines, d.lines, bytes.Equal) || !slices.Equal(again.faults, d.faults) {
						t.Error("made twice, the records differ")
					}
				})
			}
		})
	}
}

func datasetOf(t *testing.T, s *shape, percent int) *dataset {
	t.Helper()
	d, err := s.dataset(perTest, percent, measured)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func verdictsAreAsIntended(t *testing.T, s *shape, d *dataset) {
	files, err := s.write(t.TempDir(), filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	weir, err := weirCheck(files.weir)
	if err != nil {
		t.Fatal(err)
	}
	library, err := v5Check(files.schema, all)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := d.invalid(), perTest*d.percent/100; got != want {
		t.Errorf("got %d records with a fault, want %d", got, want)
	}
	for i, line := range d.lines {
		want := d.faults[i] == ""
		if got := weir(line); got != want {
			t.Errorf("line %d, fault %q: weir says valid=%v, want %v: %.300s", i+1, d.faults[i], got, want, line)
		}
		if got := library(line); got != want {
			t.Errorf("line %d, fault %q: jsonschema/v5 says valid=%v, want %v: %.300s", i+1, d.faults[i], got, want, line)
		}
	}
}

// A share is comparable with another because the rest of the records are the same bytes.
func onlyFaultyLinesDiffer(t *testing.T, d, valid *dataset) {
	for i, line := range d.lines {
		if same := bytes.Equal(line, valid.lines[i]); same != (d.faults[i] == "") {
			t.Errorf("line %d, fault %q: the bytes of the valid record=%v", i+1, d.faults[i], same)
		}
	}
}

func TestWeightsLeaveTheTruncated(t *testing.T) {
	for _, s := range shapes() {
		sum := truncatedPercent
		for _, f := range s.faults {
			sum += f.weight
		}
		if sum != 100 {
			t.Errorf("%s: weights add up to %d, want 100", s.name, sum)
		}
	}
}
