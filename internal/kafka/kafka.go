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
	"math/big"
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

// String is topic/partition; kgo's partition -1, which stands for an error of the whole topic, is left out.
func (p Partition) String() string {
	if p.Partition < 0 {
		return p.Topic
	}
	return fmt.Sprintf("%s/%d", p.Topic, p.Partition)
}

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

// timestamp is a record's timestamp as its producer wrote it. kgo reads milliseconds through nanoseconds in an int64,
// so one that TimestampOK refuses (a zero time, the year 1, is the usual one) arrives as another date. Such dates give
// themselves away: they are no whole milliseconds, and the remainder tells how often the number wrapped, up to four
// million years from 1970.
func timestamp(read time.Time) time.Time {
	const perMilli = int64(time.Millisecond)
	ns := read.UnixNano()
	if ns%perMilli == 0 {
		return read
	}
	const wraps = 15625 / 2 // the remainders of multiples of 2^64 repeat after 15625
	for k := int64(1); k <= wraps; k++ {
		for _, k := range []int64{k, -k} {
			wide := new(big.Int).Lsh(big.NewInt(k), 64)
			wide.Add(wide, big.NewInt(ns))
			if ms, rest := wide.QuoRem(wide, big.NewInt(perMilli), new(big.Int)); rest.Sign() == 0 {
				return time.UnixMilli(ms.Int64())
			}
		}
	}
	return read
}
