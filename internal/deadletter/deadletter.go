// Package deadletter writes and reads the records of dead-letter topics: the original key, value, timestamp and
// headers untouched, with headers "weir.dead.*" appended that say why. In go a record and its violations, or a
// record of a dead-letter topic; out come the dead letter, or a Letter with groups by cause and a rendering for
// people. Readers take the last header of a name, so that a producer cannot forge a verdict. It opens no
// connection and sends nothing.
package deadletter

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/contract"
	"weir/internal/kafka"
	"weir/internal/validate"
)

// Names of the headers, all of them UTF-8 text. Source and Rules make a record a dead letter; the rest is optional.
const (
	HeaderSource     = "weir.dead.source"     // "topic/partition/offset" of the rejected record
	HeaderContract   = "weir.dead.contract"   // "name@version"; left out when no contract was found
	HeaderDigest     = "weir.dead.digest"     // of that version
	HeaderRules      = "weir.dead.rules"      // broken error rules, sorted, by comma; a comma within one is "%2C"
	HeaderViolations = "weir.dead.violations" // JSON array of validate.Violation, error rules first
	HeaderTruncated  = "weir.dead.truncated"  // how many violations did not fit; left out when none
	HeaderAt         = "weir.dead.at"         // RFC 3339, UTC: when the record was rejected
	HeaderAttempt    = "weir.dead.attempt"    // 1; redrive counts on
	HeaderCause      = "weir.dead.cause"      // 8 hex digits, see Cause
	HeaderTimestamp  = "weir.dead.timestamp"  // Unix ms of the original; only when the letter carries another
	HeaderShed       = "weir.dead.shed"       // what was left out of a letter the broker refused, see Shed
)

// Bounds of what is written into headers: a hostile record may break thousands of rules.
const (
	maxViolations     = 20
	maxViolationBytes = 4096 // of the violations header
	maxTextBytes      = 256  // of one text within a violation
	maxRules          = 100
)

// New makes the dead letter of a record. Topic and partition are left to the caller; at is when it was rejected.
// Inbound weir.* headers are kept and never read: they are the producer's. A timestamp that cannot be written back
// is replaced by at, its milliseconds go into a header.
func New(r *kgo.Record, id contract.ID, digest contract.Digest, vs []validate.Violation, at time.Time) *kgo.Record {
	timestamp := r.Timestamp
	add := []kgo.RecordHeader{text(HeaderSource, Coordinates{r.Topic, r.Partition, r.Offset}.String())}
	if id.Name != "" {
		add = append(add, text(HeaderContract, id.String()), text(HeaderDigest, string(digest)))
	}
	list, omitted := encodeViolations(vs)
	add = append(add,
		text(HeaderRules, joinRules(Rules(vs))),
		text(HeaderViolations, list),
		text(HeaderAt, at.UTC().Format(time.RFC3339)),
		text(HeaderAttempt, "1"),
		text(HeaderCause, Cause(id.Name, vs)))
	if omitted > 0 {
		add = append(add, text(HeaderTruncated, strconv.Itoa(omitted)))
	}
	if !kafka.TimestampOK(timestamp.UnixMilli()) {
		add = append(add, text(HeaderTimestamp, strconv.FormatInt(timestamp.UnixMilli(), 10)))
		timestamp = at
	}
	return &kgo.Record{
		Key:       r.Key,
		Value:     r.Value,
		Headers:   append(slices.Clip(slices.Clone(r.Headers)), add...),
		Timestamp: timestamp,
		Context:   r.Context,
	}
}

func text(name, value string) kgo.RecordHeader {
	return kgo.RecordHeader{Key: name, Value: []byte(value)}
}

// Coordinates name one record of a cluster.
type Coordinates struct {
	Topic     string
	Partition int32
	Offset    int64
}

func (c Coordinates) String() string { return fmt.Sprintf("%s/%d/%d", c.Topic, c.Partition, c.Offset) }

// Compare orders by topic, partition and offset.
func (c Coordinates) Compare(d Coordinates) int {
	switch {
	case c.Topic != d.Topic:
		return strings.Compare(c.Topic, d.Topic)
	case c.Partition != d.Partition:
		return int(c.Partition) - int(d.Partition)
	case c.Offset < d.Offset:
		return -1
	case c.Offset > d.Offset:
		return 1
	}
	return 0
}

// ParseCoordinates reads "topic/partition/offset"; a topic's name holds no slash.
func ParseCoordinates(s string) (Coordinates, error) {
	parts := strings.Split(s, "/")
	if len(parts) != 3 || parts[0] == "" {
		return Coordinates{}, fmt.Errorf("coordinates %q: want topic/partition/offset", s)
	}
	p, errP := strconv.ParseInt(parts[1], 10, 32)
	o, errO := strconv.ParseInt(parts[2], 10, 64)
	if errP != nil || errO != nil || p < 0 || o < 0 {
		return Coordinates{}, fmt.Errorf("coordinates %q: want topic/partition/offset", s)
	}
	return Coordinates{parts[0], int32(p), o}, nil
}

// Rules lists the broken rules of severity error, each once, sorted: the reasons of the rejection.
func Rules(vs []validate.Violation) []string {
	var rules []string
	for i := range vs {
		if vs[i].Severity == contract.Error {
			rules = append(rules, vs[i].Rule)
		}
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}

// Cause groups dead letters that one fix would cure: 8 hex digits of a hash over the contract's name (not its
// version), the error rules and where they broke, with array indices left out, so that a fault in the third element
// and one in the ninth are the same cause. A rule that no place of the schema states (broken JSON) has no place here
// either: where a record was cut is an accident. Which budget a record is over is none: each has its own fix.
func Cause(contractName string, vs []validate.Violation) string {
	var places []string
	for i := range vs {
		if vs[i].Severity == contract.Error {
			place := ""
			switch {
			case vs[i].Schema != "":
				place = anyIndex(vs[i].Instance)
			case vs[i].Keyword != vs[i].Rule:
				place = vs[i].Keyword
			}
			places = append(places, vs[i].Rule+"\x00"+place)
		}
	}
	slices.Sort(places)
	return hashOf(contractName, slices.Compact(places))
}

func hashOf(contractName string, places []string) string {
	h := sha256.New()
	for _, s := range append([]string{contractName}, places...) {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	return hex.EncodeToString(h.Sum(nil)[:4])
}

// anyIndex replaces the segments of a JSON pointer that are array indices by "*".
func anyIndex(pointer string) string {
	segments := strings.Split(pointer, "/")
	for i, s := range segments {
		if s != "" && strings.Trim(s, "0123456789") == "" {
			segments[i] = "*"
		}
	}
	return strings.Join(segments, "/")
}

func joinRules(rules []string) string {
	shown := rules[:min(len(rules), maxRules)]
	escaped := make([]string, len(shown))
	for i, r := range shown {
		escaped[i] = strings.ReplaceAll(r, ",", "%2C")
	}
	return strings.Join(escaped, ",")
}

func splitRules(s string) []string {
	if s == "" {
		return nil
	}
	rules := strings.Split(s, ",")
	for i, r := range rules {
		rules[i] = strings.ReplaceAll(r, "%2C", ",")
	}
	return rules
}
