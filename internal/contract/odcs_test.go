package contract

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write puts a file into a new folder and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// problems loads a text and returns what is wrong with it.
func problems(t *testing.T, text string) Problems {
	t.Helper()
	_, err := Load(write(t, "c.odcs.yaml", text))
	ps, ok := err.(Problems)
	if !ok {
		t.Fatalf("load: got %v, want problems in\n%s", err, text)
	}
	return ps
}

func TestEachVersionOfTheStandardLoads(t *testing.T) {
	want := map[string]struct{ id, rules string }{
		"v3.0.2": {"payments@2.1.0", "record-type id-required id-type id-format id-primaryKey paid_at-required paid_at-type paid_at-format " +
			"amount-required amount-type amount-exclusiveMinimum currency-required currency-type currency-pattern note-type note-text rowCount"},
		"v3.1.0": {"orders@1.4.0", "record-type order_id-required order_id-type order_id-format order_id-unique placed_at-required placed_at-type placed_at-format " +
			"address-required address-type address.street-required address.street-type address.zip-type address.zip-minLength address.zip-maxLength " +
			"lines-type lines-minItems lines-maxItems lines-uniqueItems lines.items-type lines.items.sku-required lines.items.sku-type " +
			"lines.items.qty-required lines.items.qty-type lines.items.qty-exclusiveMinimum total-type total-nullValues enough once total paid " +
			"sla-retention sla-latency"},
		"v3.2.0": {"products@0.1.0", "record-type sku-required sku-type state-required state-type state-enum priority-type priority-enum " +
			"counts-type counts.keys-type counts.keys-pattern counts.values-type counts.values-minimum embedding-type embedding-minItems " +
			"embedding-maxItems embedding.items-type"},
	}
	for version, w := range want {
		t.Run(version, func(t *testing.T) {
			c, err := Load("testdata/odcs/" + version + Suffix)
			if err != nil {
				t.Fatal(err)
			}
			if c.ID.String() != w.id {
				t.Errorf("id: got %s, want %s", c.ID, w.id)
			}
			var ids []string
			for _, r := range c.Rules {
				ids = append(ids, r.ID)
				if r.Line == 0 || r.Text == "" {
					t.Errorf("rule %s: got line %d and text %q, want both", r.ID, r.Line, r.Text)
				}
				if (r.Scope == NotEnforced) != (r.Why != "") {
					t.Errorf("rule %s: got scope %d and reason %q", r.ID, r.Scope, r.Why)
				}
			}
			if got := strings.Join(ids, " "); got != w.rules {
				t.Errorf("rules:\n got %s\nwant %s", got, w.rules)
			}
			for _, closed := range []bool{false, true} {
				if _, err := c.Compile(closed); err != nil {
					t.Errorf("compile closed=%v: %v", closed, err)
				}
			}
		})
	}
}

func TestFaultsOfTheStandardAreToldAtTheirPlace(t *testing.T) {
	const head = "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: 1.0.0\nstatus: active\n"
	const property = head + "schema:\n  - name: a\n    properties:\n"
	cases := []struct{ name, text, where, message, remedy string }{
		{"version is a number", strings.Replace(head, "1.0.0", "1.0", 1) + "schema: [{name: a}]\n",
			"4:10", "version must be text, this is a number", `put it in quotes: "1.0"`},
		{"misspelt enum", property + "      - {name: q, logicalType: integr}\n",
			"9:32", `logicalType is "integr", it must be one of string, date`, "did you mean integer?"},
		{"unknown name", property + "      - {name: q, logicalTipe: integer}\n",
			"9:19", `the standard has no "logicalTipe" here`, "did you mean logicalType?"},
		{"unknown name beside another fault", property + "      - {name: q, loud: 1, required: yes}\n",
			"9:19", `the standard has no "loud" here`, "customProperties"},
		{"boolean as text", property + "      - {name: q, required: yes}\n",
			"9:29", "required must be true or false, this is text", "write true or false"},
		{"number as text", property + "      - {name: q, logicalType: string, logicalTypeOptions: {minLength: \"4\"}}\n",
			"9:72", "minLength must be a whole number, this is text", "remove the quotes: 4"},
		{"option of another type", property + "      - {name: q, logicalType: string, logicalTypeOptions: {minimum: 4}}\n",
			"9:61", `the standard has no "minimum" here`, ""},
		{"no operator", property + "      - {name: q, quality: [{metric: nullValues}]}\n",
			"9:29", "one of mustBe, mustBeBetween", "add one of them"},
		{"two operators", property + "      - {name: q, quality: [{metric: nullValues, mustBe: 0, mustBeLessThan: 1}]}\n",
			"9:29", "several of the alternatives", "keep one"},
		{"topic under a server", head + "servers: [{server: k, type: kafka, host: a, topic: b}]\nschema: [{name: a}]\n",
			"6:45", `the standard has no "topic" here`, "customProperties"},
		{"missing name", property + "      - {logicalType: string}\n",
			"9:9", "name is missing in an entry of properties", "add name"},
		{"words of a later version", strings.Replace(property, "v3.1.0", "v3.0.2", 1) + "      - {name: q, logicalType: integer, logicalTypeOptions: {exclusiveMaximum: 3}}\n",
			"1:13", "uses words that came with v3.1.0", "write apiVersion: v3.1.0"},
		{"version nobody reads", "apiVersion: v2.2.2\nkind: DataContract\n",
			"1:13", `apiVersion "v2.2.2" is not one that weir reads`, "v3.1.0"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			for _, p := range problems(t, tc.text) {
				if strings.HasSuffix(p.Where(), ":"+tc.where) && strings.Contains(p.Message, tc.message) && strings.Contains(p.Remedy, tc.remedy) {
					return
				}
			}
			t.Errorf("want %s %q → %q, got", tc.where, tc.message, tc.remedy)
			for _, p := range problems(t, tc.text) {
				t.Errorf("  %s → %q", p, p.Remedy)
			}
		})
	}
}

