package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/kafka"
)

// Headers that weir writes, as reference for the audit; the audit reads the last header of a name.
const (
	sourceHeader   = "weir.dead.source" // "topic/partition/offset" of the record a dead letter was made from
	contractHeader = "weir.contract"
)

// maxListed bounds the discrepancies a ledger spells out; the rest are counted.
const maxListed = 50

// Flow is what a gateway does, as seen from outside.
type Flow struct {
	Group  string // consumer group; transactional ids begin with it and a dot
	Input  string
	Output string // valid records; "" when nothing is forwarded
	Dead   string // dead letters; "" when nothing is rejected
}

// Ledger accounts for every record of a flow.
type Ledger struct {
	Input, Output, Dead int // committed records
	Uncommitted         int // records of output and dead a read_uncommitted reader sees; more than Output+Dead proves aborts
	OpenTransactions    int
	Wrong               int      // discrepancies in all
	Discrepancies       []string // the first of them, spelled out
}

// Err is nil when everything adds up.
func (l *Ledger) Err() error {
	if l.Wrong == 0 {
		return nil
	}
	return fmt.Errorf("the ledger does not add up: %d discrepancies in %s:\n%s", l.Wrong, l, strings.Join(l.Discrepancies, "\n"))
}

func (l *Ledger) String() string {
	return fmt.Sprintf("%d in = %d out + %d dead (%d with aborted ones)", l.Input, l.Output, l.Dead, l.Uncommitted)
}

func (l *Ledger) wrong(format string, args ...any) {
	if l.Wrong++; len(l.Discrepancies) < maxListed {
		l.Discrepancies = append(l.Discrepancies, fmt.Sprintf(format, args...))
	}
}

// Audit reads a flow's topics from the start with fresh clients, once nothing moves any more, and compares: every
// committed input record is in output or dead letters exactly once, on the same partition, with the same key, value
// (null stays null), timestamp and headers (weir's appended ones left out), in the same order; dead letters name
// their source; the group has committed the input's end; no transaction of the group is open; nothing committed is
// hidden from a read_uncommitted reader. Valid records carry no coordinates: an output partition must be exactly the
// input partition's sequence without its dead letters. The error is one of reading.
func Audit(ctx context.Context, c kafka.Config, f Flow) (*Ledger, error) {
	l := &Ledger{}
	in, err := scan(ctx, c, f.Input, kgo.ReadCommitted())
	if err != nil {
		return nil, err
	}
	out, err := scan(ctx, c, f.Output, kgo.ReadCommitted())
	if err != nil {
		return nil, err
	}
	dead, err := scan(ctx, c, f.Dead, kgo.ReadCommitted())
	if err != nil {
		return nil, err
	}
	l.Input, l.Output, l.Dead = count(in), count(out), count(dead)
	for p := range union(in, out, dead) {
		gone := l.matchDead(f, p, in[p], dead[p])
		if f.Output != "" {
			l.matchOutput(f, p, in[p], out[p], gone)
		}
	}
	for _, topic := range []string{f.Output, f.Dead} {
		all, err := scan(ctx, c, topic, kgo.ReadUncommitted())
		if err != nil {
			return nil, err
		}
		l.Uncommitted += count(all)
	}
	if l.Uncommitted < l.Output+l.Dead {
		l.wrong("read_uncommitted shows %d records, read_committed %d", l.Uncommitted, l.Output+l.Dead)
	}
	return l, l.checkGroup(ctx, c, f, in)
}

// matchDead checks a partition's dead letters against their sources and returns the offsets they account for.
func (l *Ledger) matchDead(f Flow, p int32, in, dead []*kgo.Record) map[int64]bool {
	byOffset := make(map[int64]*kgo.Record, len(in))
	for _, r := range in {
		byOffset[r.Offset] = r
	}
	gone := map[int64]bool{}
	last := int64(-1)
	for _, d := range dead {
		at := fmt.Sprintf("%s/%d/%d", f.Dead, p, d.Offset)
		topic, partition, offset, err := source(d)
		switch {
		case err != nil:
			l.wrong("%s: %v", at, err)
			continue
		case topic != f.Input || partition != p:
			l.wrong("%s: made from %s/%d/%d, not from this partition of %s", at, topic, partition, offset, f.Input)
			continue
		case byOffset[offset] == nil:
			l.wrong("%s: made from offset %d, which holds no committed record", at, offset)
			continue
		case gone[offset]:
			l.wrong("%s: offset %d is a dead letter twice", at, offset)
		case offset < last:
			l.wrong("%s: offset %d comes after %d", at, offset, last)
		}
		gone[offset], last = true, max(last, offset)
		if why := differs(byOffset[offset], d, "weir.dead.", -1); why != "" {
			l.wrong("%s: %s", at, why)
		}
	}
	return gone
}

