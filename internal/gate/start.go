package gate

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/kafka"
)

// A marker in <group>.state remembers that the group has read a source partition, apart from its committed offset:
// without it, an expired offset or a mistyped group would silently begin at the start and double every record.

// markEvery is how often a partition's marker is renewed; the offset it names is at most so old.
const markEvery = time.Minute

const markerFormat = 1

// marker is the state topic's record under "marker/<topic>/<partition>".
type marker struct {
	Format    int    `json:"format"`
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Next      int64  `json:"next"` // committed at the time
}

func (s *session) marker(p kafka.Partition, next int64) *kgo.Record {
	v, err := json.Marshal(marker{markerFormat, p.Topic, p.Partition, next})
	if err != nil {
		panic("gate: encode marker: " + err.Error()) // only plain fields: cannot fail
	}
	return &kgo.Record{
		Topic: s.topics.State, Partition: kafka.PartitionFor(p.Topic, s.partitions[s.topics.State]),
		Key: fmt.Appendf(nil, "marker/%s", p), Value: v,
	}
}

// begin decides where partitions without a committed offset start. Where the group has left a marker the offset was
// lost, not missing: the route is set aside and the error names the last offset known. A partition whose topic is
// known was added later and starts at its beginning, whatever the route says.
func (s *session) begin(ctx context.Context, assigned []kafka.Assigned) (map[kafka.Partition]error, error) {
	var fresh []kafka.Partition
	for _, a := range assigned {
		if a.Offset < 0 {
			fresh = append(fresh, a.Partition)
		}
	}
	if len(fresh) == 0 {
		return nil, nil
	}
	known, err := s.markers(ctx)
	lost := map[kafka.Partition]error{}
	for _, p := range fresh {
		if next, ok := known[p]; ok {
			lost[p] = fmt.Errorf("group %s has no committed offset for %s, but had read it up to offset %d or further: "+
				"the offset has expired or was deleted; set it with kafka-consumer-groups --reset-offsets before starting again", s.Group, p, next)
		}
	}
	return lost, err
}

// markers reads the last committed offsets that the group's markers name.
func (s *session) markers(ctx context.Context) (map[kafka.Partition]int64, error) {
	known := map[kafka.Partition]int64{}
	err := kafka.Read(ctx, s.Kafka, s.topics.State, nil, func(r *kgo.Record) error {
		var m marker
		if !strings.HasPrefix(string(r.Key), "marker/") || r.Value == nil {
			return nil
		}
		if err := json.Unmarshal(r.Value, &m); err != nil || m.Format != markerFormat {
			return &kafka.FatalError{Err: fmt.Errorf("read %s: marker %s is not of format %d", r.Topic, r.Key, markerFormat)}
		}
		known[kafka.Partition{Topic: m.Topic, Partition: m.Partition}] = m.Next
		return nil
	})
	return known, err
}

// latest are the inputs whose first start is at their end: where the group has left a marker it is no first start, even
// if the offsets are gone.
func (s *session) latest(ctx context.Context) (topics []string, err error) {
	wanted := slices.ContainsFunc(s.Routes, func(r Route) bool { return r.Latest })
	if !wanted {
		return nil, nil
	}
	known, err := s.markers(ctx)
	for _, r := range s.Routes {
		read := false
		for p := range known {
			read = read || p.Topic == r.Input
		}
		if r.Latest && !read {
			topics = append(topics, r.Input)
		}
	}
	return topics, err
}
