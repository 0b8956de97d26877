package contract

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

var operators = []Operator{MustBe, MustNotBe, MustBeGreaterThan, MustBeGreaterOrEqualTo, MustBeLessThan, MustBeLessOrEqualTo,
	MustBeBetween, MustNotBeBetween}

// severity reads ODCS's free text as datacontract-cli does; absent or unknown words are errors, the latter with known
// false.
func severity(q *node) (s Severity, known bool) {
	switch strings.ToLower(q.str("severity")) {
	case "warning", "warn", "low", "minor":
		return Warning, true
	case "info", "trivial":
		return Info, true
	case "", "error", "critical", "high", "major", "blocker", "fatal":
		return Error, true
	}
	return Error, false
}

// quality is one entry of a "quality" list.
type quality struct {
	*node
	b    *builder
	rule Rule
}

// newQuality gives the entry its id: the author's, else the field's name and the metric's.
func (b *builder) newQuality(q *node, at place, n int) quality {
	metric := metricOf(q)
	kind := q.str("type")
	word := metric
	if word == "" {
		word = kind
	}
	if impl := q.get("implementation"); q.str("engine") == "weir" && impl != nil {
		word = impl.str("rule")
	}
	if word == "" {
		word = fmt.Sprintf("quality-%d", n+1)
	}
	weight, known := severity(q)
	if !known {
		s := q.get("severity")
		b.c.Notices = append(b.c.Notices, b.notice(s, "write error, warning or info", "weir does not know the severity %s: the rule counts as an error", s.text))
	}
	r := Rule{ID: derived(at.id, word), Severity: weight, Path: at.path, Line: q.line, Column: q.column}
	if id := q.get("id"); id != nil {
		r.ID, r.Line, r.Column = id.text, id.line, id.column
		if first, taken := b.ids[r.ID]; taken {
			b.on(id, "choose another id: it names the rule in dead letters, metrics and mutes", "the id %q is taken by a rule on line %d", r.ID, b.c.Rules[first].Line)
		}
	}
	return quality{node: q, b: b, rule: r}
}

// metricOf is the library metric; ODCS 3.0 called it rule.
func metricOf(q *node) string {
	if m := q.str("metric"); m != "" {
		return m
	}
	return q.str("rule")
}

func (q quality) notEnforced(why string, args ...any) {
	r := q.rule
	r.Scope, r.Why, r.Text = NotEnforced, fmt.Sprintf(why, args...), q.describe()
	q.b.rule(r)
}

// describe is the rule as its author put it.
func (q quality) describe() string {
	for _, name := range []string{"description", "name"} {
		if s := q.str(name); s != "" {
			return shorten(firstLine(s))
		}
	}
	if m := metricOf(q.node); m != "" {
		op, _ := q.operator()
		return strings.TrimSpace(m + " " + op)
	}
	for _, name := range []string{"implementation", "query"} {
		if s := q.str(name); s != "" {
			return shorten(firstLine(s))
		}
	}
	return strings.TrimSpace(q.str("engine") + " " + q.str("type") + " rule")
}

// shorten keeps a line of somebody else's language displayable.
func shorten(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:79]) + "…"
	}
	return s
}

// operator is the comparison as text and value.
func (q quality) operator() (string, *WindowRule) {
	for _, op := range operators {
		v := q.get(string(op))
		if v == nil {
			continue
		}
		w := &WindowRule{Operator: op, Percent: strings.EqualFold(q.str("unit"), "percent")}
		bounds := []*node{v}
		if v.kind == listNode {
			bounds = v.items
		}
		var texts []string
		for i, n := range bounds {
			x, err := strconv.ParseFloat(n.text, 64)
			if n.kind != numberNode || err != nil || i > 1 {
				return string(op), nil
			}
			w.Limit[i] = x
			texts = append(texts, n.text)
		}
		text := string(op) + " " + strings.Join(texts, " and ")
		if w.Percent {
			text += " percent"
		}
		return text, w
	}
	return "", nil
}

