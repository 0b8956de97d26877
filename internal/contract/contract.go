// Package contract reads data contracts: Open Data Contract Standard documents (ODCS v3.0 to v3.2) with the
// JSON Schemas attached to them. In goes a file or a folder, out come typed contracts with a digest, their
// fields, their rules (per record, per window, or named as not enforced) and a compiled JSON Schema 2020-12;
// every fault found carries file, line and column. It knows nothing of topics, brokers or records.
package contract

import (
	"strings"

	"weir/internal/window"
)

// ID names one version of a contract, written "flights@1.2.0".
type ID struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

func (id ID) String() string { return id.Name + "@" + id.Version }

// ParseID reads "name@version"; ok is false when either side is empty.
func ParseID(s string) (id ID, ok bool) {
	id.Name, id.Version, ok = strings.Cut(s, "@")
	return id, ok && id.Name != "" && id.Version != ""
}

// Digest identifies what a contract says, whatever its layout: "sha256:" and the hex of the canonical JSON of the
// document and of every schema attached to it.
type Digest string

// Short is the digest cut for display.
func (d Digest) Short() string { return string(d[:min(len(d), len("sha256:")+12)]) }

// Severity says what a broken rule does. Per record: Error rejects, Warning forwards and counts.
// Per window: Error pages, Warning tells, Info records.
type Severity string

const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Info    Severity = "info"
)

// Kind is the type of a field's values as weir handles them.
type Kind uint8

const (
	String    Kind = iota
	Integer        // any JSON number without a fractional part
	Number         // any JSON number
	Boolean        //
	Timestamp      // RFC 3339 date-time text
	Date           // RFC 3339 full-date text
	Time           // RFC 3339 time text
	Object
	Array
)

func (k Kind) String() string {
	return [...]string{"string", "integer", "number", "boolean", "timestamp", "date", "time", "object", "array"}[k]
}

// Field is one declared property. Scalar fields outside arrays become columns.
type Field struct {
	Name     string
	Path     string // RFC 6901 JSON pointer from the record's root, "/a/b"
	Kind     Kind
	Unit     string // custom property "unit"; part of what a baseline binds to
	Required bool
	Key      bool // primaryKey
	Public   bool // classification: public; its values may be shown in logs, events and dead-letter headers
	Critical bool
	Fields   []Field // of an Object
	Line     int
}

// Scope is when a rule is judged.
type Scope uint8

const (
	PerRecord   Scope = iota
	PerWindow         // judged when a window closes; never rejects
	NotEnforced       // weir cannot judge it; Why says the reason
)

// Rule is one promise of a contract, under the name that dead letters, metrics and findings use.
type Rule struct {
	ID       string
	Scope    Scope
	Severity Severity
	Path     string // JSON pointer of its field, "" for the whole record
	Keyword  string // per record: the JSON Schema keyword
	Schema   string // per record: JSON pointer of the keyword in the compiled schema, "/properties/carrier/enum"
	Text     string // one plain clause: "is one of 16 values"
	Why      string // NotEnforced: the reason
	Line     int
	Column   int
	Window   *WindowRule // PerWindow only
}

// Metric is what a window rule measures.
type Metric string

const (
	NullValues Metric = "nullValues" // nulls and absent values of a column
	RowCount   Metric = "rowCount"   // valid records of the window, over all versions of the contract
	Drift      Metric = "drift"      // distribution against the baseline: ks and psi, or psi and unseen
	NullDrift  Metric = "nullDrift"  // null share against the baseline's
	Volume     Metric = "volume"     // records of the window against the baseline's windows
)

// Operator is an ODCS comparison; the rule holds when the measured value satisfies it.
type Operator string

// The ODCS operators. Between bounds are inclusive, as datacontract-cli evaluates them.
const (
	MustBe                 Operator = "mustBe"
	MustNotBe              Operator = "mustNotBe"
	MustBeGreaterThan      Operator = "mustBeGreaterThan"
	MustBeGreaterOrEqualTo Operator = "mustBeGreaterOrEqualTo"
	MustBeLessThan         Operator = "mustBeLessThan"
	MustBeLessOrEqualTo    Operator = "mustBeLessOrEqualTo"
	MustBeBetween          Operator = "mustBeBetween"
	MustNotBeBetween       Operator = "mustNotBeBetween"
)

// WindowRule is a rule over one closed window.
type WindowRule struct {
	Metric   Metric
	Operator Operator   // NullValues and RowCount
	Limit    [2]float64 // the second bound only for the between operators
	Percent  bool       // Limit is in percent of the window's records

	// Drift, NullDrift and Volume: a statistic alarms when it is significant, its effect exceeds the
	// threshold and both sides have MinSample values.
	Effect    map[string]float64 // by statistic: "ks", "psi", "unseen", "null_share", "volume"; defaults in package drift
	MinSample int                // 0 means the default of package drift
}

// Owner is who to tell.
type Owner struct {
	Team    string `json:"team,omitempty"`
	Channel string `json:"channel,omitempty"`
	Runbook string `json:"runbook,omitempty"`
}

// Contract is one immutable version.
type Contract struct {
	ID
	Digest    Digest
	Status    string // proposed, draft, active, deprecated, retired
	File      string // path it was read from
	Owner     Owner
	EventTime string      // JSON pointer of the timestamp field that carries event time
	Window    window.Spec // UTC days without lateness when the contract says nothing
	Baseline  string      // id of the baseline it names, "" for the only one in the folder
	Fields    []Field
	Rules     []Rule

	// Notices are not faults: what lint tells the author beside the rules.
	Notices []Problem

	resources map[string][]byte // compiled document and attached schemas, by URL
	root      string            // URL of the resource that records are checked against
	attached  bool              // a raw JSON Schema is applied as well
	locations map[string]int    // index into Rules, by location (see RuleAt)
}
