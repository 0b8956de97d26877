package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
)

// Role is what weir does with a topic.
type Role string

// Roles of the user's topics and of weir's own.
const (
	Input       Role = "input"
	Output      Role = "output"
	DeadLetters Role = "dead letters"
	Profiles    Role = "profiles"
	Reports     Role = "reports"
	Events      Role = "events"
	State       Role = "state"
)

// Want is one topic weir is about to use.
type Want struct {
	Route string // named in findings; "" for weir's own topics
	Topic string
	Role  Role
	Like  string // topic whose partition count it must have; "" when any will do
}

// RouteWants are the topics of one route; output and dead letters may be "".
func RouteWants(route, input, output, deadLetters string) []Want {
	wants := []Want{{Route: route, Topic: input, Role: Input}}
	if output != "" {
		wants = append(wants, Want{route, output, Output, input})
	}
	if deadLetters != "" {
		wants = append(wants, Want{route, deadLetters, DeadLetters, input})
	}
	return wants
}

// OwnWants are a group's own topics.
func OwnWants(group string) []Want {
	t := TopicsOf(group)
	return []Want{
		{Topic: t.Profiles, Role: Profiles}, {Topic: t.Reports, Role: Reports}, {Topic: t.Events, Role: Events},
		{Topic: t.State, Role: State, Like: t.Profiles},
	}
}

// Severity of a finding.
type Severity string

const (
	Error   Severity = "error"   // the route, or all of them for weir's own topics, cannot run
	Warning Severity = "warning" // it runs, and somebody should know
)

// Finding is one thing that is not as weir needs it.
type Finding struct {
	Route    string
	Topic    string
	Severity Severity
	Message  string // one sentence
	Remedy   string // a command, or what to do; "" for an own topic that is missing, which weir setup creates
}

func (f Finding) String() string {
	if f.Route != "" {
		return fmt.Sprintf("%s: route %s: %s", f.Severity, f.Route, f.Text())
	}
	return fmt.Sprintf("%s: %s", f.Severity, f.Text())
}

// Text is the finding without severity and route, for where they are said already.
func (f Finding) Text() string {
	s := fmt.Sprintf("topic %s %s", f.Topic, f.Message)
	if f.Remedy != "" {
		s += "\n  remedy: " + f.Remedy
	}
	return s
}

// Preflight compares the topics weir is about to use with what it needs of them: existence, partition counts, roles
// that exclude each other, timestamps, retention, cleanup, sizes and permissions. It changes nothing. Findings are in
// the order of the wants. The error is one of connection; what a single topic hides is a finding.
func Preflight(ctx context.Context, c Config, wants []Want) ([]Finding, error) {
	cl, err := NewClient(ctx, c)
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	var names []string
	for _, w := range wants {
		names = append(names, w.Topic, w.Like)
	}
	topics, err := describe(ctx, cl, names)
	if err != nil {
		return nil, err
	}
	oldest, err := oldestRecords(ctx, cl, wants, topics)
	if err != nil {
		return nil, err
	}
	p := preflight{topics: topics, oldest: oldest, now: time.Now(), brokers: strings.Join(c.Brokers, ",")}
	return p.run(wants), nil
}

// preflight is what was read from the cluster; its methods are pure.
type preflight struct {
	topics  map[string]topic
	oldest  map[string]time.Time // of the first record of inputs that hold any
	now     time.Time
	brokers string
	found   []Finding
}

func (p *preflight) run(wants []Want) []Finding {
	inputs := map[string]Want{}
	for _, w := range wants {
		if w.Role == Input {
			inputs[w.Topic] = w
		}
	}
	for i, w := range wants {
		if in, ok := inputs[w.Topic]; ok && w.Role != Input {
			p.add(w, Error, fmt.Sprintf("is the %s topic and also the input of %s: it would feed itself", w.Role, cmp.Or(in.Route, in.Topic)), "name another topic")
		}
		for _, v := range wants[:i] {
			if v.Topic == w.Topic && v.Role != w.Role && v.Role != Input && w.Role != Input {
				p.add(w, Error, fmt.Sprintf("is used for %s and for %s", v.Role, w.Role), "name another topic")
			}
		}
		p.check(w)
	}
	return p.found
}

func (p *preflight) add(w Want, s Severity, message, remedy string) {
	f := Finding{w.Route, w.Topic, s, message, remedy}
	if !slices.Contains(p.found, f) {
		p.found = append(p.found, f)
	}
}

func (p *preflight) check(w Want) {
	t := p.topics[w.Topic]
	switch {
	case errors.Is(t.err, kerr.UnknownTopicOrPartition):
		p.add(w, Error, "does not exist", p.create(w))
		return
	case t.err != nil:
		p.add(w, Error, fmt.Sprintf("cannot be described: %v", t.err), p.grant(w, "Describe"))
		return
	}
	if like, ok := p.topics[w.Like]; ok && like.err == nil && like.partitions != t.partitions {
		p.add(w, Error, fmt.Sprintf("has %d partitions, %s has %d: records could not keep their partition", t.partitions, w.Like, like.partitions), p.repartition(w, t, like))
	}
	p.permissions(w, t)
	switch {
	case t.hidden != nil && w.Role != Input:
		p.add(w, Warning, fmt.Sprintf("does not show its configuration (%v): limits and retention are not checked", t.hidden), p.grant(w, "DescribeConfigs"))
	case t.hidden == nil:
		p.cleanup(w, t)
		p.retention(w, t)
		p.timestamps(w, t)
		p.sizes(w, t)
	}
}

