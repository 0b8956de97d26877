package gate

import (
	"errors"
	"sync"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/contract"
	"weir/internal/deadletter"
	"weir/internal/validate"
)

// maxRefusals bounds the memory of refused records; past it a session works record by record until they are committed.
const maxRefusals = 10_000

// Refusals remember which input records a broker would not take in the form they were last given, between the
// aborted cycle that learned it and the one that commits them in another form. It is the only thing that survives
// an abort, and nothing is wrong without it: the same refusal would be learned again.
type Refusals struct {
	mu sync.Mutex
	at map[coordinate]refusal
}

type coordinate struct {
	topic     string
	partition int32
	offset    int64
}

// refusal is a step on the ladder: an output refused becomes a dead letter, a dead letter is shed step by step.
type refusal struct {
	reason string // why the output was refused; empty when only the dead letter was
	shed   int    // steps taken to make the dead letter smaller
}

func at(r *kgo.Record) coordinate { return coordinate{r.Topic, r.Partition, r.Offset} }

// learn notes one refused record and says whether there is another form left to try.
func (f *Refusals) learn(p Produced, err error) (ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at == nil {
		f.at = map[coordinate]refusal{}
	}
	if len(f.at) >= maxRefusals {
		return false
	}
	k := at(p.Source)
	r := f.at[k]
	if !p.Dead {
		r.reason = err.Error()
	} else {
		r.shed++
		if _, ok := deadletter.Shed(p.Record, p.Source, r.shed); !ok {
			return false
		}
	}
	f.at[k] = r
	return true
}

// forget drops the refusals of committed records.
func (f *Refusals) forget(next map[coordinate]int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for k := range f.at {
		if n, ok := next[coordinate{k.topic, k.partition, 0}]; ok && k.offset < n {
			delete(f.at, k)
		}
	}
}

// violation is the verdict on a record whose output was refused, nil for all others.
func (f *Refusals) violation(r *kgo.Record) *validate.Violation {
	f.mu.Lock()
	defer f.mu.Unlock()
	k, ok := f.at[at(r)]
	if !ok || k.reason == "" {
		return nil
	}
	return &validate.Violation{
		Rule: "refused-by-broker", Severity: contract.Error, Keyword: "produce",
		Expected: "a record the output topic takes", Found: k.reason,
		Message: "the broker refused the record on the output topic: " + k.reason,
	}
}

// shed brings a dead letter down the ladder as far as its record had to go.
func (f *Refusals) shed(d, original *kgo.Record) *kgo.Record {
	f.mu.Lock()
	k := f.at[at(original)]
	f.mu.Unlock()
	for step := 1; step <= k.shed; step++ {
		if smaller, ok := deadletter.Shed(d, original, step); ok {
			d = smaller
		}
	}
	return d
}

// isRecordFault says whether a produce error is about the record itself, so that another form of it may pass;
// every other error is about the topic or the system.
func isRecordFault(err error) bool {
	return errors.Is(err, kerr.MessageTooLarge) || errors.Is(err, kerr.RecordListTooLarge) ||
		errors.Is(err, kerr.InvalidRecord) || errors.Is(err, kerr.InvalidTimestamp)
}
