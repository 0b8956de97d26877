package main

import (
	"context"
	"errors"
	"fmt"

	"weir/internal/gate"
	"weir/internal/kafka"
)

// preflight checks the topics of the routes and weir's own. A route with an error is stopped, with the reason; warnings
// are logged. Without weir's own topics nothing can run.
func (s *service) preflight(ctx context.Context, routes []gate.Route, stopped map[string]string) (sound []gate.Route, err error) {
	wants := kafka.OwnWants(s.config.Group)
	for _, r := range routes {
		output, dead := r.Output, r.DeadLetters
		if r.Mode == gate.Observe {
			output = ""
		}
		if r.Mode != gate.Enforce {
			dead = ""
		}
		wants = append(wants, kafka.RouteWants(r.Name, r.Input, output, dead)...)
	}
	found, err := kafka.Preflight(ctx, s.kafka, wants)
	if err != nil {
		return nil, err
	}
	var own []error
	for _, f := range found {
		switch {
		case f.Severity == kafka.Warning:
			s.telemetry.Log.Warn("preflight", "route", f.Route, "topic", f.Topic, "finding", f.Message, "remedy", f.Remedy)
		case f.Route == "":
			own = append(own, errors.New(f.Text()))
		case stopped[f.Route] != "":
			stopped[f.Route] += "\n" + f.Text()
		default:
			stopped[f.Route] = f.Text()
		}
	}
	if len(own) > 0 {
		return nil, exit(exitUsage, errors.Join(append(own, fmt.Errorf("`weir setup -c %s` prints the commands that create weir's own topics, --apply runs them", s.config.File))...))
	}
	for _, r := range routes {
		if stopped[r.Name] == "" {
			sound = append(sound, r)
		}
	}
	return sound, nil
}
