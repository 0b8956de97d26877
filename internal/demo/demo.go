// Package demo runs weir on real data whose faults are known: the flights of New York in 2013, with faults injected
// on a seed, over an in-process broker or a real one. In go a seed and a cluster; out come the stream with its ground
// truth, an audit that accounts for every record and every injected fault, a summary, and files to look at later.
// It judges nothing itself: gate and monitor run as they do in production, and the audit reads only what a consumer
// could read. The in-process broker is for demonstrations and tests: it keeps nothing and listens on loopback only.
package demo

import (
	"time"

	"weir/internal/kafka"
)

// Zone is the time zone of the flights' days, as of the demo's contract.
const Zone = "America/New_York"

// BaselineID names the baseline made of January.
const BaselineID = "2013-01"

// Names are the topics of one run. A prefix keeps runs on a shared broker apart.
type Names struct {
	Group               string
	Input, Output, Dead string
	kafka.Topics
}

// NamesOf gives the topics of a run, all of them beginning with prefix ("" or "demo-20261122-140208.").
func NamesOf(prefix string) Names {
	group := prefix + "weir-demo"
	return Names{
		Group: group, Input: prefix + "flights.raw", Output: prefix + "flights.features", Dead: prefix + "flights.dead",
		Topics: kafka.TopicsOf(group),
	}
}

// All lists every topic of the run.
func (n Names) All() []string {
	return []string{n.Input, n.Output, n.Dead, n.Profiles, n.Reports, n.Events, n.State}
}

// location is the zone of the flights' days; package window embeds the zone database.
func location() *time.Location {
	l, err := time.LoadLocation(Zone)
	if err != nil {
		panic(err) // a constant name in an embedded database
	}
	return l
}