// common handles what is the same on objects and properties; done says that nothing is left to do.
func (q quality) common() (done bool) {
	kind, engine := q.str("type"), q.str("engine")
	if s := q.get("schedule"); s != nil {
		defer q.b.rule(Rule{ID: q.rule.ID + "-schedule", Scope: NotEnforced, Severity: q.rule.Severity, Path: q.rule.Path,
			Text: "runs at " + s.text, Why: "weir judges each record, and each window when it closes", Line: s.line, Column: s.column})
	}
	switch {
	case kind == "text":
		q.notEnforced("it is text for people")
	case kind == "sql":
		q.notEnforced("weir does not run SQL over a stream")
	case kind == "custom" && engine != "weir":
		q.notEnforced("weir does not run the engine %s", engine)
	case kind == "custom":
		return false
	case metricOf(q.node) == "":
		q.notEnforced("it has neither a metric nor an engine")
	default:
		return false
	}
	return true
}

func (b *builder) objectQuality(object *node) {
	for i, n := range object.list("quality") {
		q := b.newQuality(n, place{}, i)
		if n.get("id") == nil && !strings.Contains(q.rule.ID, "quality-") {
			q.rule.ID = strings.TrimPrefix(q.rule.ID, "record-")
		}
		if q.common() {
			continue
		}
		if n.str("engine") == "weir" {
			q.weir(nil, false)
			continue
		}
		_, w := q.operator()
		switch m := metricOf(n); {
		case m == string(RowCount) && w != nil && !w.Percent:
			q.window(RowCount, w)
		case m == string(RowCount):
			q.notEnforced("rowCount needs one numeric bound in rows")
		default:
			q.notEnforced("weir does not judge %s over a whole record", m)
		}
	}
	for i, r := range object.list("relationships") {
		b.rule(Rule{ID: fmt.Sprintf("relationship-%d", i+1), Scope: NotEnforced, Severity: Error, Text: "refers to other data",
			Why: "weir does not join topics", Line: r.line, Column: r.column})
	}
}

func (b *builder) propertyQuality(p *node, k *keywords, f *Field) {
	for i, n := range p.list("quality") {
		q := b.newQuality(n, k.at, i)
		if q.common() {
			continue
		}
		if n.str("engine") == "weir" {
			q.weir(f, k.at.inside)
			continue
		}
		_, w := q.operator()
		switch m := metricOf(n); {
		case m == "invalidValues":
			q.invalidValues(k, w)
		case m == string(NullValues) && (k.at.inside || f.Kind >= Object):
			q.notEnforced("weir counts nulls of scalar fields outside lists")
		case m == string(NullValues) && w != nil:
			q.window(NullValues, w)
		case m == string(NullValues):
			q.notEnforced("nullValues needs a numeric bound")
		default:
			q.notEnforced("weir does not judge %s yet", m)
		}
	}
}

func (q quality) window(m Metric, w *WindowRule) {
	r := q.rule
	w.Metric = m
	op, _ := q.operator()
	r.Scope, r.Window, r.Text = PerWindow, w, fmt.Sprintf("%s %s", m, op)
	q.b.rule(r)
}

// invalidValues with mustBe 0 is a rule on every record: one of validValues, and matching pattern. Nulls are never invalid.
func (q quality) invalidValues(k *keywords, w *WindowRule) {
	if w == nil || w.Operator != MustBe || w.Limit[0] != 0 {
		q.notEnforced("weir judges invalidValues record by record: only mustBe: 0 can be kept")
		return
	}
	args := q.get("arguments")
	valid, pattern := args.get("validValues"), args.get("pattern")
	if pattern == nil {
		pattern = q.get("pattern") // the standard's own example puts it there
	}
	if valid == nil && pattern == nil {
		q.b.lacks(q.node, "add arguments: {validValues: […]} or {pattern: …}", "invalidValues does not say which values are valid")
		return
	}
	first := q.rule
	if valid != nil {
		list, _ := valid.value().([]any)
		if len(list) == 0 {
			q.b.on(valid, "list at least one value", "validValues is empty")
			return
		}
		r := first
		r.Text = fmt.Sprintf("is one of %d values", len(list))
		k.set("enum", k.orNull(list), r)
		first.ID += "-pattern"
	}
	if pattern != nil {
		r := first
		r.Text = "matches " + pattern.text
		k.pattern(pattern, r)
	}
}

