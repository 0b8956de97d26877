package main

import (
	"math/rand/v2"
	"sync"

	"weir/internal/demo"
)

// flights are real records under a real contract; only the faults are made.
func flights() *shape {
	required := []string{"year", "month", "day", "sched_dep_time", "sched_arr_time", "carrier", "flight", "origin", "dest",
		"distance", "hour", "minute", "time_hour"}
	year := sync.OnceValues(func() ([]demo.Flight, error) { // reading it takes a second
		january, rest, err := demo.Flights()
		return append(january, rest...), err
	})
	return &shape{
		name:     "flights",
		contract: "contracts/flights/1.0.0.odcs.yaml",
		records: func(_ *rand.Rand, n int) ([]*object, error) {
			all, err := year()
			if err != nil {
				return nil, err
			}
			list := make([]*object, n)
			for i := range list { // from all over the year
				if list[i], err = flat(all[i*len(all)/n].Value); err != nil {
					return nil, err
				}
			}
			return list, nil
		},
		faults: []fault{
			{"wrong type", 25, func(r *rand.Rand, o *object) {
				name := one(r, "year", "month", "day", "sched_dep_time", "flight", "distance", "hour", "minute")
				o.set(name, one(r, text("%s", o.get(name)), leaf("null")))
			}},
			{"out of range", 25, func(r *rand.Rand, o *object) {
				switch r.IntN(4) {
				case 0:
					o.set("dep_time", integer(between(r, 2401, 2561)))
				case 1:
					o.set("month", integer(one(r, 0, 13)))
				case 2:
					o.set("minute", integer(between(r, 60, 99)))
				case 3:
					o.set("distance", integer(between(r, 12452, 99999)))
				}
			}},
			{"missing", 15, func(r *rand.Rand, o *object) { o.remove(one(r, required...)) }},
			{"unknown carrier", 15, func(r *rand.Rand, o *object) { o.set("carrier", text("%s", one(r, "ZZ", "XX", "ua"))) }},
			{"pattern", 10, func(r *rand.Rand, o *object) {
				name := one(r, "tailnum", "origin", "dest")
				o.set(name, text("%s", one(r, "n14228", "New York", "")))
			}},
			{"time format", 5, func(r *rand.Rand, o *object) {
				o.set("time_hour", text("2013-%02d-%02d", between(r, 1, 12), between(r, 1, 28)))
			}},
		},
	}
}
