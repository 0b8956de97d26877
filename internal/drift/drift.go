// Package drift compares a closed window with a contract's window rules and with a baseline, and turns what it
// sees into findings, incidents and events. In go the profiles of one window of one contract, its baseline and the
// findings still open; out come a Report and the Events of what changed. It tells nobody: delivering events,
// muting, and not paging for the past are the consumer's. Everything here is pure: no clock, no I/O; equal input,
// equal bytes.
package drift

import (
	"weir/internal/contract"
	"weir/internal/profile"
	"weir/internal/window"
)

// Closed is one closed window of one contract, over all its versions.
type Closed struct {
	Contract      *contract.Contract // the version with the most valid records (ties: the higher version); its window rules are judged
	Window        window.Window
	Partial       bool               // cut by the start or the end of the data: not judged for volume
	ClosedWithout []string           // source partitions ("topic/0", sorted) that were idle and had not passed the window
	Gap           int                // windows without data skipped before this one, when too many to report singly
	Profiles      []*profile.Profile // one per key, any order; none means no record at all
	Baseline      *profile.Baseline  // nil: not compared, because there is none
}
