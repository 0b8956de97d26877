package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// maxMetadata is the broker's default offset.metadata.max.bytes.
const maxMetadata = 4096

// Commit runs one transaction: begin, produce the records (each to its Partition), check every promise, end with the
// offsets of everything polled since the last Commit. metadata gives the text committed with the offset of each
// partition whose position moved; nil commits none. Without records and without anything polled it does nothing.
//
// committed false and a nil error is a rebalance or another harmless abort: what was polled is handed out again;
// the caller drops its step. A *ProduceError says the transaction was aborted because records were refused, and
// which; what was polled is handed out again as well. A *FatalError ends the session for good. Any other error means
// that the outcome is unknown or the session dead: the caller closes it and opens a new one with the same id, and the
// offsets that one is assigned say what was committed.
//
// A cancelled ctx does not stop a transaction; each is bounded by a timeout of its own.
func (s *Session) Commit(ctx context.Context, records []*kgo.Record, metadata func(Partition) string) (committed bool, err error) {
	if len(records) == 0 && !s.polled {
		return true, nil
	}
	return s.commit(ctx, records, nil, metadata)
}

// CommitAt is Commit for records that tell of partitions from which nothing was polled. It commits where they stand, so
// that the broker refuses a session that has lost them without knowing: a transaction without offsets is fenced by
// nobody. committed is false when a partition is not owned, or does not stand there.
func (s *Session) CommitAt(ctx context.Context, records []*kgo.Record, at map[Partition]int64, metadata func(Partition) string) (committed bool, err error) {
	for p, offset := range at {
		if c := s.owned[p]; c == nil || c.next != offset {
			return false, nil
		}
	}
	return s.commit(ctx, records, at, metadata)
}

func (s *Session) commit(ctx context.Context, records []*kgo.Record, at map[Partition]int64, metadata func(Partition) string) (committed bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	defer s.sess.AllowRebalance()
	if err := s.sess.Begin(); err != nil {
		return false, s.dead("begin transaction", err)
	}
	refused, err := s.produce(ctx, records)
	if err != nil {
		return false, s.dead("produce", err)
	}
	if len(refused) > 0 {
		return false, s.abort(ctx, refused)
	}
	moved := s.cl.UncommittedOffsets()
	committed, err = s.end(kgo.PreTxnCommitFnContext(ctx, withOffsets(at, metadata)), kgo.TryCommit)
	s.polled = false
	switch {
	case err != nil:
		return false, s.dead("end transaction", err)
	case !committed:
		s.rewind()
		return false, s.confirmAborted(ctx, moved)
	}
	for p, c := range s.owned {
		if o, ok := moved[p.Topic][p.Partition]; ok {
			c.base, c.next, c.first = o.Offset, o.Offset, -1
		}
	}
	return true, nil
}

// produce hands all records to the client, then waits for every promise.
func (s *Session) produce(ctx context.Context, records []*kgo.Record) ([]Refusal, error) {
	var mu sync.Mutex
	var refused []Refusal
	for i, r := range records {
		// A produce context that ends could drop a record that is already on its way, so it gets one that never does.
		s.sess.Produce(context.WithoutCancel(ctx), r, func(_ *kgo.Record, err error) {
			if err != nil {
				mu.Lock()
				refused = append(refused, Refusal{i, advised(r.Topic, err)})
				mu.Unlock()
			}
		})
	}
	if err := s.cl.Flush(ctx); err != nil {
		return nil, fmt.Errorf("wait for %d records: %w", len(records), err)
	}
	slices.SortFunc(refused, func(a, b Refusal) int { return a.Index - b.Index })
	return refused, nil
}

// advised adds what an operator does about a refusal that is about the topic, not the record.
func advised(topic string, err error) error {
	if errors.Is(err, kerr.TopicAuthorizationFailed) {
		return fmt.Errorf("%w; grant Write and Describe on topic %s", err, topic)
	}
	return err
}

// abort ends the transaction without its records and says whose fault it was.
func (s *Session) abort(ctx context.Context, refused []Refusal) error {
	_, err := s.end(ctx, kgo.TryAbort)
	s.polled = false
	s.rewind()
	var records []Refusal
	for _, r := range refused {
		if f := fatal(r.Err, s.c.Group, s.c.ID); f != nil {
			return f
		}
		if !ofSession(r.Err) {
			records = append(records, r)
		}
	}
	switch {
	case err != nil:
		return s.dead("abort transaction", errors.Join(err, refused[0].Err))
	case len(records) > 0:
		return &ProduceError{Refused: records}
	}
	s.log.Info("transaction aborted", "session", s.c.ID, "cause", refused[0].Err)
	return nil
}

