package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Settings of every session; where a number comes from is in the comment.
const (
	transactionTimeout = 10 * time.Second // Kafka Streams' value: how long a dead session may hold readers back
	sessionTimeout     = 10 * time.Second // above the broker's default minimum of 6 s
	rebalanceTimeout   = 30 * time.Second // a cycle must end within it, or its partitions go to somebody else
	heartbeatInterval  = time.Second
	fetchMaxWait       = 20 * time.Millisecond
	fetchMaxBytes      = 8 << 20   // per broker and fetch
	maxBatchBytes      = 64 << 20  // of a fetched batch once decompressed
	maxBuffered        = 32 << 20  // bytes waiting to be produced; Commit blocks, not fails, beyond it
	defaultBatchBytes  = 1_000_012 // kgo's; the broker's default max.message.bytes is 1,048,588
	commitTimeout      = 30 * time.Second
	endPatience        = time.Second           // a commit takes 6 to 40 ms on a healthy broker
	slice              = 50 * time.Millisecond // how often a waiting poll looks for changed ownership
)

// SessionConfig describes one transactional group member.
type SessionConfig struct {
	Config
	Group  string
	ID     string   // transactional id and group instance id: <group>.<stage>.<instance>.<session>
	Topics []string // to consume
	// Outputs are topics to produce to whose max.message.bytes is read when the session opens, so that batches fit.
	// Others get batches of at most 1,000,012 bytes.
	Outputs []string
	// Latest are the topics whose first start begins at their end. A first start of a topic is a group that has
	// committed nothing for any of its partitions. Otherwise, and for partitions added later, the start is the first
	// offset that exists.
	Latest []string
	// KeepControlRecords keeps transaction markers in what Poll returns, so that positions pass them.
	KeepControlRecords bool
	Hooks              []kgo.Hook
}

// Session is one kgo.GroupTransactSession under weir's rules. Its methods are called from one goroutine.
//
// kgo's group callbacks run on kgo's goroutines and touch nothing but pending, under mu. What is owned is learned by
// comparing kgo's table of committed offsets with the last one after each poll: kgo swallows a revocation's callback
// when another one came before the transaction ended. With BlockRebalanceOnPoll, nothing is revoked between a Poll
// that returned records and the end of the Commit after it.
type Session struct {
	c     SessionConfig
	log   *slog.Logger
	sess  *kgo.GroupTransactSession
	cl    *kgo.Client   // sess's
	ready chan struct{} // closed once sess and cl are set: callbacks may come before
	limit map[string]int32
	// pinned are the ends of topics that were first started from there, when the session opened. Read-only since.
	pinned map[Partition]int64

	mu      sync.Mutex
	pending map[Partition]Assigned // offsets fetched, partition not yet seen among the owned; guarded by mu

	owned  map[Partition]*cursor
	polled bool              // records were handed out since the last Commit
	errs   map[string]string // last error logged per topic and partition
}

// cursor is what a session knows of an owned partition.
type cursor struct {
	next  int64 // the next record's offset is this or, after a gap, more
	base  int64 // committed, or where reading began: an abort rewinds to it
	first int64 // offset of the first record handed out since base, -1 when none
}

// Open initialises the transactional id on a client that is not yet in the group, then joins it: a predecessor
// killed between TxnOffsetCommit and EndTxn otherwise blocks the offset fetch until its transaction times out.
// It waits for the predecessor's transaction to be resolved, not for partitions. A cluster out of reach is a
// *ConnectionError.
func Open(ctx context.Context, c SessionConfig) (*Session, error) {
	s := &Session{
		c: c, log: cmp.Or(c.Log, slog.New(slog.DiscardHandler)), ready: make(chan struct{}), limit: map[string]int32{},
		pending: map[Partition]Assigned{}, owned: map[Partition]*cursor{}, errs: map[string]string{},
	}
	if c.Group == "" || c.ID == "" || len(c.Topics) == 0 {
		return nil, &FatalError{Err: errors.New("open session: group, id and topics are needed")}
	}
	if err := s.prepare(ctx); err != nil {
		return nil, fmt.Errorf("open session %s: %w", c.ID, err)
	}
	opts, err := s.options()
	if err != nil {
		return nil, err
	}
	s.sess, err = kgo.NewGroupTransactSession(opts...)
	if err != nil {
		return nil, &FatalError{Err: fmt.Errorf("open session %s: %w", c.ID, err)}
	}
	s.cl = s.sess.Client()
	close(s.ready)
	return s, nil
}

