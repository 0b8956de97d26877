package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Assigned is a partition this session now owns, with what the group had committed for it.
type Assigned struct {
	Partition
	Offset   int64  // committed offset, -1 when the group has none
	Metadata string // committed with the offset
	Start    int64  // where reading begins: Offset, or the first offset that exists
}

// Polled is one poll's result. Changes of ownership come first: a caller applies Lost, then Assigned, then Records.
type Polled struct {
	Lost     []Partition // ordered; what was polled of them and not committed is void
	Assigned []Assigned  // ordered
	Records  map[Partition][]*kgo.Record
	Faults   []PartitionError // partitions that cannot be read on; the others flow
	Degraded []error          // passing troubles the client retries by itself, for logs and health
}

// Poll waits for up to max records, until ownership changes or ctx ends (which is not an error: it returns what
// there is). Records are in offset order, aborted ones left out. A poll after one that returned records, without a
// Commit in between, returns what follows. An error means that the session is over, see FatalError.
func (s *Session) Poll(ctx context.Context, max int) (Polled, error) {
	var out Polled
	for {
		if !s.polled {
			s.sess.AllowRebalance()
		}
		sliceCtx, cancel := context.WithTimeout(ctx, slice)
		fetches := s.sess.PollRecords(sliceCtx, max)
		cancel()
		if len(fetches) == 0 {
			// kgo found only records of paused or revoked partitions and holds no rebalance back.
			if ctx.Err() != nil {
				return out, nil
			}
			continue
		}
		s.own(&out)
		if err := s.classify(ctx, fetches, &out); err != nil {
			return Polled{}, err
		}
		if err := s.take(fetches, &out); err != nil {
			return Polled{}, err
		}
		if len(out.Records)+len(out.Lost)+len(out.Assigned)+len(out.Faults) > 0 || ctx.Err() != nil {
			return out, nil
		}
	}
}

// own compares what kgo has offsets for with what this session owned. Called while a poll holds rebalances back.
func (s *Session) own(out *Polled) {
	now := s.cl.CommittedOffsets()
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := range s.owned {
		_, still := now[p.Topic][p.Partition]
		_, again := s.pending[p]
		if !still || again { // again: lost and regained since the last poll, perhaps with progress by another member
			out.Lost = append(out.Lost, p)
			delete(s.owned, p)
		}
	}
	for topic, ps := range now {
		for n := range ps {
			p := Partition{topic, n}
			if a, ok := s.pending[p]; ok {
				out.Assigned = append(out.Assigned, a)
				s.owned[p] = &cursor{next: a.Start, base: a.Start, first: -1}
				delete(s.pending, p)
			}
		}
	}
	slices.SortFunc(out.Lost, Partition.Compare)
	slices.SortFunc(out.Assigned, func(a, b Assigned) int { return a.Compare(b.Partition) })
}

// take moves the fetched records into out and checks that the log goes on where it was left.
func (s *Session) take(fetches kgo.Fetches, out *Polled) error {
	var err error
	fetches.EachPartition(func(ftp kgo.FetchTopicPartition) {
		if len(ftp.Records) == 0 {
			return
		}
		p := Partition{ftp.Topic, ftp.Partition}
		c := s.owned[p]
		if c == nil {
			err = errors.Join(err, fmt.Errorf("poll %s: records of a partition this session does not own", p))
			return
		}
		first := ftp.Records[0].Offset
		switch {
		case first < c.next:
			err = errors.Join(err, fmt.Errorf("poll %s: offset %d came again, %d was expected", p, first, c.next))
		case c.first >= 0 && c.next == c.base && first > c.first:
			err = errors.Join(err, fmt.Errorf("poll %s: offset %d after an abort, %d was expected: records would be skipped", p, first, c.first))
		}
		if c.next == c.base {
			c.first = first
		}
		c.next = ftp.Records[len(ftp.Records)-1].Offset + 1
		for _, r := range ftp.Records {
			r.Timestamp = timestamp(r.Timestamp)
		}
		if out.Records == nil {
			out.Records = map[Partition][]*kgo.Record{}
		}
		out.Records[p] = append(out.Records[p], ftp.Records...)
		s.polled = true
	})
	return err
}

