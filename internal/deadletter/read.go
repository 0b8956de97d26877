package deadletter

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/validate"
)

// Letter is a dead letter as it was read back. Only Source and Rules are always there.
type Letter struct {
	Record     *kgo.Record // as read; Topic, Partition and Offset say where the letter lies
	Source     Coordinates // of the rejected record
	Contract   string      // "name@version", "" when no contract was found
	Digest     string
	Rules      []string // broken error rules, sorted
	Violations []validate.Violation
	Truncated  int       // violations that did not fit
	At         time.Time // when it was rejected; zero when not said
	Attempt    int       // 0 when not said
	Cause      string    // see Cause
	Timestamp  time.Time // the original record's
	Shed       string    // what was left out, see Shed; "" for a whole letter
}

// Where is where the letter itself lies.
func (l *Letter) Where() Coordinates {
	return Coordinates{l.Record.Topic, l.Record.Partition, l.Record.Offset}
}

// OriginalHeaders are the rejected record's own headers: those before the ones weir appended. A claim check has none.
func (l *Letter) OriginalHeaders() []kgo.RecordHeader {
	if l.Shed == ShedClaimCheck {
		return nil
	}
	return l.Record.Headers[:len(l.Record.Headers)-len(l.ownHeaders())]
}

// Read reads a record of a dead-letter topic, taking the last header of each name. A record without source or
// rules is not a dead letter; other headers may be missing, but what is there must be well formed.
func Read(r *kgo.Record) (Letter, error) {
	l := Letter{Record: r, Timestamp: r.Timestamp}
	fail := func(name string, err error) (Letter, error) {
		return Letter{}, fmt.Errorf("read dead letter %s/%d/%d: header %s: %w", r.Topic, r.Partition, r.Offset, name, err)
	}
	own := l.ownHeaders()
	if len(own) == 0 {
		return fail(HeaderSource, errMissing)
	}
	rules, ok := findHeader(own, HeaderRules)
	if !ok {
		return fail(HeaderRules, errMissing)
	}
	var err error
	if l.Source, err = ParseCoordinates(string(own[0].Value)); err != nil {
		return fail(HeaderSource, err)
	}
	l.Rules = splitRules(rules)
	l.Contract = lastHeader(own, HeaderContract)
	l.Digest = lastHeader(own, HeaderDigest)
	l.Shed = lastHeader(own, HeaderShed)
	l.Cause = lastHeader(own, HeaderCause)
	for _, f := range []struct {
		name string
		set  func(string) error
	}{
		{HeaderViolations, func(s string) error { return json.Unmarshal([]byte(s), &l.Violations) }},
		{HeaderTruncated, func(s string) (err error) { l.Truncated, err = strconv.Atoi(s); return err }},
		{HeaderAt, func(s string) (err error) { l.At, err = time.Parse(time.RFC3339, s); return err }},
		{HeaderAttempt, func(s string) (err error) { l.Attempt, err = strconv.Atoi(s); return err }},
		{HeaderTimestamp, func(s string) error {
			ms, err := strconv.ParseInt(s, 10, 64)
			l.Timestamp = time.UnixMilli(ms)
			return err
		}},
	} {
		if s, ok := findHeader(own, f.name); ok {
			if err := f.set(s); err != nil {
				return fail(f.name, err)
			}
		}
	}
	if l.Cause == "" {
		l.Cause = hashOf(l.Contract, l.Rules)
	}
	return l, nil
}

var errMissing = errors.New("missing, so this is not a dead letter")

// ownHeaders are the headers weir appended: from the last source header on, which weir writes first. What a
// producer forged stands before it, even under a name that weir left out.
func (l *Letter) ownHeaders() []kgo.RecordHeader {
	for i, h := range slices.Backward(l.Record.Headers) {
		if h.Key == HeaderSource {
			return l.Record.Headers[i:]
		}
	}
	return nil
}

// findHeader returns the last header of a name.
func findHeader(hs []kgo.RecordHeader, name string) (value string, ok bool) {
	for _, h := range slices.Backward(hs) {
		if h.Key == name {
			return string(h.Value), true
		}
	}
	return "", false
}

func lastHeader(hs []kgo.RecordHeader, name string) string {
	s, _ := findHeader(hs, name)
	return s
}