// prepare does what must be done before the session joins its group.
func (s *Session) prepare(ctx context.Context) error {
	cl, err := NewClient(ctx, s.c.Config, kgo.TransactionalID(s.c.ID), kgo.TransactionTimeout(transactionTimeout))
	if err != nil {
		return err
	}
	defer cl.Close()
	initCtx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	if _, _, err := cl.ProducerID(initCtx); err != nil {
		if f := fatal(err, s.c.Group, s.c.ID); f != nil {
			return f
		}
		return fmt.Errorf("initialise producer id: %w", err)
	}
	if len(s.c.Latest) > 0 {
		if s.pinned, err = pinLatest(initCtx, cl, s.c.Group, s.c.Latest); err != nil {
			return err
		}
	}
	s.limit = batchLimits(initCtx, cl, s.c.Outputs)
	return nil
}

func (s *Session) options() ([]kgo.Opt, error) {
	opts, err := s.c.Options()
	if err != nil {
		return nil, err
	}
	opts = append(opts,
		kgo.TransactionalID(s.c.ID), kgo.TransactionTimeout(transactionTimeout),
		kgo.InstanceID(s.c.ID), kgo.ConsumerGroup(s.c.Group), kgo.ConsumeTopics(s.c.Topics...),
		kgo.Balancers(kgo.CooperativeStickyBalancer()),
		kgo.SessionTimeout(sessionTimeout), kgo.RebalanceTimeout(rebalanceTimeout), kgo.HeartbeatInterval(heartbeatInterval),
		kgo.BlockRebalanceOnPoll(),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()), kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.FetchMaxWait(fetchMaxWait), kgo.FetchMaxBytes(fetchMaxBytes), kgo.MaxDecompressBatchBytes(maxBatchBytes),
		kgo.MaxConcurrentFetches(2),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(0),
		kgo.MaxBufferedBytes(maxBuffered), kgo.ProducerBatchMaxBytesFn(s.batchBytes),
		kgo.ProducerBatchCompression(kgo.Lz4Compression(), kgo.NoCompression()),
		kgo.MetadataMaxAge(30*time.Second), kgo.MetadataMinAge(500*time.Millisecond),
		kgo.AlwaysRetryEOF(), // the connection has proven itself; an early EOF now is a broker going down
		kgo.OnOffsetsFetched(s.onFetched), kgo.AdjustFetchOffsetsFn(s.adjust),
		kgo.WithHooks(s.c.Hooks...),
	)
	if s.c.KeepControlRecords {
		opts = append(opts, kgo.KeepControlRecords())
	}
	return opts, nil
}

func (s *Session) batchBytes(topic string) int32 {
	if n, ok := s.limit[topic]; ok {
		return n
	}
	return defaultBatchBytes
}

// onFetched notes what the group has committed for partitions this member is about to own. On kgo's goroutine.
func (s *Session) onFetched(_ context.Context, _ *kgo.Client, resp *kmsg.OffsetFetchResponse) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	note := func(topic string, p int32, offset int64, metadata *string) {
		a := Assigned{Partition: Partition{topic, p}, Offset: max(offset, -1), Start: offset}
		if metadata != nil && offset >= 0 {
			a.Metadata = *metadata
		}
		s.pending[a.Partition] = a
	}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			note(t.Topic, p.Partition, p.Offset, p.Metadata)
		}
	}
	for _, g := range resp.Groups {
		for _, t := range g.Topics {
			for _, p := range t.Partitions {
				note(t.Topic, p.Partition, p.Offset, p.Metadata)
			}
		}
	}
	return nil
}

