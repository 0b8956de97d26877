package kafka

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Read hands every committed record of some partitions of a topic (all of them when partitions is nil) to fn, from
// the beginning up to the high watermark at the time of the call, in offset order per partition. It waits for
// transactions that are open below the high watermark to be decided.
func Read(ctx context.Context, c Config, topic string, partitions []int32, fn func(*kgo.Record) error) error {
	// Control records are kept because they alone move the position past an aborted or trailing transaction.
	cl, err := NewClient(ctx, c, kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords())
	if err != nil {
		return err
	}
	defer cl.Close()
	left, err := spans(ctx, cl, topic, partitions)
	if err != nil {
		return err
	}
	from := map[int32]kgo.Offset{}
	for p, span := range left {
		from[p] = kgo.NewOffset().At(span.next)
	}
	cl.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: from})
	for len(left) > 0 {
		fetches := cl.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("read %s: %w", topic, err)
		}
		if errs := fetches.Errors(); len(errs) > 0 {
			return fmt.Errorf("read %s/%d: %w", topic, errs[0].Partition, errs[0].Err)
		}
		for iter := fetches.RecordIter(); !iter.Done(); {
			r := iter.Next()
			span, ok := left[r.Partition]
			if !ok {
				continue
			}
			if r.Offset < span.end && !r.Attrs.IsControl() {
				r.Timestamp = timestamp(r.Timestamp)
				if err := fn(r); err != nil {
					return err
				}
			}
			if span.next = r.Offset + 1; span.next >= span.end {
				delete(left, r.Partition)
			} else {
				left[r.Partition] = span
			}
		}
	}
	return nil
}

type span struct{ next, end int64 }

// spans are the offsets to read; partitions without any are left out.
func spans(ctx context.Context, cl *kgo.Client, topic string, partitions []int32) (map[int32]span, error) {
	adm := kadm.NewClient(cl)
	starts, err := adm.ListStartOffsets(ctx, topic)
	if err == nil {
		err = starts.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("list start offsets of %s: %w", topic, err)
	}
	ends, err := adm.ListEndOffsets(ctx, topic)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("list end offsets of %s: %w", topic, err)
	}
	wanted := map[int32]bool{}
	for _, p := range partitions {
		wanted[p] = true
	}
	left := map[int32]span{}
	ends.Each(func(o kadm.ListedOffset) {
		start, _ := starts.Lookup(topic, o.Partition)
		if (partitions == nil || wanted[o.Partition]) && start.Offset < o.Offset {
			left[o.Partition] = span{start.Offset, o.Offset}
		}
	})
	return left, nil
}
