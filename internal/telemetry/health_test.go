package telemetry

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestStatusIsReadyOnceEveryStageIs(t *testing.T) {
	s := NewStatus()
	check := func(moment string, want bool) {
		t.Helper()
		if got := s.Health().Ready; got != want {
			t.Errorf("%s: got ready %v, want %v", moment, got, want)
		}
	}
	check("before any stage", false)
	s.SetStage("gate", true, "")
	check("gate ready", true)
	s.SetStage("monitor", false, "reading state")
	check("monitor not", false)
	s.SetStage("monitor", true, "")
	s.SetRoute("a", Stopped, "no such topic")
	check("a route stopped", true)
	s.Draining()
	check("draining", false)
	s.SetStage("gate", true, "")
	check("still draining", false)
}

func TestSinceMovesWithTheStateOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewStatus()
		begin := time.Now().UTC()
		s.SetRoute("a", Waiting, "broker is down")
		time.Sleep(time.Minute)
		s.SetRoute("a", Waiting, "topic is gone")
		if got := s.Health().Routes["a"]; got.Since != begin || got.Reason != "topic is gone" {
			t.Errorf("another reason: got %+v, want since %s and the new reason", got, begin)
		}
		s.SetRoute("a", Running, "")
		if got := s.Health().Routes["a"]; got.Since != begin.Add(time.Minute) {
			t.Errorf("another state: got since %s, want a minute later", got.Since)
		}
	})
}

func TestStatusWritesItsMomentAsJSON(t *testing.T) {
	s := NewStatus()
	s.SetStage("gate", true, "")
	s.SetRoute("a", Stopped, "contract refused")
	var got Health
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &got); err != nil || !got.Ready || got.Routes["a"].State != Stopped || got.Routes["a"].Reason != "contract refused" {
		t.Errorf("got %s, %v", raw, err)
	}
}

func TestStatusMayBeUsedFromManyGoroutines(t *testing.T) {
	s := NewStatus()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 100 {
				s.SetRoute(fmt.Sprint(i), Running, "")
				s.SetStage("gate", true, "")
				_ = s.Health()
			}
		})
	}
	wg.Wait()
	if got := len(s.Health().Routes); got != 8 {
		t.Errorf("got %d routes, want 8", got)
	}
}
