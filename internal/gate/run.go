package gate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/sync/errgroup"

	"weir/internal/kafka"
)

// Run runs the gate's sessions until ctx ends, which drains: the cycle under way is committed, then the sessions
// close and Run returns nil. It returns an error when a session cannot go on whatever it tries (fenced, refused).
func Run(ctx context.Context, c Config) error {
	if err := c.validate(); err != nil {
		return err
	}
	c = c.withDefaults()
	cat, err := NewCatalog(c.Routes)
	if err != nil {
		return err
	}
	m, err := newInstruments(c)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	for i := range c.Sessions {
		s := &session{
			Config: c, cat: cat, instruments: m,
			topics: kafka.TopicsOf(c.Group),
			id:     fmt.Sprintf("%s.gate.%s.%d", c.Group, c.Instance, i),
			name:   fmt.Sprintf("gate/%d", i),
		}
		g.Go(func() error { return s.run(ctx) })
	}
	return g.Wait()
}

// run keeps a session alive: after an error whose outcome is unknown the session is rebuilt under the same id, which
// makes the broker resolve what was open, and the committed offsets say where to go on.
func (s *session) run(ctx context.Context) error {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = 100*time.Millisecond, 10*time.Second
	for {
		began := time.Now()
		err := s.live(ctx)
		switch {
		case err == nil || ctx.Err() != nil:
			return nil
		case isFatal(err):
			s.Status.SetStage(s.name, false, err.Error())
			return fmt.Errorf("gate session %s: %w", s.id, err)
		}
		if time.Since(began) > time.Minute {
			wait.Reset()
		}
		pause := wait.NextBackOff()
		s.Status.SetStage(s.name, false, err.Error())
		s.Log.Warn("session lost, opening it again", "session", s.id, "in", pause, "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// live opens the session and cycles until it ends, well (nil) or not.
func (s *session) live(ctx context.Context) (err error) {
	s.reset()
	latest, err := s.latest(ctx)
	if err != nil {
		return err
	}
	s.kafka, err = kafka.Open(ctx, kafka.SessionConfig{
		Config: s.Kafka, Group: s.Group, ID: s.id, Topics: s.inputs(),
		Outputs: s.outputs(), Latest: latest, KeepControlRecords: true,
	})
	if err != nil {
		return err
	}
	done := false
	defer func() { s.kafka.Close(context.WithoutCancel(ctx), done) }()
	s.Status.SetStage(s.name, true, "")
	for ctx.Err() == nil {
		done, err = s.cycle(ctx)
		if done || err != nil {
			return err
		}
	}
	return nil
}

// outputs are the topics the session writes to.
func (s *session) outputs() (topics []string) {
	for _, r := range s.Routes {
		if r.Mode != Observe {
			topics = append(topics, r.Output)
		}
		if r.Mode == Enforce {
			topics = append(topics, r.DeadLetters)
		}
	}
	return append(topics, s.topics.Profiles, s.topics.State)
}

func isFatal(err error) bool {
	var fatal *kafka.FatalError
	return errors.As(err, &fatal)
}
