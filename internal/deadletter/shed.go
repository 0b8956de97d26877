package deadletter

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Values of the shed header.
const (
	ShedHeaders    = "headers"     // the violations and the digest are left out
	ShedStandIns   = "stand-ins"   // also: timestamp replaced by the time of rejection, null key by the coordinates
	ShedClaimCheck = "claim-check" // the value is a ClaimCheck; the original headers are left out
)

// Size of what a claim check keeps of the value, and of the largest key it keeps, in bytes.
const claimHead = 1024

// ClaimCheck is the value (JSON) of a dead letter whose record fits into no dead letter: enough to find the
// original in its source topic, and to know it when found.
type ClaimCheck struct {
	Source  string   `json:"source"` // "topic/partition/offset"
	SHA256  string   `json:"sha256"` // of the value, hex
	Length  int      `json:"length"` // of the value, bytes
	Null    bool     `json:"null,omitempty"`
	Head    []byte   `json:"head"`    // first 1 KiB of the value; base64 in JSON
	Headers int      `json:"headers"` // how many the original has
	Rules   []string `json:"rules"`
}

// Shed makes a smaller dead letter of one that a broker refused. Step 1 leaves out the optional headers. Step 2 also
// replaces what brokers refuse for other reasons than size: the timestamp becomes the time of rejection (the
// original milliseconds go into a header), a null key becomes the source's coordinates. Step 3 keeps a claim check:
// coordinates, sha256 and length of the value, its first 1 KiB and the rules. ok is false past the last step.
func Shed(r *kgo.Record, original *kgo.Record, step int) (smaller *kgo.Record, ok bool) {
	if step < 1 || step > 3 {
		return nil, false
	}
	own := r.Headers[min(len(original.Headers), len(r.Headers)):]
	own = slices.DeleteFunc(slices.Clone(own), func(h kgo.RecordHeader) bool {
		return h.Key == HeaderViolations || h.Key == HeaderTruncated || h.Key == HeaderDigest || h.Key == HeaderShed
	})
	mark := [...]string{ShedHeaders, ShedStandIns, ShedClaimCheck}[step-1]
	s := &kgo.Record{
		Topic: r.Topic, Partition: r.Partition,
		Key: original.Key, Value: original.Value, Timestamp: r.Timestamp, Context: r.Context,
	}
	if step >= 2 {
		s.Key = standInKey(original, step == 3)
		s.Timestamp, own = rejectedAt(own, original, r.Timestamp)
	}
	own = append(own, text(HeaderShed, mark))
	if step == 3 {
		s.Value, s.Headers = claimCheck(original, own), own
		return s, true
	}
	s.Headers = append(slices.Clip(slices.Clone(original.Headers)), own...)
	return s, true
}

// standInKey is the record's key, or its coordinates when the key is null or, for a claim check, too long.
func standInKey(original *kgo.Record, bounded bool) []byte {
	if original.Key != nil && (!bounded || len(original.Key) <= claimHead) {
		return original.Key
	}
	return []byte(Coordinates{original.Topic, original.Partition, original.Offset}.String())
}

// rejectedAt is the time of rejection written in own, with the original's milliseconds added to own.
func rejectedAt(own []kgo.RecordHeader, original *kgo.Record, otherwise time.Time) (time.Time, []kgo.RecordHeader) {
	at, err := time.Parse(time.RFC3339, lastHeader(own, HeaderAt))
	if err != nil {
		at = otherwise
	}
	if _, there := findHeader(own, HeaderTimestamp); !there {
		own = append(own, text(HeaderTimestamp, strconv.FormatInt(original.Timestamp.UnixMilli(), 10)))
	}
	return at, own
}

func claimCheck(original *kgo.Record, own []kgo.RecordHeader) []byte {
	sum := sha256.Sum256(original.Value)
	b, err := json.Marshal(ClaimCheck{
		Source:  strings.Clone(lastHeader(own, HeaderSource)),
		SHA256:  hex.EncodeToString(sum[:]),
		Length:  len(original.Value),
		Null:    original.Value == nil,
		Head:    original.Value[:min(len(original.Value), claimHead)],
		Headers: len(original.Headers),
		Rules:   splitRules(lastHeader(own, HeaderRules)),
	})
	if err != nil {
		panic(fmt.Sprintf("encode claim check: %v", err)) // only plain fields: cannot fail
	}
	return b
}
