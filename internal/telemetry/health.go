package telemetry

import (
	"encoding/json"
	"sync"
	"time"
)

// RouteState is what a route is doing.
type RouteState string

const (
	Running RouteState = "running"
	Waiting RouteState = "waiting" // set aside, tried again by itself
	Stopped RouteState = "stopped" // for good, until somebody changes the configuration
)

// Status is the health of a process: what /readyz answers. Stages write it, web reads it; all methods may be called
// from several goroutines.
type Status struct {
	mu       sync.Mutex
	stages   map[string]StageHealth
	routes   map[string]RouteHealth
	draining bool
}

// Health is one moment of a Status.
type Health struct {
	Ready    bool                   `json:"ready"`
	Draining bool                   `json:"draining,omitempty"`
	Stages   map[string]StageHealth `json:"stages"`
	Routes   map[string]RouteHealth `json:"routes"`
}

// StageHealth is one stage's readiness.
type StageHealth struct {
	Ready  bool      `json:"ready"`
	Detail string    `json:"detail,omitempty"`
	Since  time.Time `json:"since"` // of the present readiness
}

// RouteHealth is one route's state.
type RouteHealth struct {
	State  RouteState `json:"state"`
	Reason string     `json:"reason,omitempty"` // empty when running
	Since  time.Time  `json:"since"`            // of the present state
}

// NewStatus is the health of a process that has just begun: not ready, because no stage has said so.
func NewStatus() *Status {
	return &Status{stages: map[string]StageHealth{}, routes: map[string]RouteHealth{}}
}

// SetStage tells whether a stage ("gate", "monitor") is ready, and the detail to show.
func (s *Status) SetStage(name string, ready bool, detail string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	since := time.Now().UTC()
	if old, ok := s.stages[name]; ok && old.Ready == ready {
		since = old.Since
	}
	s.stages[name] = StageHealth{ready, detail, since}
}

// SetRoute tells a route's state. A route that is not running does not make the process unready: the others flow.
func (s *Status) SetRoute(name string, state RouteState, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	since := time.Now().UTC()
	if old, ok := s.routes[name]; ok && old.State == state {
		since = old.Since
	}
	s.routes[name] = RouteHealth{state, reason, since}
}

// Draining tells that the process is about to end: not ready from now on, still alive.
func (s *Status) Draining() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draining = true
}

// Health is the present moment. Ready means that there are stages, all are ready, and none is being drained.
func (s *Status) Health() Health {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := Health{Ready: len(s.stages) > 0 && !s.draining, Draining: s.draining,
		Stages: make(map[string]StageHealth, len(s.stages)), Routes: make(map[string]RouteHealth, len(s.routes))}
	for name, stage := range s.stages {
		h.Stages[name] = stage
		h.Ready = h.Ready && stage.Ready
	}
	for name, route := range s.routes {
		h.Routes[name] = route
	}
	return h
}

// MarshalJSON is the present moment's.
func (s *Status) MarshalJSON() ([]byte, error) { return json.Marshal(s.Health()) }