func TestAKnownNameIsNotCalledUnknownBecauseOfAnotherFault(t *testing.T) {
	ps := problems(t, "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: 1.0.0\nstatus: active\nschema:\n"+
		"  - name: a\n    properties:\n      - {name: q, logicalType: integr, criticalDataElement: true}\n")
	if len(ps) != 1 {
		t.Errorf("got %d problems, want 1: %v", len(ps), ps)
	}
	ps = problems(t, document("v3.1.0", "      - {name: q, logicalType: integer, criticalDataElement: true, logicalTypeOptions: {minimun: 0}}\n"))
	if len(ps) != 1 || !strings.Contains(ps[0].Message, `"minimun"`) {
		t.Errorf("got %v, want the misspelled option alone", ps)
	}
}

func TestFaultsAgainstTheStandardDoNotHideTheOthers(t *testing.T) {
	all := func(text string) string {
		var said []string
		for _, p := range problems(t, text) {
			said = append(said, p.String()[strings.Index(p.String(), ".yaml:")+len(".yaml:"):])
		}
		return strings.Join(said, "\n")
	}
	got := all(`apiVersion: v3.1.0
kind: DataContract
id: a
version: 1.0.0
status: active
schema:
  - name: a
    customProperties: [{property: weir, value: {eventTime: t, timezone: Europe/Berln, window: 7h}}]
    properties:
      - {name: t, logicalType: timestmp, required: true}
      - name: d
        logicalType: numbr
        quality:
          - {type: custom, engine: weir, implementation: {rule: drift, effect: {ks: 0.1}}}
          - {type: custom, engine: weir, implementation: {rule: drfit}}
      - {name: p, logicalType: string, logicalTypeOptions: {pattern: "[a"}}
`)
	for _, want := range []string{`8:73: timezone "Europe/Berln"`, "8:95: ", `10:32: logicalType is "timestmp"`, `12:22: logicalType is "numbr"`, `15:58: the engine weir has no rule "drfit"`, "16:70: the pattern"} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant %q in it", got, want)
		}
	}
	if n := strings.Count(got, "\n") + 1; n != 6 {
		t.Errorf("got %d problems, want 6 and nothing that only follows from them:\n%s", n, got)
	}
	for _, text := range []string{ // each has one fault, from which others would follow
		"apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: 1.0.0\nstatus: active\nschma: []\n",
		strings.Replace(timed(document("v3.1.0", "")), "required: true", "requird: true", 1),
		document("v3.1.0", "      - {name: p, quality: [{metric: invalidValues, mustBe: 0, argments: {validValues: [1]}}]}\n"),
		document("v3.1.0", "      - {name: p, logicalType: intger, quality: [{type: custom, engine: weir, implementation: {rule: drift}}]}\n"),
	} {
		if got := all(text); strings.Contains(got, "\n") {
			t.Errorf("got\n%s\nwant one problem in\n%s", got, text)
		}
	}
}

func TestARemedyOfAPatternFitsItsFault(t *testing.T) {
	for pattern, want := range map[string]string{"[a": "mend the expression", "(?=a)": "look-around", `(a)\\1`: "back-references"} {
		ps := problems(t, document("v3.1.0", `      - {name: p, logicalType: string, logicalTypeOptions: {pattern: "`+pattern+`"}}`+"\n"))
		if len(ps) != 1 || !strings.Contains(ps[0].Remedy, want) {
			t.Errorf("%s: got %+v, want a remedy with %q", pattern, ps, want)
		}
	}
}

func TestAllFaultsAreReportedAtOnceInOrder(t *testing.T) {
	ps := problems(t, "apiVersion: v3.1.0\nkind: Contract\nid: 7\nversion: 1\nstatus: active\nschema: [{name: a}]\n")
	var lines []int
	for _, p := range ps {
		lines = append(lines, p.Line)
	}
	if len(lines) != 3 || lines[0] != 2 || lines[1] != 3 || lines[2] != 4 {
		t.Errorf("lines: got %v, want [2 3 4]", lines)
	}
}

func TestExcerptShowsTheLineWithACaretUnderTheColumn(t *testing.T) {
	p := problems(t, "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: 1.0.0\nstatus: active\nschema: [{name: ä, loud: 1}]\n")[0]
	want := "    6 | schema: [{name: ä, loud: 1}]\n" + strings.Repeat(" ", 8+19) + "^"
	if p.Excerpt != want {
		t.Errorf("excerpt:\n got %q\nwant %q", p.Excerpt, want)
	}
}
