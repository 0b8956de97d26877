// Package kafka is what weir needs from franz-go: connection options, transactional group sessions with the rules
// that keep records from being lost or doubled, preflight checks of topics, and topic names. In go a cluster's
// address and names; out come records with their offsets, and transactions that hold or do not. It knows nothing of
// contracts or windows and keeps nothing on disk.
package kafka

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math"
	"strings"
	"time"
)

// Partition names one partition of a topic.
type Partition struct {
	Topic     string
	Partition int32
}

// Compare orders by topic, then partition number.
func (p Partition) Compare(q Partition) int {
	return cmp.Or(strings.Compare(p.Topic, q.Topic), cmp.Compare(p.Partition, q.Partition))
}

func (p Partition) String() string { return fmt.Sprintf("%s/%d", p.Topic, p.Partition) }

// PartitionFor is the partition of a topic with n partitions that holds everything of one contract: FNV-1a of the
// name modulo n, the same in every process and release. n below 1 counts as 1.
func PartitionFor(contract string, n int) int32 {
	h := fnv.New32a()
	h.Write([]byte(contract))
	return int32(h.Sum32() % uint32(max(n, 1)))
}

// TimestampOK says whether a record timestamp in Unix ms survives being produced: kgo encodes timestamps through
// nanoseconds in an int64, which reach from 1677-09-21 to 2262-04-11; what lies outside comes back as another date.
func TimestampOK(ms int64) bool {
	const perMilli = int64(time.Millisecond)
	return ms >= math.MinInt64/perMilli && ms <= math.MaxInt64/perMilli
}
