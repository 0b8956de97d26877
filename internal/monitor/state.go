package monitor

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/drift"
	"weir/internal/profile"
	"weir/internal/window"
)

// State is what the monitor remembers of one partition of the profiles topic: its contracts' heads and the profiles
// of their open windows. It is a function of that partition's records alone, and is kept in the same partition of the
// state topic.
type State struct {
	contracts map[string]*book
}

// NewState is the state before the first record.
func NewState() *State { return &State{contracts: map[string]*book{}} }

// book is the account of one contract.
type book struct {
	head    Head
	open    map[profile.Key]*profile.Profile
	chunks  map[profile.Key]int // state records last written per open profile
	changed map[profile.Key]bool
	gone    []profile.Key // closed since the last commit
	dirty   bool          // the head changed
}

// Head is a contract's progress and findings. It is the state topic's record under "head/<contract>".
type Head struct {
	Format     int                 `json:"format"` // 1
	Contract   string              `json:"contract"`
	Partitions map[string]int      `json:"partitions"` // by topic
	Sources    map[string]Position `json:"sources"`    // by "topic/partition"
	Closed     *window.Window      `json:"closed"`     // the last closed window, null before the first
	Findings   drift.Findings      `json:"findings"`
	Broken     string              `json:"broken,omitempty"` // why this contract is set aside, naming offsets
}

// Position is how far a source partition has been folded.
type Position struct {
	Next      int64  `json:"next"`
	Watermark *int64 `json:"watermark"`
	Idle      bool   `json:"idle,omitempty"`
	Ended     bool   `json:"ended,omitempty"`
}

const headFormat = 1

func newBook(name string) *book {
	return &book{
		head:    Head{Format: headFormat, Contract: name, Partitions: map[string]int{}, Sources: map[string]Position{}},
		open:    map[profile.Key]*profile.Profile{},
		chunks:  map[profile.Key]int{},
		changed: map[profile.Key]bool{},
	}
}

func (s *State) book(name string) *book {
	b := s.contracts[name]
	if b == nil {
		b = newBook(name)
		s.contracts[name] = b
	}
	return b
}

// FoldProfile adds a gate's partial to its open window. Counts for a window that is closed already can only come from
// a partition that was idle when it closed: they are counted as late in the next window to close.
func (s *State) FoldProfile(p *profile.Profile) error {
	b := s.book(p.Contract.Name)
	if c := b.head.Closed; c != nil && p.Window != window.Unplaced && p.Window.Start < c.End {
		p = belated(p)
	}
	q := b.open[p.Key]
	if q == nil {
		b.open[p.Key] = p
	} else if err := q.Merge(p); err != nil {
		return fmt.Errorf("fold profile of %s: %w", p.Contract, err)
	}
	b.changed[p.Key] = true
	return nil
}

// belated turns a partial for a closed window into counts alone, its valid records late.
func belated(p *profile.Profile) *profile.Profile {
	q := &profile.Profile{Key: p.Key, Counts: p.Counts}
	q.Window = window.Unplaced
	q.Counts.LateBehind += q.Counts.Valid
	q.Counts.Valid = 0
	return q
}

// FoldProgress moves the sources on. A gap or an overlap between a source's last position and the next progress means
// that counts are missing or doubled: the contract is set aside, with the offsets, until somebody decides (AcceptGaps).
func (s *State) FoldProgress(p *profile.Progress) {
	b := s.book(p.Contract)
	b.dirty = true
	for _, src := range p.Sources {
		name := fmt.Sprintf("%s/%d", src.Topic, src.Partition)
		if at, ok := b.head.Sources[name]; ok && at.Next != src.From && b.head.Broken == "" {
			b.head.Broken = fmt.Sprintf("%s was read up to offset %d, the next progress begins at %d; "+
				"if that is as it should be, go on with `weir run --accept-gaps` once", name, at.Next, src.From)
		}
		b.head.Sources[name] = Position{Next: src.Next, Watermark: src.Watermark, Idle: src.Idle, Ended: src.Ended}
		b.head.Partitions[src.Topic] = max(b.head.Partitions[src.Topic], src.Partitions)
	}
}