func (p *preflight) create(w Want) string {
	like := p.topics[w.Like]
	switch {
	case w.Route == "":
		return ""
	case w.Role == Input:
		return "correct the name, or create the topic: weir creates no inputs"
	case errors.Is(like.err, kerr.UnknownTopicOrPartition):
		return fmt.Sprintf("create the input %s first; this topic must have its partitions", w.Like)
	case like.err != nil:
		return fmt.Sprintf("let this user describe the input %s first; this topic must have its partitions", w.Like)
	}
	return fmt.Sprintf("kafka-topics.sh --bootstrap-server %s --create --topic %s --partitions %d", p.brokers, w.Topic, like.partitions)
}

func (p *preflight) repartition(w Want, t, like topic) string {
	if t.partitions < like.partitions {
		return fmt.Sprintf("kafka-topics.sh --bootstrap-server %s --alter --topic %s --partitions %d", p.brokers, w.Topic, like.partitions)
	}
	return fmt.Sprintf("create a topic with %d partitions (partitions cannot be taken away)", like.partitions)
}

func (p *preflight) configure(w Want, kv string) string {
	return fmt.Sprintf("kafka-configs.sh --bootstrap-server %s --alter --entity-type topics --entity-name %s --add-config %s", p.brokers, w.Topic, kv)
}

func (p *preflight) grant(w Want, op string) string {
	return fmt.Sprintf("kafka-acls.sh --bootstrap-server %s --add --allow-principal User:<weir> --operation %s --topic %s", p.brokers, op, w.Topic)
}

// permissions compares what the broker says this user may do with what the role needs.
func (p *preflight) permissions(w Want, t topic) {
	if t.allowed == nil {
		return // the broker does not tell
	}
	for _, op := range w.Role.operations() {
		if !t.allowed[op] {
			p.add(w, Error, fmt.Sprintf("does not let this user %s", strings.ToLower(op)), p.grant(w, op))
		}
	}
}

// operations on a topic that a role needs.
func (r Role) operations() []string {
	switch r {
	case Input:
		return []string{"Read"}
	case Profiles, State:
		return []string{"Read", "Write"}
	}
	return []string{"Write"}
}

func (p *preflight) cleanup(w Want, t topic) {
	policy := t.configs["cleanup.policy"]
	compacts, deletes := strings.Contains(policy, "compact"), strings.Contains(policy, "delete")
	switch w.Role {
	case Output:
		if compacts {
			p.add(w, Warning, "is compacted: records without a key are refused there and become dead letters, and of each key only the last record stays", "")
		}
	case DeadLetters, Profiles:
		if compacts {
			p.add(w, Error, "is compacted: "+string(w.Role)+" with the same key would replace each other", p.configure(w, "cleanup.policy=delete"))
		}
	case Reports, Events:
		if compacts {
			p.add(w, Warning, "is compacted: only the last of each key stays", p.configure(w, "cleanup.policy=delete"))
		}
	case State:
		if !compacts || deletes {
			p.add(w, Error, fmt.Sprintf("has cleanup.policy=%s: the monitor's memory would expire; it must be compact", policy), p.configure(w, "cleanup.policy=compact"))
		}
	}
}

// retention warns where records would be deleted soon after they are written, because they carry the input's times.
func (p *preflight) retention(w Want, t topic) {
	if w.Role != Output && w.Role != DeadLetters {
		return
	}
	keep, ok := t.number("retention.ms")
	oldest, some := p.oldest[w.Like]
	if !ok || keep < 0 || !some || !strings.Contains(t.configs["cleanup.policy"], "delete") {
		return
	}
	if age := p.now.Sub(oldest); age > time.Duration(keep)*time.Millisecond {
		p.add(w, Warning, fmt.Sprintf("keeps records for %s by their own timestamps, and %s begins with a record of %s, %s ago: what is older is deleted soon after it is written",
			days(time.Duration(keep)*time.Millisecond), w.Like, oldest.UTC().Format(time.DateOnly), days(age)), p.configure(w, "retention.ms=-1"))
	}
}

func days(d time.Duration) string {
	if d < 48*time.Hour {
		return d.Round(time.Second).String()
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

func (p *preflight) timestamps(w Want, t topic) {
	if w.Role != Output && w.Role != DeadLetters {
		return
	}
	if t.configs["message.timestamp.type"] == "LogAppendTime" {
		p.add(w, Error, "has message.timestamp.type=LogAppendTime: it would replace the records' timestamps", p.configure(w, "message.timestamp.type=CreateTime"))
	}
	for _, key := range []string{"message.timestamp.before.max.ms", "message.timestamp.after.max.ms"} {
		mine, ok := t.number(key)
		theirs, ok2 := p.topics[w.Like].number(key)
		if ok && ok2 && mine < theirs {
			p.add(w, Warning, fmt.Sprintf("takes timestamps within %s=%d only, %s within %d: records between are refused", key, mine, w.Like, theirs), p.configure(w, fmt.Sprintf("%s=%d", key, theirs)))
		}
	}
}

func (p *preflight) sizes(w Want, t topic) {
	if w.Role != Output && w.Role != DeadLetters {
		return
	}
	mine, ok := t.number("max.message.bytes")
	theirs, ok2 := p.topics[w.Like].number("max.message.bytes")
	if ok && ok2 && mine < theirs {
		p.add(w, Warning, fmt.Sprintf("takes messages of %d bytes, %s of %d: larger records are shortened or named only", mine, w.Like, theirs), p.configure(w, fmt.Sprintf("max.message.bytes=%d", theirs)))
	}
}
