package monitor

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"weir/internal/drift"
	"weir/internal/profile"
	"weir/internal/window"
)

// maxEmpty is how many windows without any record are reported one by one; a longer silence is one report that
// names its length, so that a record from the year 1 cannot write a million reports.
const maxEmpty = 400

// Closed is one closed window: its report and the events of the findings it changed.
type Closed struct {
	Report *drift.Report
	Events []drift.Event
}

// Close closes every window that all its contract's sources have passed, in window order, and advances the findings.
// A contract that cannot be judged (a gap in its progress, a version this process does not know) closes nothing;
// stuck says which and why. Close changes only the state.
func (s *State) Close(cat *Catalog) (closed []Closed, stuck map[string]string) {
	stuck = map[string]string{}
	for _, name := range sortedKeys(s.contracts) {
		b, w := s.contracts[name], cat.names[name]
		if w == nil {
			stuck[name] = "no route of this process uses the contract"
			continue
		}
		if why := b.blocked(w); why != "" {
			stuck[name] = why
			continue
		}
		closed = append(closed, b.close(w, cat.environment)...)
	}
	return closed, stuck
}

// blocked says why the contract's windows cannot be judged, "" when they can.
func (b *book) blocked(w *watched) string {
	if b.head.Broken != "" {
		return b.head.Broken
	}
	for k := range b.open {
		switch {
		case w.versions[k.Digest] == nil:
			return fmt.Sprintf("profiles of %s (%s) are waiting, a version this process has not loaded", k.Contract, k.Digest.Short())
		case k.Window != window.Unplaced && w.latest.Window.Of(k.Window.Start) != k.Window:
			return fmt.Sprintf("windows of %s are open that %s would cut differently; close them with `weir run --until-end` under the old version first", k.Contract, w.latest.ID)
		}
	}
	return ""
}

func (b *book) close(w *watched, environment string) (closed []Closed) {
	spec := w.latest.Window
	mark := b.watermark(w)
	if mark == window.NoWatermark {
		return nil
	}
	gap := 0
	for {
		win, ok := b.next(spec, mark, &gap)
		if !ok {
			return closed
		}
		in := b.take(w, win)
		in.Gap = gap
		gap = 0
		r := drift.Compare(in)
		closed = append(closed, Closed{Report: r, Events: b.head.Findings.Step(r, in.Contract, environment)})
		b.head.Closed = &win
		b.dirty = true
	}
}

// watermark is the smallest of the sources that still move, MaxInt64 when none does, NoWatermark while any source has
// not been heard of or has seen no valid record.
func (b *book) watermark(w *watched) int64 {
	mark := int64(math.MaxInt64)
	for _, topic := range w.topics {
		n := b.head.Partitions[topic]
		if n == 0 {
			return window.NoWatermark
		}
		for p := range n {
			at, ok := b.head.Sources[fmt.Sprintf("%s/%d", topic, p)]
			switch {
			case !ok:
				return window.NoWatermark
			case at.Idle || at.Ended:
			case at.Watermark == nil:
				return window.NoWatermark
			default:
				mark = min(mark, *at.Watermark)
			}
		}
	}
	return mark
}

// next is the window to close now, if there is one: the one after the last, or the first with data. When nothing moves
// any more (mark is MaxInt64) only windows up to the last with data close, because time stands still.
func (b *book) next(spec window.Spec, mark int64, gap *int) (window.Window, bool) {
	first, last, any := b.span()
	var win window.Window
	switch {
	case b.head.Closed == nil && !any:
		return win, false
	case b.head.Closed == nil:
		win = first
	default:
		win = spec.Next(*b.head.Closed) // nothing earlier is open: FoldProfile takes no counts for it
	}
	if mark == math.MaxInt64 {
		if !any || win.Start > last.Start {
			return win, false
		}
	} else if !spec.Passed(win, mark) {
		return win, false
	}
	return b.skip(spec, win, first, any, mark, gap), true
}

// skip jumps over a silence of more than maxEmpty windows to the one with data, or else to the last one passed, and
// counts what it left out.
func (b *book) skip(spec window.Spec, win, first window.Window, any bool, mark int64, gap *int) window.Window {
	if any && first.Start <= win.Start {
		return win
	}
	far := win
	if any {
		far = first
	}
	if mark != math.MaxInt64 && !spec.Passed(far, mark) || !any {
		far = spec.Of(mark - spec.Lateness.Milliseconds()) // holds the mark, so the one before it is the last passed
		far = spec.Of(far.Start - 1)
	}
	if n := spec.Count(win, far); n > maxEmpty {
		*gap = n
		return far
	}
	return win
}

// span is the first and the last open window with data.
func (b *book) span() (first, last window.Window, any bool) {
	for k := range b.open {
		if k.Window == window.Unplaced {
			continue
		}
		if !any || k.Window.Start < first.Start {
			first = k.Window
		}
		if !any || k.Window.Start > last.Start {
			last = k.Window
		}
		any = true
	}
	return first, last, any
}

// take removes a window's profiles from the open ones, counts without a window added to them, and describes the window.
func (b *book) take(w *watched, win window.Window) drift.Closed {
	in := drift.Closed{Window: win, ClosedWithout: b.without(w, win), Partial: b.partial(win)}
	mine := map[profile.Key]*profile.Profile{}
	for k, p := range b.open {
		if k.Window != win && k.Window != window.Unplaced {
			continue
		}
		delete(b.open, k)
		b.gone = append(b.gone, k)
		p.Window = win
		if q := mine[p.Key]; q == nil {
			mine[p.Key] = p
		} else if err := q.Merge(p); err != nil {
			panic("monitor: merge profiles of one key: " + err.Error()) // same key by construction
		}
	}
	slices.SortFunc(b.gone, profile.Key.Compare)
	in.Profiles = slices.SortedFunc(maps.Values(mine), func(p, q *profile.Profile) int { return p.Key.Compare(q.Key) })
	in.Contract = w.latest
	if len(in.Profiles) > 0 {
		most := slices.MaxFunc(in.Profiles, func(p, q *profile.Profile) int {
			return cmp.Or(cmp.Compare(p.Counts.Valid, q.Counts.Valid), compareVersions(p.Contract.Version, q.Contract.Version))
		})
		in.Contract = w.versions[most.Digest]
	}
	in.Baseline = w.baselines[in.Contract.Digest]
	return in
}

// without lists the idle sources that had not passed the window: data of theirs may still come.
func (b *book) without(w *watched, win window.Window) (names []string) {
	for name, at := range b.head.Sources {
		if at.Idle && !at.Ended && (at.Watermark == nil || !w.latest.Window.Passed(win, *at.Watermark)) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// partial says whether the data began or ended inside the window: nothing was closed before it, or no source has an
// event time past its end and one of them has ended.
func (b *book) partial(win window.Window) bool {
	if b.head.Closed == nil {
		return true
	}
	ended := false
	for _, at := range b.head.Sources {
		if at.Watermark != nil && *at.Watermark >= win.End {
			return false
		}
		ended = ended || at.Ended
	}
	return ended
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func sortedKeysFunc[K comparable, V any](m map[K]V, less func(a, b K) int) []K {
	return slices.SortedFunc(maps.Keys(m), less)
}

// compareVersions orders dotted versions by their numbers where both have one, else as text.
func compareVersions(a, b string) int {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(x), len(y)) {
		n, errN := strconv.Atoi(x[i])
		m, errM := strconv.Atoi(y[i])
		c := cmp.Compare(n, m)
		if errN != nil || errM != nil {
			c = cmp.Compare(x[i], y[i])
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(len(x), len(y))
}
