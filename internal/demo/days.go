package demo

import (
	"errors"
	"math/rand/v2"
)

// Where a window fault may lie.
const (
	blockDays  = 3  // days of one window fault
	marginDays = 4  // ordinary days around it: a finding needs three quiet windows to clear
	edgeDays   = 5  // from the first and the last day of the stream
	apartDays  = 12 // between the beginnings of two
)

// day is one New York day of the stream.
type day struct {
	day       string
	from, to  int // flights, as indices into the stream
	neverLeft int // without departure time
}

// ordinary says whether the day looks like most days: enough flights, few of them cancelled. The blizzard of
// February, the storms of May, Thanksgiving and the snow of December are not.
func (d day) ordinary() bool {
	n := d.to - d.from
	return n >= 700 && d.neverLeft*10 < n
}

func countDays(stream []Flight) []day {
	var days []day
	for i, f := range stream {
		if len(days) == 0 || days[len(days)-1].day != f.Day {
			days = append(days, day{day: f.Day, from: i})
		}
		d := &days[len(days)-1]
		d.to = i + 1
		if f.neverLeft {
			d.neverLeft++
		}
	}
	return days
}

// chooseBlocks draws where each window fault begins, as indices into days.
func chooseBlocks(days []day, rng *rand.Rand) ([]int, error) {
	var free []int
	for start := edgeDays; start+blockDays+edgeDays <= len(days); start++ {
		fit := true
		for i := start - marginDays; i < start+blockDays+marginDays; i++ {
			fit = fit && days[i].ordinary()
		}
		if fit {
			free = append(free, start)
		}
	}
	var starts []int
	for range windowFaults {
		var open []int
		for _, f := range free {
			far := true
			for _, s := range starts {
				far = far && (f-s >= apartDays || s-f >= apartDays)
			}
			if far {
				open = append(open, f)
			}
		}
		if len(open) == 0 {
			return nil, errors.New("inject faults: no stretch of ordinary days is left for a window fault")
		}
		starts = append(starts, open[rng.IntN(len(open))])
	}
	return starts, nil
}
