package drift

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"weir/internal/contract"
	"weir/internal/profile"
)

// Event is one CloudEvents 1.0 event in structured JSON: a finding that opened, got worse or cleared.
type Event struct {
	SpecVersion     string    `json:"specversion"` // "1.0"
	ID              string    `json:"id"`          // see eventID
	Source          string    `json:"source"`      // "/weir/<environment>"
	Type            string    `json:"type"`        // "io.weir.finding.<state>.v1"
	Subject         string    `json:"subject"`     // "<contract>.<column>", "<contract>" for the whole window
	Time            string    `json:"time"`        // end of the window, UTC
	DataContentType string    `json:"datacontenttype"`
	Data            EventData `json:"data"`
}

// EventData is what the receiver of an event needs to act on it without asking weir.
//
// Page is true for a finding of severity error that opened or got worse. It says nothing of the event's age:
// whoever delivers events to people compares Time with the clock and does not page for the past (backfills).
type EventData struct {
	Summary  string            `json:"summary"` // one sentence in plain words
	Incident string            `json:"incident"`
	State    State             `json:"state"`
	Severity contract.Severity `json:"severity"`
	Page     bool              `json:"page"`
	Contract string            `json:"contract"` // "flights@1.0.0"
	Digest   contract.Digest   `json:"digest"`
	Rule     string            `json:"rule"`
	Column   string            `json:"column"` // JSON pointer, "" for the whole window
	Owner    contract.Owner    `json:"owner"`
	Critical bool              `json:"critical"` // the column is a critical data element
	Window   Window            `json:"window"`
	Opened   string            `json:"opened"`  // start of the window in which the finding opened
	Windows  int               `json:"windows"` // with an alarm so far

	Observed *Observed      `json:"observed,omitempty"` // absent when the rule is gone from the contract
	Limit    *Limit         `json:"limit,omitempty"`
	Baseline *BaselineValue `json:"baseline,omitempty"`
	Evidence []Evidence     `json:"evidence"`  // one per statistic of the rule that could be measured
	Also     []Also         `json:"also"`      // other findings of the incident that opened in the same window
	RuledOut []string       `json:"ruled_out"` // see ruledOut
	Explain  string         `json:"explain"`   // the command that shows more
}

// Observed is what the window showed in the finding's leading statistic.
type Observed struct {
	Statistic string  `json:"statistic"`
	Value     float64 `json:"value"`
	Count     *uint64 `json:"count,omitempty"`
	N         uint64  `json:"n"`
}

// Limit is what the contract allows, and where it says so ("1.0.0.odcs.yaml:35").
type Limit struct {
	Operator contract.Operator `json:"operator"`
	Value    float64           `json:"value"`
	Bounds   []float64         `json:"bounds,omitempty"`
	From     string            `json:"from"`
}

// BaselineValue is the same statistic at training time, where it has one.
type BaselineValue struct {
	ID    string   `json:"id"`
	Value *float64 `json:"value,omitempty"`
	N     uint64   `json:"n"`
}

// Evidence is one statistic of the rule with its test. PBelow replaces P where the probability is too small to write.
type Evidence struct {
	Statistic string   `json:"statistic"`
	Value     float64  `json:"value"`
	Threshold float64  `json:"threshold"`
	Alarm     bool     `json:"alarm"`
	Test      string   `json:"test,omitempty"`
	P         *float64 `json:"p,omitempty"`
	PBelow    *float64 `json:"p_below,omitempty"`
	Level     float64  `json:"level,omitempty"`
	N         uint64   `json:"n"`
	Smallest  *float64 `json:"smallest_detectable,omitempty"`
}

// Also names another finding of the same incident.
type Also struct {
	Rule      string  `json:"rule"`
	Column    string  `json:"column"`
	Statistic string  `json:"statistic"`
	Value     float64 `json:"value"`
}

// Key is the event's record key: contract name and window start in UTC, as of the report it came from.
func (e *Event) Key() string {
	name, _, _ := strings.Cut(e.Data.Contract, "@")
	return streamKey(name, e.Data.Window.Start)
}

// Encode is the event in CloudEvents structured JSON, canonical.
func (e *Event) Encode() []byte { return canonical(e) }

// DecodeEvent reads an event that Encode wrote; other event types are an error.
func DecodeEvent(b []byte) (*Event, error) {
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, fmt.Errorf("decode event: %w", err)
	}
	switch head.Type {
	case eventType(Opened), eventType(Worse), eventType(Cleared):
	default:
		return nil, fmt.Errorf("decode event: type %q, this build reads io.weir.finding.*.v1", head.Type)
	}
	var e Event
	if err := decodeStrict(b, &e); err != nil {
		return nil, fmt.Errorf("decode event: %w", err)
	}
	return &e, nil
}

func eventType(s State) string { return "io.weir.finding." + string(s) + ".v1" }

// eventID is the hex of the first 16 bytes of SHA-256 over what makes an event itself: contract digest, grid
// digest, window (Unix ms), column, rule, transition. A replay gives the same id, so receivers may drop doubles.
func eventID(d contract.Digest, g profile.Digest, w Window, column, rule string, s State) string {
	start, end := parseTime(w.Start), parseTime(w.End)
	h := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%d\n%d\n%s\n%s\n%s",
		d, g, start.UnixMilli(), end.UnixMilli(), column, rule, s))
	return hex.EncodeToString(h[:16])
}

// streamKey is the record key of reports and events.
func streamKey(name, start string) string {
	return name + "/" + utc(start)
}

// utc is the same instant written in UTC.
func utc(s string) string { return parseTime(s).UTC().Format(time.RFC3339Nano) }

// parseTime reads a time that this package wrote; anything else is the zero time.
func parseTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	return t
}
