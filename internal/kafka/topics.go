package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// OwnPartitions is how many partitions weir's own topics get when nobody says otherwise: as many monitors can share
// the work of a group.
const OwnPartitions = 4

// Topics are weir's own topics; their names begin with the group's.
type Topics struct{ Profiles, Reports, Events, State string }

// TopicsOf names the topics of a group: <group>.profiles, .reports, .events and .state.
func TopicsOf(group string) Topics {
	return Topics{group + ".profiles", group + ".reports", group + ".events", group + ".state"}
}

// NewTopic is a topic to be created.
type NewTopic struct {
	Name        string
	Partitions  int
	Replication int16             // -1 is the broker's default
	Configs     map[string]string // broker's defaults for what is left out
}

// ownMessageBytes lets a report or a state record of a contract with thousands of columns through.
const ownMessageBytes = "8388608"

// Own lists the topics of a group as they are created. Profiles keep a week, for monitors that were away; reports
// and events are kept; the state is compacted and has the partition count of the profiles, because a monitor that
// owns a partition of the profiles reads the same partition of the state.
func Own(group string, partitions int) []NewTopic {
	t, n := TopicsOf(group), max(partitions, 1)
	deleted := func(retention string) map[string]string {
		return map[string]string{"cleanup.policy": "delete", "retention.ms": retention, "max.message.bytes": ownMessageBytes}
	}
	const week = "604800000"
	return []NewTopic{
		{t.Profiles, n, -1, deleted(week)},
		{t.Reports, n, -1, deleted("-1")},
		{t.Events, n, -1, deleted("-1")},
		{t.State, n, -1, map[string]string{"cleanup.policy": "compact", "max.message.bytes": ownMessageBytes}},
	}
}

// EnsureOwn creates what is missing of a group's own topics and returns the names it created. Topics that exist stay
// as they are; that they fit is for Preflight to say. partitions below 1 is OwnPartitions; a state topic that is
// missing follows profiles that exist.
func EnsureOwn(ctx context.Context, cl *kgo.Client, group string, partitions int) ([]string, error) {
	if partitions < 1 {
		partitions = OwnPartitions
	}
	counts, err := Partitions(ctx, cl, TopicsOf(group).Profiles, TopicsOf(group).State)
	if err != nil {
		return nil, err
	}
	t := TopicsOf(group)
	if n := max(counts[t.Profiles], counts[t.State]); n > 0 {
		partitions = n
	}
	return Create(ctx, cl, Own(group, partitions))
}

// Create creates topics and returns the names of those that did not exist yet. It goes on after a refusal and
// returns all of them joined.
func Create(ctx context.Context, cl *kgo.Client, topics []NewTopic) (created []string, err error) {
	adm := kadm.NewClient(cl)
	var errs []error
	for _, t := range topics {
		configs := make(map[string]*string, len(t.Configs))
		for k, v := range t.Configs {
			configs[k] = &v
		}
		_, err := adm.CreateTopic(ctx, int32(t.Partitions), t.Replication, configs, t.Name)
		switch {
		case err == nil:
			created = append(created, t.Name)
		case errors.Is(err, kerr.TopicAlreadyExists):
		default:
			errs = append(errs, fmt.Errorf("create topic %s: %w", t.Name, err))
		}
	}
	return slices.Clip(created), errors.Join(errs...)
}

// Partitions is the number of partitions of each topic that exists; missing topics are left out.
func Partitions(ctx context.Context, cl *kgo.Client, topics ...string) (map[string]int, error) {
	if len(topics) == 0 {
		return map[string]int{}, nil // no topics would ask for all
	}
	details, err := kadm.NewClient(cl).ListTopicsWithInternal(ctx, topics...)
	if err != nil {
		return nil, fmt.Errorf("list topics: %w", err)
	}
	counts := make(map[string]int, len(details))
	for name, d := range details {
		switch {
		case d.Err == nil:
			counts[name] = len(d.Partitions)
		case errors.Is(d.Err, kerr.UnknownTopicOrPartition):
		default:
			return nil, fmt.Errorf("describe topic %s: %w", name, d.Err)
		}
	}
	return counts, nil
}