// classify sorts the errors of a poll into fatal (returned), of one partition, and passing.
func (s *Session) classify(ctx context.Context, fetches kgo.Fetches, out *Polled) error {
	for _, fe := range fetches.Errors() {
		group := &kgo.ErrGroupSession{}
		switch {
		case errors.Is(fe.Err, context.DeadlineExceeded), errors.Is(fe.Err, context.Canceled):
		case errors.Is(fe.Err, kgo.ErrClientClosed):
			return fmt.Errorf("poll: %w", fe.Err)
		case errors.As(fe.Err, &group):
			if err := fatal(group.Err, s.c.Group, s.c.ID); err != nil {
				return err
			}
			s.degraded(out, "", fe.Err)
		default:
			if err := fatal(fe.Err, s.c.Group, s.c.ID); err != nil {
				return err
			}
			if f, ok := s.fault(ctx, fe); ok {
				out.Faults = append(out.Faults, f)
				s.once(f.Partition.String(), &f)
			} else {
				s.degraded(out, Partition{fe.Topic, fe.Partition}.String(), fe.Err)
			}
		}
	}
	return nil
}

func (s *Session) degraded(out *Polled, where string, err error) {
	out.Degraded = append(out.Degraded, fmt.Errorf("poll %s: %w", where, err))
	s.once(where, err)
}

// once logs an error unless it is the last one logged of that place: kgo repeats them with every fetch.
func (s *Session) once(where string, err error) {
	if s.errs[where] != err.Error() {
		s.errs[where] = err.Error()
		s.log.Warn("poll", "where", where, "error", err)
	}
}

// fault says whether an error stops one partition for good, and how an operator gets it going again.
func (s *Session) fault(ctx context.Context, fe kgo.FetchError) (PartitionError, bool) {
	f := PartitionError{Partition: Partition{fe.Topic, fe.Partition}, Err: fe.Err}
	var tooLarge *kgo.ErrDecompressTooLarge
	var loss *kgo.ErrDataLoss
	switch {
	case errors.Is(fe.Err, kerr.OffsetOutOfRange):
		f.From, f.To = s.lostRange(ctx, f.Partition)
		f.Hint = fmt.Sprintf("the log no longer holds the offset of group %s: accept the loss by setting the group's offset (kafka-consumer-groups.sh --reset-offsets), or restore the records", s.c.Group)
	case errors.As(fe.Err, &loss):
		f.From, f.To = loss.ResetTo, loss.ConsumedTo
		f.Hint = "the broker lost records it had acknowledged (unclean leader election): decide about them, then restart"
	case errors.Is(fe.Err, kerr.TopicAuthorizationFailed):
		f.Hint = fmt.Sprintf("grant Read and Describe on topic %s", fe.Topic)
	case errors.Is(fe.Err, kerr.UnknownTopicOrPartition):
		f.Hint = fmt.Sprintf("topic %s does not exist, or this user may not see it", fe.Topic)
	case errors.Is(fe.Err, kerr.UnknownTopicID), errors.Is(fe.Err, kerr.InconsistentTopicID):
		f.Hint = fmt.Sprintf("topic %s was deleted or created anew: offsets of the old one mean nothing; set the group's offset, then restart", fe.Topic)
	case errors.Is(fe.Err, kerr.InvalidTopicException):
		f.Hint = fmt.Sprintf("%q is no valid topic name", fe.Topic)
	case errors.As(fe.Err, &tooLarge):
		f.From, f.To = tooLarge.Offset, tooLarge.Offset
		f.Hint = fmt.Sprintf("the batch at offset %d decompresses to more than %d bytes: set the group's offset to %d to leave it out", tooLarge.Offset, maxBatchBytes, tooLarge.NextOffset)
	case errors.Is(fe.Err, kerr.CorruptMessage), errors.Is(fe.Err, kerr.UnsupportedCompressionType):
		f.Hint = "the broker holds a batch that cannot be read; set the group's offset behind it to leave it out"
	default:
		return PartitionError{}, false
	}
	return f, true
}

// lostRange is the offsets between where this session reads and where the log begins, or 0, 0 when unknown or when
// the position is beyond the log's end.
func (s *Session) lostRange(ctx context.Context, p Partition) (from, to int64) {
	c := s.owned[p]
	if c == nil {
		return 0, 0
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	starts, err := kadm.NewClient(s.cl).ListStartOffsets(ctx, p.Topic)
	if err != nil {
		return 0, 0
	}
	if start, ok := starts.Lookup(p.Topic, p.Partition); ok && start.Err == nil && start.Offset > c.next {
		return c.next, start.Offset
	}
	return 0, 0
}
