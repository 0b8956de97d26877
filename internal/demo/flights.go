package demo

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"weir/internal/files"
)

//go:embed data/flights2013.parquet
var flights2013 []byte

// Flight is one record to be: its JSON value has all 19 columns of the data, nulls included.
type Flight struct {
	Key   string // carrier and flight number, "UA-1545": flights of one number stay in order
	Value []byte
	Time  time.Time // scheduled hour, the event time, UTC
	Day   string    // New York day, "2013-02-08"

	neverLeft bool // dep_time is null
}

// Flights returns the flights of 2013 in event-time order: January, which makes the baseline, and the rest, which
// is the stream.
func Flights() (january, stream []Flight, err error) {
	r, err := files.OpenBytes("flights2013.parquet", flights2013, files.Options{Format: files.Parquet})
	if err != nil {
		return nil, nil, fmt.Errorf("open flights: %w", err)
	}
	defer r.Close()
	zone := location()
	all := make([]Flight, 0, 336_776)
	for {
		record, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, fmt.Errorf("read flights: %w", err)
		}
		f, err := newFlight(record.Value, zone)
		if err != nil {
			return nil, nil, fmt.Errorf("read flight %d: %w", len(all), err)
		}
		all = append(all, f)
	}
	slices.SortStableFunc(all, func(a, b Flight) int { return a.Time.Compare(b.Time) })
	first := slices.IndexFunc(all, func(f Flight) bool { return f.Day >= "2013-02" })
	return all[:first:first], all[first:], nil
}

func newFlight(value []byte, zone *time.Location) (Flight, error) {
	var v struct {
		Carrier  string    `json:"carrier"`
		Flight   int       `json:"flight"`
		DepTime  *int      `json:"dep_time"`
		TimeHour time.Time `json:"time_hour"`
	}
	if err := json.Unmarshal(value, &v); err != nil {
		return Flight{}, err
	}
	return Flight{
		Key: fmt.Sprintf("%s-%d", v.Carrier, v.Flight), Value: slices.Clone(value),
		Time: v.TimeHour.UTC(), Day: v.TimeHour.In(zone).Format(time.DateOnly), neverLeft: v.DepTime == nil,
	}, nil
}
