package kafkatest

import (
	"context"
	"fmt"
	"hash/fnv"
	"sync"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/kafka"
)

// scan reads a topic from its start to its end of now with a fresh client. It waits for open transactions when it
// reads committed records only. Control records are left out; topic "" has no records.
func scan(ctx context.Context, c kafka.Config, topic string, isolation kgo.IsolationLevel) (map[int32][]*kgo.Record, error) {
	all := map[int32][]*kgo.Record{}
	if topic == "" {
		return all, nil
	}
	cl, err := kafka.NewClient(ctx, c, kgo.FetchIsolationLevel(isolation), kgo.KeepControlRecords(),
		kgo.ConsumeTopics(topic), kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	left, err := unread(ctx, cl, topic)
	if err != nil {
		return nil, err
	}
	for len(left) > 0 {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			return nil, fmt.Errorf("scan %s: %w (left: %v)", topic, err, left)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			end, ok := left[r.Partition]
			if !ok {
				return
			}
			if r.Offset < end && !r.Attrs.IsControl() {
				all[r.Partition] = append(all[r.Partition], r)
			}
			if r.Offset+1 >= end {
				delete(left, r.Partition)
			}
		})
	}
	return all, nil
}

// unread is the end offset of each partition that holds anything.
func unread(ctx context.Context, cl *kgo.Client, topic string) (map[int32]int64, error) {
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
	left := map[int32]int64{}
	ends.Each(func(o kadm.ListedOffset) {
		if start, _ := starts.Lookup(topic, o.Partition); start.Offset < o.Offset {
			left[o.Partition] = o.Offset
		}
	})
	return left, nil
}

// Watch is a read_committed reader that runs while a flow does: what it is shown must be what is there in the end,
// so that no reader ever saw a record of an aborted transaction, or one record before another.
type Watch struct {
	c      kafka.Config
	cancel context.CancelFunc
	done   sync.WaitGroup
	count  atomic.Int64 // records seen so far

	// Written by the reading goroutine, read after done.
	seen map[kafka.Partition][]sighting
}

type sighting struct {
	offset int64
	hash   uint64 // of key and value
}

func sight(r *kgo.Record) sighting {
	h := fnv.New64a()
	h.Write(r.Key)
	h.Write([]byte{0})
	h.Write(r.Value)
	return sighting{r.Offset, h.Sum64()}
}

// StartWatch begins to read a flow's output and dead letters. Stop must be called.
func StartWatch(ctx context.Context, c kafka.Config, f Flow) (*Watch, error) {
	var topics []string
	for _, t := range []string{f.Output, f.Dead} {
		if t != "" {
			topics = append(topics, t)
		}
	}
	cl, err := kafka.NewClient(ctx, c, kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeTopics(topics...), kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()), kgo.AlwaysRetryEOF())
	if err != nil {
		return nil, err
	}
	w := &Watch{c: c, seen: map[kafka.Partition][]sighting{}}
	ctx, w.cancel = context.WithCancel(ctx)
	w.done.Go(func() {
		defer cl.Close()
		for ctx.Err() == nil {
			cl.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
				p := kafka.Partition{Topic: r.Topic, Partition: r.Partition}
				w.seen[p] = append(w.seen[p], sight(r))
				w.count.Add(1)
			})
		}
	})
	return w, nil
}

// Stop ends the reader and compares what it saw with what is there now: the same records in the same order, up to
// where it came. It returns how many records it saw.
func (w *Watch) Stop(ctx context.Context) (int, error) {
	w.cancel()
	w.done.Wait()
	n := 0
	topics := map[string]map[int32][]*kgo.Record{}
	for p, seen := range w.seen {
		if topics[p.Topic] == nil {
			all, err := scan(ctx, w.c, p.Topic, kgo.ReadCommitted())
			if err != nil {
				return n, err
			}
			topics[p.Topic] = all
		}
		now := topics[p.Topic][p.Partition]
		for i, s := range seen {
			if i >= len(now) || sight(now[i]) != s {
				return n, fmt.Errorf("a reader of %s was shown offset %d as its record %d, which is not there now", p, s.offset, i)
			}
			n++
		}
	}
	return n, nil
}