// adjust replaces "from the start" by the offset that is: kgo otherwise rewinds a partition without a committed
// offset to 0 after an abort, wherever it began. On kgo's goroutine.
func (s *Session) adjust(ctx context.Context, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	var topics []string
	for topic, ps := range offsets {
		for _, o := range ps {
			if o.EpochOffset().Offset < 0 {
				topics = append(topics, topic)
				break
			}
		}
	}
	if len(topics) == 0 {
		return offsets, nil
	}
	select {
	case <-s.ready:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	starts, err := kadm.NewClient(s.cl).ListStartOffsets(ctx, topics...)
	if err != nil {
		return nil, fmt.Errorf("list start offsets: %w", err)
	}
	for _, topic := range topics {
		for p, o := range offsets[topic] {
			if o.EpochOffset().Offset >= 0 {
				continue
			}
			start, ok := starts.Lookup(topic, p)
			if !ok || start.Err != nil {
				return nil, fmt.Errorf("list start offset of %s/%d: %w", topic, p, cmp.Or(start.Err, errors.New("no answer")))
			}
			begin := max(start.Offset, s.pinned[Partition{topic, p}])
			offsets[topic][p] = kgo.NewOffset().At(begin)
			s.mu.Lock()
			if a, ok := s.pending[Partition{topic, p}]; ok {
				a.Start = begin
				s.pending[a.Partition] = a
			}
			s.mu.Unlock()
		}
	}
	return offsets, nil
}

// Pause stops fetching the partitions. What was polled of them since the last Commit is handed back: the next Commit
// does not commit it, and it is polled again after Resume.
func (s *Session) Pause(ps ...Partition) {
	if len(ps) == 0 {
		return
	}
	s.cl.PauseFetchPartitions(byTopic(ps))
	back := map[string]map[int32]kgo.EpochOffset{}
	for _, p := range ps {
		if c := s.owned[p]; c != nil && c.first >= 0 {
			if back[p.Topic] == nil {
				back[p.Topic] = map[int32]kgo.EpochOffset{}
			}
			back[p.Topic][p.Partition] = kgo.EpochOffset{Epoch: -1, Offset: c.base}
			c.next = c.base
		}
	}
	if len(back) > 0 {
		s.cl.SetOffsets(back)
	}
}

// Resume starts fetching paused partitions again.
func (s *Session) Resume(ps ...Partition) {
	if len(ps) > 0 {
		s.cl.ResumeFetchPartitions(byTopic(ps))
	}
}

func byTopic(ps []Partition) map[string][]int32 {
	m := map[string][]int32{}
	for _, p := range ps {
		m[p.Topic] = append(m[p.Topic], p.Partition)
	}
	return m
}

// Close ends the client. With leave the member also leaves the group for good, so that others take its partitions at
// once; without, they stay reserved for a session with the same id until the session timeout. What was polled and not
// committed is dropped.
func (s *Session) Close(ctx context.Context, leave bool) {
	s.sess.CloseAllowingRebalance()
	if !leave {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	cl, err := NewClient(ctx, s.c.Config)
	if err != nil {
		s.log.Warn("cannot leave the group, partitions stay reserved until the session timeout", "group", s.c.Group, "member", s.c.ID, "error", err)
		return
	}
	defer cl.Close()
	if _, err := kadm.NewClient(cl).LeaveGroup(ctx, kadm.LeaveGroup(s.c.Group).InstanceIDs(s.c.ID).Reason("scaled down")); err != nil {
		s.log.Warn("cannot leave the group, partitions stay reserved until the session timeout", "group", s.c.Group, "member", s.c.ID, "error", err)
	}
}
