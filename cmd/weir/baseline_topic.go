package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/config"
	"weir/internal/kafka"
)

// topicRange is the part of a topic to read: per partition from an offset or Kafka timestamp on, up to one or the end.
type topicRange struct {
	brokers             []string
	name, from, to      string
	tls                 bool
	ca, mechanism, user string
}

func (t topicRange) connection() kafka.Config {
	c := config.Default().Kafka
	c.Brokers = t.brokers
	c.TLS.Enabled = t.tls || t.ca != ""
	c.TLS.CA.File = t.ca
	c.SASL.Mechanism, c.SASL.User = t.mechanism, t.user
	c.SASL.Password = config.NewSecret(os.Getenv("WEIR_KAFKA_PASSWORD"))
	return c.Client(nil)
}

// offsetSpan is what is left to read of a partition.
type offsetSpan struct{ next, end int64 }

// addTopic reads the range, committed records only.
func (a *app) addTopic(ctx context.Context, b *baselineBuild, t topicRange) error {
	if err := checkSASL(t.mechanism, t.user); err != nil {
		return err
	}
	// Control records are kept because they alone move the position past an aborted or trailing transaction.
	cl, err := kafka.NewClient(ctx, t.connection(), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords())
	if err != nil {
		return err
	}
	defer cl.Close()
	left, err := t.spans(ctx, kadm.NewClient(cl))
	if err != nil {
		return err
	}
	start, total := map[int32]kgo.Offset{}, int64(0)
	for p, s := range left {
		start[p] = kgo.NewOffset().At(s.next)
		total += s.end - s.next
	}
	bar := a.newProgress(t.name, "records", total)
	defer bar.finish()
	cl.AddConsumePartitions(map[string]map[int32]kgo.Offset{t.name: start})
	for len(left) > 0 {
		fetches := cl.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			return err
		}
		if errs := fetches.Errors(); len(errs) > 0 {
			return fmt.Errorf("read %s/%d: %w", t.name, errs[0].Partition, errs[0].Err)
		}
		for iter := fetches.RecordIter(); !iter.Done(); {
			if err := takeRecord(b, left, iter.Next()); err != nil {
				return err
			}
		}
		bar.set(total-remaining(left), "")
	}
	bar.set(total, "")
	return nil
}

// takeRecord adds a record of the range; the partition is done with when its end is reached.
func takeRecord(b *baselineBuild, left map[int32]offsetSpan, r *kgo.Record) error {
	s, ok := left[r.Partition]
	if !ok {
		return nil
	}
	if s.next = r.Offset + 1; s.next >= s.end {
		delete(left, r.Partition)
	} else {
		left[r.Partition] = s
	}
	if r.Attrs.IsControl() || r.Offset >= s.end {
		return nil
	}
	return b.add(r)
}

func remaining(left map[int32]offsetSpan) (n int64) {
	for _, s := range left {
		n += s.end - s.next
	}
	return n
}

// spans resolves the range to offsets; partitions with nothing in it are left out.
func (t topicRange) spans(ctx context.Context, adm *kadm.Client) (map[int32]offsetSpan, error) {
	starts, err := listed(adm.ListStartOffsets(ctx, t.name))
	if err != nil {
		return nil, fmt.Errorf("list start offsets of %s: %w", t.name, err)
	}
	ends, err := listed(adm.ListCommittedOffsets(ctx, t.name))
	if err != nil {
		return nil, fmt.Errorf("list end offsets of %s: %w", t.name, err)
	}
	from, err := rangeBound(ctx, adm, t.name, "--from", t.from, starts)
	if err != nil {
		return nil, err
	}
	to, err := rangeBound(ctx, adm, t.name, "--to", t.to, ends)
	if err != nil {
		return nil, err
	}
	left := map[int32]offsetSpan{}
	for p, end := range ends {
		s := offsetSpan{max(starts[p], from[p]), min(end, to[p])}
		if s.next < s.end {
			left[p] = s
		}
	}
	if len(left) == 0 {
		return nil, exit(exitFindings, fmt.Errorf("topic %s holds no record in that range", t.name))
	}
	return left, nil
}

// listed takes the offsets out of kadm's answer.
func listed(offsets kadm.ListedOffsets, err error) (map[int32]int64, error) {
	if err == nil {
		err = offsets.Error()
	}
	if err != nil {
		return nil, err
	}
	out := map[int32]int64{}
	offsets.Each(func(o kadm.ListedOffset) { out[o.Partition] = o.Offset })
	if len(out) == 0 {
		return nil, errors.New("it has no partitions")
	}
	return out, nil
}

// rangeBound resolves one end of the range: "" is the default, a number an offset, a time the first record stamped then
// or later.
func rangeBound(ctx context.Context, adm *kadm.Client, topic, flag, text string, byDefault map[int32]int64) (map[int32]int64, error) {
	if text == "" {
		return byDefault, nil
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 0 {
		out := map[int32]int64{}
		for p := range byDefault {
			out[p] = n
		}
		return out, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil, exit(exitUsage, fmt.Errorf("%s %q: want an offset or a time (2013-01-01T00:00:00Z)", flag, text))
	}
	out, err := listed(adm.ListOffsetsAfterMilli(ctx, at.UnixMilli(), topic))
	if err != nil {
		return nil, fmt.Errorf("list offsets of %s at %s: %w", topic, text, err)
	}
	return out, nil
}
