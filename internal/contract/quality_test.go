package contract

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func rule(t *testing.T, c *Contract, id string) Rule {
	t.Helper()
	for _, r := range c.Rules {
		if r.ID == id {
			return r
		}
	}
	t.Fatalf("no rule %s", id)
	return Rule{}
}

// timed gives a document event time, without which no window rule is judged.
func timed(text string) string {
	return strings.Replace(text, "    properties:\n", `    customProperties: [{property: weir, value: {eventTime: t}}]
    properties:
      - {name: t, logicalType: timestamp, required: true}
`, 1)
}

func loadText(t *testing.T, text string) *Contract {
	t.Helper()
	c, err := Load(write(t, "c.odcs.yaml", text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestASeverityThatNobodyKnowsIsNoticed(t *testing.T) {
	const p = "      - {name: p, logicalType: integer, quality: [{id: q, metric: invalidValues, mustBe: 0, arguments: {validValues: [1]}, severity: "
	c := contractOf(t, "v3.1.0", p+"catastrophic}]}\n")
	if len(c.Notices) != 1 || !strings.Contains(c.Notices[0].Message, "catastrophic") || c.Notices[0].Line != 9 || rule(t, c, "q").Severity != Error {
		t.Errorf("got %+v, want one notice and an error", c.Notices)
	}
	if c := contractOf(t, "v3.1.0", p+"High}]}\n"); len(c.Notices) != 0 {
		t.Errorf("got %+v, want none", c.Notices)
	}
}

func TestWindowRulesWithoutEventTimeAreNamedAsNotEnforced(t *testing.T) {
	text := document("v3.1.0", "      - {name: p, logicalType: integer, quality: [{id: q, metric: nullValues, mustBe: 0}]}\n")
	if r := rule(t, loadText(t, text), "q"); r.Scope != NotEnforced || r.Window != nil || !strings.Contains(r.Why, "eventTime") {
		t.Errorf("without event time: got %+v", r)
	}
	if r := rule(t, loadText(t, timed(text)), "q"); r.Scope != PerWindow || r.Window == nil || r.Why != "" {
		t.Errorf("with event time: got %+v", r)
	}
}

func TestWindowRulesKeepOperatorLimitAndUnit(t *testing.T) {
	const p = "      - {name: p, logicalType: integer, quality: ["
	for quality, want := range map[string]WindowRule{
		"{id: q, metric: nullValues, mustBeLessThan: 20, unit: percent}":   {Metric: NullValues, Operator: MustBeLessThan, Limit: [2]float64{20}, Percent: true},
		"{id: q, metric: nullValues, mustBe: 0}":                           {Metric: NullValues, Operator: MustBe},
		"{id: q, metric: nullValues, mustBeBetween: [1, 2.5], unit: rows}": {Metric: NullValues, Operator: MustBeBetween, Limit: [2]float64{1, 2.5}},
		"{id: q, type: custom, engine: weir, implementation: {rule: drift, against: baseline, effect: {ks: 0.15, psi: 0.1}, minimumSample: 50}}": {
			Metric: Drift, Effect: map[string]float64{"ks": 0.15, "psi": 0.1}, MinSample: 50},
		"{id: q, type: custom, engine: weir, implementation: {rule: nullDrift, effect: {null_share: 0.05}}}": {
			Metric: NullDrift, Effect: map[string]float64{"null_share": 0.05}},
	} {
		r := rule(t, loadText(t, timed(document("v3.1.0", p+quality+"]}\n"))), "q")
		if r.Scope != PerWindow || r.Path != "/p" || !reflect.DeepEqual(*r.Window, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", quality, r.Window, want)
		}
	}
}

func TestWindowRulesOfTheWholeRecord(t *testing.T) {
	text := strings.Replace(document("v3.1.0", "      - {name: p, logicalType: integer}\n"), "    properties:", `    quality:
      - {metric: rowCount, mustBeBetween: [600, 1200], severity: warning}
      - {id: vol, type: custom, engine: weir, implementation: {rule: volume, effect: {volume: 0.5}}}
    properties:`, 1)
	c := loadText(t, timed(text))
	if r := rule(t, c, "rowCount"); r.Scope != PerWindow || r.Severity != Warning || r.Window.Limit != [2]float64{600, 1200} {
		t.Errorf("rowCount: got %+v %+v", r, r.Window)
	}
	if r := rule(t, c, "vol"); r.Window.Metric != Volume || r.Window.Effect["volume"] != 0.5 || r.Path != "" {
		t.Errorf("vol: got %+v %+v", r, r.Window)
	}
}

func TestSeverityFollowsDatacontractCLI(t *testing.T) {
	for word, want := range map[string]Severity{"": Error, "error": Error, "critical": Error, "high": Error, "Warning": Warning,
		"warn": Warning, "low": Warning, "minor": Warning, "info": Info, "trivial": Info} {
		q := "{id: q, metric: nullValues, mustBe: 0"
		if word != "" {
			q += ", severity: " + word
		}
		c := contractOf(t, "v3.1.0", "      - {name: p, logicalType: integer, quality: ["+q+"}]}\n")
		if got := rule(t, c, "q").Severity; got != want {
			t.Errorf("%q: got %s, want %s", word, got, want)
		}
	}
}

func TestWhatCannotBeEnforcedIsNamedWithItsLine(t *testing.T) {
	c := loadText(t, timed(document("v3.1.0", `
      - name: p
        logicalType: string
        unique: true
        relationships: [{to: other.p}]
        quality:
          - {id: cel, type: custom, engine: cel, implementation: "row.p != null"}
          - {id: sql, type: sql, query: SELECT 1, mustBe: 1}
          - {id: words, type: text, description: Must be nice.}
          - {id: twice, metric: duplicateValues, mustBe: 0}
          - {id: missing, metric: missingValues, mustBeLessThan: 5, unit: percent, arguments: {missingValues: [""]}}
          - {id: some, metric: invalidValues, mustBeLessThan: 5, arguments: {validValues: [a]}}
          - {id: cron, metric: nullValues, mustBe: 0, schedule: 0 20 * * *, scheduler: cron}
      - {name: d, logicalType: date, logicalTypeOptions: {minimum: "2020-01-01"}}
      - {name: f, logicalType: timestamp, logicalTypeOptions: {format: dd.MM.yyyy}}
      - {name: l, logicalType: array, items: {logicalType: string, quality: [{id: inner, metric: nullValues, mustBe: 0}]}}
`)))
	want := map[string]int{"p-unique": 14, "p-relationship-1": 15, "cel": 17, "sql": 18, "words": 19, "twice": 20, "missing": 21,
		"some": 22, "cron-schedule": 23, "d-minimum": 24, "f-format": 25, "inner": 26}
	got := map[string]int{}
	for _, r := range c.Rules {
		if r.Scope == NotEnforced {
			got[r.ID] = r.Line
			if r.Why == "" || r.Text == "" {
				t.Errorf("%s: got text %q and reason %q, want both", r.ID, r.Text, r.Why)
			}
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("not enforced:\n got %v\nwant %v", got, want)
	}
	if r := rule(t, c, "cron"); r.Scope != PerWindow {
		t.Errorf("cron: got scope %d, want it judged per window", r.Scope)
	}
}

func TestRulesThatCannotBeMeantAreFaults(t *testing.T) {
	const weir = "type: custom, engine: weir, implementation: "
	for quality, want := range map[string]string{
		weir + "{rule: drfit}":                        `no rule "drfit"`,
		weir + "{rule: volume}":                       "whole topic",
		weir + "{rule: drift, effct: {psi: 1}}":       `no key "effct"`,
		weir + "{rule: drift, effect: {unseen: 0.1}}": `no effect "unseen"`,
		weir + "{rule: drift, effect: {ks: 0}}":       "above 0",
		weir + "{rule: drift, effect: {ks: high}}":    "above 0",
		weir + "{rule: drift, effect: 0.1}":           "not a mapping",
		weir + "{rule: drift, minimumSample: 0}":      "minimumSample",
		weir + "{rule: drift, against: lastweek}":     "baseline only",
		weir + "drift":                     "needs a mapping",
		"metric: invalidValues, mustBe: 0": "which values are valid",
		"metric: invalidValues, mustBe: 0, arguments: {validValues: []}": "validValues is empty",
	} {
		ps := problems(t, document("v3.1.0", "      - {name: p, logicalType: integer, quality: [{"+quality+"}]}\n"))
		if len(ps) != 1 || ps[0].Line != 9 || !strings.Contains(ps[0].Message, want) || ps[0].Remedy == "" {
			t.Errorf("%s: got %v, want %q on line 9 with a remedy", quality, ps, want)
		}
	}
}

func TestTwoRulesOfOneIdAreRefused(t *testing.T) {
	ps := problems(t, document("v3.1.0", `
      - {name: p, logicalType: integer, quality: [{id: q, metric: nullValues, mustBe: 0}]}
      - {name: r, logicalType: integer, quality: [{id: q, metric: nullValues, mustBe: 0}]}
      - {name: s, logicalType: integer, quality: [{id: p-type, metric: nullValues, mustBe: 0}]}
`))
	if len(ps) != 2 || ps[0].Line != 11 || !strings.Contains(ps[0].Message, "line 10") || ps[1].Line != 12 {
		t.Errorf("got %v, want lines 11 and 12", ps)
	}
}

func withWeir(property, properties string) string {
	return strings.Replace(document("v3.1.0", properties), "    properties:",
		"    customProperties: [{property: weir, value: "+property+"}]\n    properties:", 1)
}

func TestWeirPropertySetsEventTimeAndWindow(t *testing.T) {
	const properties = "      - {name: o, logicalType: object, required: true, properties: [{name: t, logicalType: timestamp, required: true}]}\n"
	c, err := Load(write(t, "c.odcs.yaml", withWeir("{eventTime: o.t, window: 6h, timezone: Europe/Berlin, lateness: 90m, baseline: 2013-01}", properties)))
	if err != nil {
		t.Fatal(err)
	}
	if c.EventTime != "/o/t" || c.Window.Size.String() != "6h" || c.Window.Zone.String() != "Europe/Berlin" || c.Window.Lateness != 90*time.Minute || c.Baseline != "2013-01" {
		t.Errorf("got %q %+v %q", c.EventTime, c.Window, c.Baseline)
	}
	c = contractOf(t, "v3.1.0", properties)
	if c.EventTime != "" || c.Window.Size.String() != "1d" || c.Window.Zone != time.UTC || c.Window.Lateness != 0 {
		t.Errorf("defaults: got %q %+v, want UTC days", c.EventTime, c.Window)
	}
}

func TestFaultsOfTheWeirProperty(t *testing.T) {
	const properties = "      - {name: l, logicalType: object, properties: [{name: t, logicalType: timestamp, required: true}]}\n      - {name: t, logicalType: timestamp, required: true}\n      - {name: o, logicalType: timestamp}\n      - {name: n, logicalType: integer, required: true}\n"
	for property, want := range map[string]string{
		"{eventTime: when}":         `"when", which the schema does not have`,
		"{eventTime: n}":            "which is integer, not an RFC 3339 timestamp",
		"{eventTime: o}":            "not required",
		"{eventTime: l.t}":          "not required",
		"{eventTime: /l/t}":         "not required",
		"{eventTime: t, windw: 1d}": `weir has no key "windw"`,
		"{window: 7m}":              "minutes that divide an hour",
		"{timezone: New York}":      "IANA name",
		"{timezone: Local}":         "IANA name",
		"{lateness: -2h}":           "lateness",
		"{lateness: 2}":             "lateness",
		"{baseline: ../2013}":       "baseline",
		"{eventTime: [t]}":          "a list",
		"text":                      "not a mapping",
	} {
		ps := problems(t, withWeir(property, properties))
		if len(ps) != 1 || ps[0].Line != 8 || !strings.Contains(ps[0].Message, want) {
			t.Errorf("%s: got %v, want %q on line 8", property, ps, want)
		}
	}
}

func TestOwnerIsTeamFirstChannelAndItsRunbook(t *testing.T) {
	c, err := Load(flightsFile)
	if err != nil {
		t.Fatal(err)
	}
	want := Owner{Team: "flight-ml", Channel: "#flight-ml", Runbook: "https://wiki.example.com/runbooks/flights"}
	if c.Owner != want {
		t.Errorf("got %+v, want %+v", c.Owner, want)
	}
}