// matchOutput checks that an output partition is the input's without the offsets that are gone.
func (l *Ledger) matchOutput(f Flow, p int32, in, out []*kgo.Record, gone map[int64]bool) {
	var want []*kgo.Record
	for _, r := range in {
		if !gone[r.Offset] {
			want = append(want, r)
		}
	}
	if len(want) != len(out) {
		l.wrong("%s/%d: %d records, want %d: the %d of %s/%d without %d dead letters", f.Output, p, len(out), len(want), len(in), f.Input, p, len(gone))
	}
	for i := range min(len(want), len(out)) {
		if why := differs(want[i], out[i], contractHeader, 1); why != "" {
			l.wrong("%s/%d/%d is not input offset %d: %s", f.Output, p, out[i].Offset, want[i].Offset, why)
			return // what follows is shifted
		}
	}
}

// differs says how got is not want with headers of a prefix appended, at most so many (-1: any number).
func differs(want, got *kgo.Record, appended string, most int) string {
	switch {
	case !same(want.Key, got.Key):
		return fmt.Sprintf("key %q, want %q", cut(got.Key), cut(want.Key))
	case !same(want.Value, got.Value):
		return fmt.Sprintf("value %q, want %q", cut(got.Value), cut(want.Value))
	case !want.Timestamp.Equal(got.Timestamp):
		return fmt.Sprintf("timestamp %d, want %d", got.Timestamp.UnixMilli(), want.Timestamp.UnixMilli())
	case len(got.Headers) < len(want.Headers):
		return fmt.Sprintf("%d headers, want at least %d", len(got.Headers), len(want.Headers))
	}
	for i, h := range want.Headers {
		if g := got.Headers[i]; g.Key != h.Key || !same(g.Value, h.Value) {
			return fmt.Sprintf("header %d is %q, want %q", i, g.Key, h.Key)
		}
	}
	extra := got.Headers[len(want.Headers):]
	for _, h := range extra {
		if !strings.HasPrefix(h.Key, appended) && h.Key != contractHeader {
			return fmt.Sprintf("header %q was added", h.Key)
		}
	}
	if most >= 0 && len(extra) > most {
		return fmt.Sprintf("%d headers were added, want at most %d", len(extra), most)
	}
	return ""
}

// same compares bytes and nil-ness.
func same(a, b []byte) bool { return (a == nil) == (b == nil) && string(a) == string(b) }

func cut(b []byte) []byte { return b[:min(len(b), 80)] }

// source reads the coordinates of a dead letter; a topic name has no slash.
func source(r *kgo.Record) (topic string, partition int32, offset int64, err error) {
	for _, h := range slices.Backward(r.Headers) {
		if h.Key != sourceHeader {
			continue
		}
		parts := strings.Split(string(h.Value), "/")
		if len(parts) != 3 {
			break
		}
		p, perr := strconv.ParseInt(parts[1], 10, 32)
		o, oerr := strconv.ParseInt(parts[2], 10, 64)
		if perr != nil || oerr != nil {
			break
		}
		return parts[0], int32(p), o, nil
	}
	return "", 0, 0, fmt.Errorf("no header %s of the form topic/partition/offset", sourceHeader)
}

// checkGroup compares the group's offsets with the input's end and looks for open transactions.
func (l *Ledger) checkGroup(ctx context.Context, c kafka.Config, f Flow, in map[int32][]*kgo.Record) error {
	cl, err := kafka.NewClient(ctx, c)
	if err != nil {
		return err
	}
	defer cl.Close()
	adm := kadm.NewClient(cl)
	committed, err := adm.FetchOffsetsForTopics(kadm.RequireStable(ctx), f.Group, f.Input)
	if errors.Is(err, kerr.GroupIDNotFound) {
		err = nil // nobody has ever joined it
	}
	if err == nil {
		err = committed.Error()
	}
	if err != nil {
		return fmt.Errorf("fetch offsets of group %s: %w", f.Group, err)
	}
	ends, err := kafka.EndOffsets(ctx, cl, f.Input)
	if err != nil {
		return err
	}
	for p, records := range in {
		if len(records) == 0 {
			continue
		}
		// Between the last record and the end there may be transaction markers and aborted records.
		from, to := records[len(records)-1].Offset+1, ends[kafka.Partition{Topic: f.Input, Partition: p}]
		o, ok := committed.Lookup(f.Input, p)
		if !ok {
			o.At = -1
		}
		if o.At < from || o.At > to {
			l.wrong("group %s has committed %d of %s/%d, want %d to %d", f.Group, o.At, f.Input, p, from, to)
		}
	}
	open, err := adm.ListTransactions(ctx, nil, []string{"Ongoing", "PrepareCommit", "PrepareAbort"})
	if err != nil {
		return fmt.Errorf("list transactions: %w", err)
	}
	for _, t := range open {
		if strings.HasPrefix(t.TxnID, f.Group+".") {
			l.OpenTransactions++
			l.wrong("transaction %s is open: %s", t.TxnID, t.State)
		}
	}
	return nil
}

func count(m map[int32][]*kgo.Record) (n int) {
	for _, rs := range m {
		n += len(rs)
	}
	return n
}

func union(ms ...map[int32][]*kgo.Record) map[int32]bool {
	all := map[int32]bool{}
	for _, m := range ms {
		for p := range m {
			all[p] = true
		}
	}
	return all
}
