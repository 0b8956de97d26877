package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// EndOffsets is the last stable offset of each partition: where a read_committed reader's position ends.
func (s *Session) EndOffsets(ctx context.Context, topics ...string) (map[Partition]int64, error) {
	return EndOffsets(ctx, s.cl, topics...)
}

// Ends is EndOffsets for topics of which some may be gone or forbidden: their errors are in faults, by topic, and do not
// keep the others from being answered.
func (s *Session) Ends(ctx context.Context, topics ...string) (ends map[Partition]int64, faults map[string]error, err error) {
	listed, err := kadm.NewClient(s.cl).ListCommittedOffsets(ctx, topics...)
	if err != nil {
		return nil, nil, fmt.Errorf("list end offsets: %w", err)
	}
	ends, faults = map[Partition]int64{}, map[string]error{}
	listed.Each(func(o kadm.ListedOffset) {
		if o.Err != nil {
			faults[o.Topic] = fmt.Errorf("list end offsets of %s: %w", o.Topic, o.Err)
		} else {
			ends[Partition{o.Topic, o.Partition}] = o.Offset
		}
	})
	return ends, faults, nil
}

// EndOffsets is the last stable offset of each partition: where a read_committed reader's position ends.
func EndOffsets(ctx context.Context, cl *kgo.Client, topics ...string) (map[Partition]int64, error) {
	ends := map[Partition]int64{}
	if len(topics) == 0 {
		return ends, nil
	}
	listed, err := kadm.NewClient(cl).ListCommittedOffsets(ctx, topics...)
	if err == nil {
		err = listed.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("list end offsets: %w", err)
	}
	listed.Each(func(o kadm.ListedOffset) { ends[Partition{o.Topic, o.Partition}] = o.Offset })
	return ends, nil
}

// Partitions is the number of partitions of each topic that exists; missing ones are left out.
func (s *Session) Partitions(ctx context.Context, topics ...string) (map[string]int, error) {
	return Partitions(ctx, s.cl, topics...)
}

// Committed is what the group has committed for the session's topics, by all members; partitions without a committed
// offset are left out.
func (s *Session) Committed(ctx context.Context) (map[Partition]int64, error) {
	got, err := fetchOffsets(ctx, s.cl, s.c.Group, s.c.Topics)
	if err != nil {
		return nil, err
	}
	committed := map[Partition]int64{}
	got.Each(func(o kadm.OffsetResponse) {
		if o.At >= 0 {
			committed[Partition{o.Topic, o.Partition}] = o.At
		}
	})
	return committed, nil
}

// fetchOffsets is what a group has committed; a group nobody has joined yet has committed nothing.
func fetchOffsets(ctx context.Context, cl *kgo.Client, group string, topics []string) (kadm.OffsetResponses, error) {
	got, err := kadm.NewClient(cl).FetchOffsetsForTopics(ctx, group, topics...)
	if errors.Is(err, kerr.GroupIDNotFound) {
		return nil, nil
	}
	if err == nil {
		err = got.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("fetch offsets of group %s: %w", group, err)
	}
	return got, nil
}

// pinLatest commits the end of each topic the group knows nothing of, with empty metadata, and returns those ends. Only
// an empty group takes such a commit: a member that joins a running group begins at the ends without it (see adjust).
func pinLatest(ctx context.Context, cl *kgo.Client, group string, topics []string) (map[Partition]int64, error) {
	got, err := fetchOffsets(ctx, cl, group, topics)
	if err != nil {
		return nil, err
	}
	var first []string
	for _, t := range topics {
		known := false
		for _, o := range got[t] {
			known = known || o.At >= 0
		}
		if !known {
			first = append(first, t)
		}
	}
	ends, err := EndOffsets(ctx, cl, first...)
	if err != nil || len(ends) == 0 {
		return nil, err
	}
	var pin kadm.Offsets
	for p, end := range ends {
		pin.AddOffset(p.Topic, p.Partition, end, -1)
	}
	err = kadm.NewClient(cl).CommitAllOffsets(ctx, group, pin)
	if err != nil && !errors.Is(err, kerr.UnknownMemberID) && !errors.Is(err, kerr.IllegalGeneration) {
		return nil, fmt.Errorf("commit first offsets of group %s: %w", group, err)
	}
	return ends, nil
}

// batchLimits reads max.message.bytes of topics. A topic whose configuration cannot be read is left out: the default
// then holds, and a broker that takes less says so.
func batchLimits(ctx context.Context, cl *kgo.Client, topics []string) map[string]int32 {
	limits := map[string]int32{}
	if len(topics) == 0 {
		return limits
	}
	configs, err := kadm.NewClient(cl).DescribeTopicConfigs(ctx, slices.Compact(slices.Sorted(slices.Values(topics)))...)
	if err != nil {
		return limits
	}
	for _, rc := range configs {
		for _, c := range rc.Configs {
			if c.Key != "max.message.bytes" || c.Value == nil || rc.Err != nil {
				continue
			}
			if n, err := strconv.ParseInt(*c.Value, 10, 64); err == nil {
				limits[rc.Name] = int32(min(max(n, 512), maxBuffered))
			}
		}
	}
	return limits
}
