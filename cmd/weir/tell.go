package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/kafka"
	"weir/internal/telemetry"
)

// routeEvent is the CloudEvent of a route that stops, waits or runs again.
type routeEvent struct {
	SpecVersion     string         `json:"specversion"`
	ID              string         `json:"id"`
	Source          string         `json:"source"`
	Type            string         `json:"type"` // io.weir.route.stopped.v1, .waiting.v1 or .running.v1
	Subject         string         `json:"subject"`
	Time            string         `json:"time"`
	DataContentType string         `json:"datacontenttype"`
	Data            routeEventData `json:"data"`
}

type routeEventData struct {
	Route  string               `json:"route"`
	State  telemetry.RouteState `json:"state"`
	Reason string               `json:"reason,omitempty"`
}

// tell writes one event per change of a route's state to the events topic until ctx ends. A route that runs from the
// start is no news. Unlike the events of findings these tell of this process, so they carry the clock.
func (s *service) tell(ctx context.Context) error {
	cl, err := kafka.NewClient(ctx, s.kafka)
	if err != nil {
		return nil // the stages say so, and go on trying
	}
	defer cl.Close()
	told := map[string]telemetry.RouteHealth{}
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for {
		for name, now := range s.status.Health().Routes {
			was, known := told[name]
			if known && was.State == now.State || !known && now.State == telemetry.Running {
				told[name] = now
				continue
			}
			if err := cl.ProduceSync(ctx, s.routeEvent(name, now)).FirstErr(); err != nil {
				s.telemetry.Log.Warn("cannot write event of route", "route", name, "error", err)
				continue
			}
			told[name] = now
		}
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
		}
	}
}

func (s *service) routeEvent(name string, h telemetry.RouteHealth) *kgo.Record {
	at := h.Since.UTC().Format(time.RFC3339Nano)
	id := sha256.Sum256(fmt.Append(nil, s.config.Group, "/", s.config.Instance, "/", name, "/", h.State, "/", at))
	v, err := json.Marshal(routeEvent{
		SpecVersion: "1.0", ID: hex.EncodeToString(id[:16]), Source: "/weir/" + s.config.Environment,
		Type: "io.weir.route." + string(h.State) + ".v1", Subject: name, Time: at, DataContentType: "application/json",
		Data: routeEventData{Route: name, State: h.State, Reason: h.Reason},
	})
	if err != nil {
		panic("encode route event: " + err.Error()) // only plain fields: cannot fail
	}
	return &kgo.Record{
		Topic: kafka.TopicsOf(s.config.Group).Events, Key: []byte("route/" + name), Value: v,
		Headers: []kgo.RecordHeader{{Key: "content-type", Value: []byte("application/cloudevents+json; charset=UTF-8")}},
	}
}
