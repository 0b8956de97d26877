package demo

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/deadletter"
	"weir/internal/drift"
	"weir/internal/kafka"
)

// annotation is the one header that weir may add to a valid record.
const annotation = "weir.contract"

// fingerprint is what identifies a record's content: key, value, headers and timestamp. Null and empty differ.
type fingerprint [sha256.Size]byte

func fingerprintOf(key, value []byte, headers []kgo.RecordHeader, ms int64) fingerprint {
	h := sha256.New()
	var n [8]byte
	number := func(v int64) {
		binary.LittleEndian.PutUint64(n[:], uint64(v))
		h.Write(n[:])
	}
	field := func(b []byte) {
		if b == nil {
			number(-1)
			return
		}
		number(int64(len(b)))
		h.Write(b)
	}
	field(key)
	field(value)
	number(ms)
	for _, kv := range headers {
		field([]byte(kv.Key))
		field(kv.Value)
	}
	return fingerprint(h.Sum(nil))
}

// Output is everything a run produced, as a read_committed consumer sees it.
type Output struct {
	Raw, Valid map[int32][]Seen // by partition, in offset order
	Dead       []deadletter.Letter
	Reports    []*drift.Report
	Events     []*drift.Event
}

// Seen is one record of the input or the output topic, by what identifies its content.
type Seen struct {
	Offset    int64
	Timestamp int64 // Unix ms
	Content   fingerprint
	Contract  string // of an output record: the last weir.contract header
}

// SeenOf fingerprints a record. annotated takes weir's own header off first.
func SeenOf(r *kgo.Record, annotated bool) Seen {
	s := Seen{Offset: r.Offset, Timestamp: r.Timestamp.UnixMilli()}
	headers := r.Headers
	if n := len(headers); annotated && n > 0 && headers[n-1].Key == annotation {
		s.Contract, headers = string(headers[n-1].Value), headers[:n-1]
	}
	s.Content = fingerprintOf(r.Key, r.Value, headers, s.Timestamp)
	return s
}

// ReadBack reads the topics of a run from their beginning to their end, committed records only.
func ReadBack(ctx context.Context, c kafka.Config, n Names) (*Output, error) {
	o := &Output{Raw: map[int32][]Seen{}, Valid: map[int32][]Seen{}}
	for _, t := range []struct {
		topic string
		take  func(*kgo.Record) error
	}{
		{n.Input, func(r *kgo.Record) error {
			o.Raw[r.Partition] = append(o.Raw[r.Partition], SeenOf(r, false))
			return nil
		}},
		{n.Output, func(r *kgo.Record) error {
			o.Valid[r.Partition] = append(o.Valid[r.Partition], SeenOf(r, true))
			return nil
		}},
		{n.Dead, func(r *kgo.Record) error {
			l, err := deadletter.Read(r)
			o.Dead = append(o.Dead, l)
			return err
		}},
		{n.Reports, func(r *kgo.Record) error {
			report, err := drift.DecodeReport(r.Value)
			o.Reports = append(o.Reports, report)
			return err
		}},
		{n.Events, func(r *kgo.Record) error {
			if ofProcess(r) {
				return nil
			}
			event, err := drift.DecodeEvent(r.Value)
			o.Events = append(o.Events, event)
			return err
		}},
	} {
		if err := kafka.Read(ctx, c, t.topic, nil, t.take); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(o.Dead, func(a, b deadletter.Letter) int { return a.Where().Compare(b.Where()) })
	slices.SortFunc(o.Reports, func(a, b *drift.Report) int { return cmp.Compare(a.Key(), b.Key()) })
	slices.SortStableFunc(o.Events, func(a, b *drift.Event) int { return cmp.Compare(a.Key(), b.Key()) })
	return o, nil
}

// ofProcess says whether an event tells of a route's state in a process (its key is "route/<name>"), not of the data.
func ofProcess(r *kgo.Record) bool { return bytes.HasPrefix(r.Key, []byte("route/")) }
