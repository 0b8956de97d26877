package validate

import (
	"context"

	"golang.org/x/sync/semaphore"
)

// Memory bounds what all records that the library judges at one time allocate together. One Memory is meant for all
// validators of a process. It is safe for concurrent use.
type Memory struct {
	free  *semaphore.Weighted
	limit int64
}

// DefaultMemory is the limit, in bytes, of a Memory that nobody gave another.
const DefaultMemory = 256 << 20

// A record that stays below smallBytes reserves nothing: such records take GOMAXPROCS times smallBytes together, because
// each is judged by a goroutine that does not wait for anything meanwhile.
const (
	smallBytes    = 256 << 10
	decodedFactor = 32 // bytes of a decoded record per byte of its text, at worst about
)

// NewMemory makes room for so many bytes.
func NewMemory(limit int64) *Memory {
	return &Memory{free: semaphore.NewWeighted(limit), limit: limit}
}

// reserve sees to it that at least so many bytes are reserved for the record, waiting for other records to end where
// there are not so many. More than there are at all is all there are, so that every record gets its turn. A record that
// has to wait for more gives back what it has, so that two never wait for each other; what it has decoded stays
// allocated meanwhile, which is less than decodedFactor times the largest record for each goroutine that judges.
func (m *meter) reserve(bytes int64) {
	if bytes <= smallBytes {
		return
	}
	bytes = min(bytes, m.memory.limit)
	if bytes <= m.held || m.memory.free.TryAcquire(bytes-m.held) {
		m.held = max(m.held, bytes)
		return
	}
	m.release()
	if m.memory.free.Acquire(context.Background(), bytes) == nil { // it only fails with its context
		m.held = bytes
	}
}

// release gives back what is reserved.
func (m *meter) release() {
	if m.held == 0 { // nearly always
		return
	}
	m.memory.free.Release(m.held)
	m.held = 0
}