// AcceptGaps lets the contracts go on that a gap or an overlap has set aside, and returns what they were stopped for.
func (s *State) AcceptGaps() (gaps []string) {
	for _, name := range sortedKeys(s.contracts) {
		b := s.contracts[name]
		if b.head.Broken != "" {
			gaps = append(gaps, name+": "+b.head.Broken)
			b.head.Broken, b.dirty = "", true
		}
	}
	return gaps
}

// Fold applies one record of the profiles topic.
func (s *State) Fold(r *kgo.Record) error {
	switch kind, _, _ := strings.Cut(string(r.Key), "/"); kind {
	case "profile":
		p, err := profile.Decode(r.Value)
		if err != nil {
			return fmt.Errorf("%s/%d/%d: %w", r.Topic, r.Partition, r.Offset, err)
		}
		return s.FoldProfile(p)
	case "progress":
		p, err := profile.DecodeProgress(r.Value)
		if err != nil {
			return fmt.Errorf("%s/%d/%d: %w", r.Topic, r.Partition, r.Offset, err)
		}
		s.FoldProgress(p)
		return nil
	}
	return fmt.Errorf("%s/%d/%d: key %q is neither a profile nor a progress; is another program writing to weir's topic?", r.Topic, r.Partition, r.Offset, r.Key)
}

// Changes are the state records that bring the state topic up to date, tombstones for closed windows included.
// Topic and partition are the caller's.
func (s *State) Changes(chunkBytes int) ([]*kgo.Record, error) {
	var out []*kgo.Record
	for _, name := range sortedKeys(s.contracts) {
		b := s.contracts[name]
		for _, k := range b.gone {
			for i := range b.chunks[k] {
				out = append(out, &kgo.Record{Key: openKey(k, i)})
			}
			delete(b.chunks, k)
		}
		for _, k := range sortedKeysFunc(b.changed, profile.Key.Compare) {
			if b.open[k] == nil {
				continue
			}
			chunks := b.open[k].Encode(chunkBytes)
			for i, c := range chunks {
				out = append(out, &kgo.Record{Key: openKey(k, i), Value: c})
			}
			for i := len(chunks); i < b.chunks[k]; i++ { // fewer than before: the rest must not be merged on restore
				out = append(out, &kgo.Record{Key: openKey(k, i)})
			}
			b.chunks[k] = len(chunks)
		}
		if b.dirty {
			v, err := json.Marshal(b.head)
			if err != nil {
				return nil, fmt.Errorf("encode head of %s: %w", name, err)
			}
			out = append(out, &kgo.Record{Key: []byte("head/" + name), Value: v})
		}
		b.gone, b.dirty = nil, false
		clear(b.changed)
	}
	return out, nil
}

// Restore applies one record of the state topic. The last record of a key wins, so the caller hands them over
// compacted: one per key.
func (s *State) Restore(r *kgo.Record) error {
	switch kind, name, _ := strings.Cut(string(r.Key), "/"); kind {
	case "head":
		b := s.book(name)
		if err := json.Unmarshal(r.Value, &b.head); err != nil {
			return fmt.Errorf("read state of contract %s: %w", name, err)
		}
		if b.head.Format != headFormat {
			return fmt.Errorf("read state of contract %s: format %d, this build reads %d", name, b.head.Format, headFormat)
		}
	case "open":
		p, err := profile.Decode(r.Value)
		if err != nil {
			return fmt.Errorf("read state %s: %w", r.Key, err)
		}
		b := s.book(p.Contract.Name)
		b.chunks[p.Key]++
		if q := b.open[p.Key]; q == nil {
			b.open[p.Key] = p
		} else if err := q.Merge(p); err != nil {
			return fmt.Errorf("read state %s: %w", r.Key, err)
		}
	}
	return nil // other kinds belong to the gate
}

// openKey names chunk i of an open profile in the state topic.
func openKey(k profile.Key, i int) []byte {
	return fmt.Appendf(nil, "open/%s/%s/%s/%d/%d/%d", k.Contract, k.Digest, k.Grid, k.Window.Start, k.Window.End, i)
}