func (b *builder) serviceLevels(doc *node) {
	for _, s := range doc.list("slaProperties") {
		name := s.str("property")
		b.rule(Rule{ID: "sla-" + name, Scope: NotEnforced, Severity: Error, Text: strings.TrimSpace(name + " " + s.str("value") + " " + s.str("unit")),
			Why: "weir does not judge service levels yet", Line: s.line, Column: s.column})
	}
}

// effects are the statistics that a threshold may be given for.
var effects = map[Metric][]string{Drift: {"ks", "psi", "unseen"}, NullDrift: {"null_share"}, Volume: {"volume"}}

// weir reads a rule of weir's own engine. f is nil on the schema object.
func (q quality) weir(f *Field, inside bool) {
	impl := q.get("implementation")
	if impl == nil || impl.kind != mapNode {
		q.b.lacks(q.node, "write implementation: {rule: drift, against: baseline}", "a rule of the engine weir needs a mapping as implementation")
		return
	}
	m := Metric(impl.str("rule"))
	w := &WindowRule{Metric: m}
	switch {
	case m == Volume && f == nil, (m == Drift || m == NullDrift) && f != nil && !inside && f.Kind < Object && f.Kind != Timestamp:
	case m == NullDrift && f != nil && !inside && f.Kind == Timestamp:
	case m == Volume:
		q.b.on(impl, "move the rule to the quality of the schema object", "volume is about the whole topic, not one property")
		return
	case f == nil && (m == Drift || m == NullDrift):
		q.b.on(impl, "move the rule to the quality of a property", "%s is about one property", m)
		return
	case m == Drift || m == NullDrift:
		q.b.lacks(impl, "watch a scalar property outside lists", "%s cannot be measured here", m)
		return
	default:
		q.b.on(impl, "the rules are drift, nullDrift and volume", "the engine weir has no rule %q", m)
		return
	}
	for _, mem := range impl.members {
		q.setting(mem, w, f)
	}
	r := q.rule
	r.Scope, r.Window = PerWindow, w
	r.Text = map[Metric]string{Drift: "is distributed as in the baseline", NullDrift: "is null as often as in the baseline",
		Volume: "has as many records as the baseline's windows"}[m]
	q.b.rule(r)
}

func (q quality) setting(m member, w *WindowRule, f *Field) {
	switch m.name {
	case "rule":
	case "against":
		if m.value.text != "baseline" {
			q.b.on(m.value, "write baseline", "weir compares against the baseline only, not %q", m.value.text)
		}
	case "minimumSample":
		n, err := strconv.Atoi(m.value.text)
		if m.value.kind != numberNode || err != nil || n < 1 {
			q.b.on(m.value, "write a whole number, such as 200", "minimumSample must be at least 1")
			return
		}
		w.MinSample = n
	case "effect":
		if m.value.kind != mapNode {
			q.b.on(m.value, "write {psi: 0.1}", "effect is %s, not a mapping", m.value.kind)
			return
		}
		w.Effect = map[string]float64{}
		for _, e := range m.value.members {
			q.effect(e, w, f)
		}
	default:
		q.b.at(m.line, m.column, "the keys are rule, against, effect, minimumSample", "a rule of the engine weir has no key %q", m.name)
	}
}

func (q quality) effect(e member, w *WindowRule, f *Field) {
	known := effects[w.Metric]
	if f != nil && w.Metric == Drift {
		switch f.Kind {
		case Integer, Number:
			known = []string{"ks", "psi"}
		case untyped: // any of them may be meant
		default:
			known = []string{"psi", "unseen"}
		}
	}
	x, err := json.Number(e.value.text).Float64()
	switch {
	case !has(known, e.name):
		q.b.at(e.line, e.column, "the effects here are "+strings.Join(known, ", "), "%s has no effect %q here", w.Metric, e.name)
	case e.value.kind != numberNode || err != nil || x <= 0:
		q.b.on(e.value, "write a number above 0, such as 0.1", "the threshold of %s must be above 0", e.name)
	default:
		w.Effect[e.name] = x
	}
}

func has(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}
