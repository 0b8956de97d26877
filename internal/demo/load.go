package demo

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/kafka"
)

// Place is where a record of the stream lies in the input topic.
type Place struct {
	Partition int32
	Offset    int64
}

// Load produces the stream to a topic in event-time order and returns where each record lies. The partition follows
// from the key (murmur2, as every Kafka client does it), so it is the same on every broker; the timestamp is the
// time of producing. progress is told how many records the broker has taken; it may be nil.
func Load(ctx context.Context, c kafka.Config, topic string, stream []Flight, progress func(done int)) ([]Place, error) {
	cl, err := kafka.NewClient(ctx, c,
		kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)),
		kgo.RequiredAcks(kgo.AllISRAcks()))
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	places := make([]Place, len(stream))
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var done atomic.Int64
	for i, f := range stream {
		if ctx.Err() != nil {
			break
		}
		cl.Produce(ctx, &kgo.Record{Topic: topic, Key: []byte(f.Key), Value: f.Value}, func(r *kgo.Record, err error) {
			if err != nil {
				cancel(fmt.Errorf("produce flight %d: %w", i, err))
				return
			}
			places[i] = Place{r.Partition, r.Offset} // written by the client's goroutine, read after Flush
			if n := done.Add(1); progress != nil {
				progress(int(n))
			}
		})
	}
	err = cl.Flush(ctx)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if err == nil && int(done.Load()) != len(stream) {
		err = errors.New("the broker acknowledged fewer records than were produced")
	}
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", topic, err)
	}
	return places, nil
}