// end ends the transaction. kgo waits in End for a heartbeat, or to hear that the membership is lost; when the group
// has thrown this member out, neither comes while rebalances are held back. So after a while they no longer are: a
// revocation then turns the commit into an abort, which is safe.
func (s *Session) end(ctx context.Context, try kgo.TransactionEndTry) (committed bool, err error) {
	release := time.AfterFunc(endPatience, s.sess.AllowRebalance)
	defer release.Stop()
	return s.sess.End(ctx, try)
}

// rewind notes that kgo polls again from the last committed offsets.
func (s *Session) rewind() {
	for _, c := range s.owned {
		c.next = c.base
	}
}

// confirmAborted asks the broker whether a transaction reported as aborted really was. kgo turns an unknown outcome
// (UNKNOWN_SERVER_ERROR on EndTxn) into an abort and rewinds; had the broker committed, its records would be doubled.
func (s *Session) confirmAborted(ctx context.Context, moved map[string]map[int32]kgo.EpochOffset) error {
	if len(moved) == 0 {
		return nil
	}
	still := s.cl.CommittedOffsets() // what this session believes to be committed
	var got kadm.OffsetResponses
	for {
		var err error
		got, err = kadm.NewClient(s.cl).FetchOffsetsForTopics(kadm.RequireStable(ctx), s.c.Group, slices.Sorted(maps.Keys(moved))...)
		if err == nil {
			err = got.Error()
		}
		if err == nil {
			break
		}
		if !errors.Is(err, kerr.UnstableOffsetCommit) {
			return s.dead("confirm abort", err)
		}
		select {
		case <-ctx.Done():
			return s.dead("confirm abort", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
	for topic, ps := range moved {
		for n, want := range ps {
			if _, ours := still[topic][n]; !ours {
				continue // lost: whoever owns it now reads on from what is committed
			}
			if o, ok := got.Lookup(topic, n); ok && o.At >= want.Offset {
				return s.dead("end transaction", fmt.Errorf("the outcome was unknown and the broker has committed %s/%d up to %d", topic, n, o.At))
			}
		}
	}
	return nil
}

// dead is the error of a session that cannot go on.
func (s *Session) dead(what string, err error) error {
	err = fmt.Errorf("%s of session %s: %w", what, s.c.ID, err)
	if f := fatal(err, s.c.Group, s.c.ID); f != nil {
		return f
	}
	return err
}

// withOffsets adds offsets to the commit of what was polled, then the metadata of all.
func withOffsets(at map[Partition]int64, metadata func(Partition) string) func(*kmsg.TxnOffsetCommitRequest) error {
	return func(req *kmsg.TxnOffsetCommitRequest) error {
		for p, offset := range at {
			addOffset(req, p, offset)
		}
		return withMetadata(metadata)(req)
	}
}

func addOffset(req *kmsg.TxnOffsetCommitRequest, p Partition, offset int64) {
	i := slices.IndexFunc(req.Topics, func(t kmsg.TxnOffsetCommitRequestTopic) bool { return t.Topic == p.Topic })
	if i < 0 {
		i = len(req.Topics)
		req.Topics = append(req.Topics, kmsg.NewTxnOffsetCommitRequestTopic())
		req.Topics[i].Topic = p.Topic
	}
	t := &req.Topics[i]
	if slices.ContainsFunc(t.Partitions, func(q kmsg.TxnOffsetCommitRequestTopicPartition) bool { return q.Partition == p.Partition }) {
		return // polled since: that offset is further on
	}
	q := kmsg.NewTxnOffsetCommitRequestTopicPartition()
	q.Partition, q.Offset = p.Partition, offset
	t.Partitions = append(t.Partitions, q)
}

// withMetadata writes the metadata into the offset commit. It runs under kgo's transaction lock and must not block.
func withMetadata(metadata func(Partition) string) func(*kmsg.TxnOffsetCommitRequest) error {
	return func(req *kmsg.TxnOffsetCommitRequest) error {
		for i := range req.Topics {
			t := &req.Topics[i]
			for j := range t.Partitions {
				text := ""
				if metadata != nil {
					text = metadata(Partition{t.Topic, t.Partitions[j].Partition})
				}
				if len(text) > maxMetadata {
					return fmt.Errorf("metadata of %s/%d has %d bytes, a broker takes %d", t.Topic, t.Partitions[j].Partition, len(text), maxMetadata)
				}
				t.Partitions[j].Metadata = &text
			}
		}
		return nil
	}
}
