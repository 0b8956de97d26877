package kafka

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
)

func TestTimestampOKSaysWhatKgoCanEncode(t *testing.T) {
	for _, ms := range []int64{0, -1, -5, math.MinInt64, math.MaxInt64, time.Date(1678, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli(),
		time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli(), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli(), -9_223_372_036_854, 9_223_372_036_854, 9_223_372_036_855} {
		encoded := time.UnixMilli(ms).UnixNano() / 1e6 // as kgo does, see sink.go
		if got, want := TimestampOK(ms), encoded == ms; got != want {
			t.Errorf("TimestampOK(%d) = %t, kgo would write %d", ms, got, encoded)
		}
	}
}

func TestPartitionForStaysWhatItIs(t *testing.T) {
	for name, want := range map[string]int32{"flights": 6, "orders": 3, "": 2} {
		if got := PartitionFor(name, 7); got != want {
			t.Errorf("PartitionFor(%q, 7) = %d, want %d", name, got, want)
		}
	}
	if got := PartitionFor("flights", 0); got != 0 {
		t.Errorf("PartitionFor of no partitions = %d, want 0", got)
	}
}

func TestOptionsReportEveryFaultWithoutTheSecret(t *testing.T) {
	for name, c := range map[string]struct {
		config Config
		want   []string
	}{
		"nothing":       {Config{}, []string{"no brokers"}},
		"plain":         {Config{Brokers: []string{"b:1"}, SASL: &SASL{Mechanism: "PLAIN", User: "u", Password: "hunter2"}}, []string{"PLAIN without TLS"}},
		"mechanism":     {Config{Brokers: []string{"b:1"}, SASL: &SASL{Mechanism: "GSSAPI", User: "u", Password: "hunter2"}}, []string{"GSSAPI", "SCRAM-SHA-512"}},
		"half a pair":   {Config{Brokers: []string{"b:1"}, TLS: &TLS{Cert: "cert.pem"}}, []string{"tls.cert and tls.key"}},
		"no file":       {Config{Brokers: []string{"b:1"}, TLS: &TLS{CA: "nowhere.pem"}}, []string{"tls.ca", "nowhere.pem"}},
		"no PEM":        {Config{Brokers: []string{"b:1"}, TLS: &TLS{CA: "-----BEGIN NOTHING-----"}}, []string{"no certificate"}},
		"two at once":   {Config{TLS: &TLS{CA: "nowhere.pem"}}, []string{"no brokers", "tls.ca"}},
		"no credential": {Config{Brokers: []string{"b:1"}, SASL: &SASL{Mechanism: "SCRAM-SHA-256"}}, []string{"user and a password"}},
	} {
		_, err := c.config.Options()
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %q, want %q in it", name, err, want)
			}
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: error %q shows the password", name, err)
		}
	}
}

func TestSASLNeverPrintsItsPassword(t *testing.T) {
	c := Config{SASL: &SASL{Mechanism: "SCRAM-SHA-512", User: "weir", Password: "hunter2"}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, v := range []any{*c.SASL, c.SASL} {
			if got := fmt.Sprintf(verb, v); strings.Contains(got, "hunter2") {
				t.Errorf("%s prints %s", verb, got)
			}
		}
	}
}

// sound is a preflight over topics that fit.
func sound() preflight {
	configs := func(policy string) map[string]string {
		return map[string]string{"cleanup.policy": policy, "retention.ms": "604800000", "message.timestamp.type": "CreateTime", "max.message.bytes": "1048588"}
	}
	return preflight{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), brokers: "b:9092", oldest: map[string]time.Time{}, topics: map[string]topic{
		"in": {partitions: 4, configs: configs("delete")}, "out": {partitions: 4, configs: configs("delete")}, "dead": {partitions: 4, configs: configs("delete")},
		"g.profiles": {partitions: 2, configs: configs("delete")}, "g.reports": {partitions: 2, configs: configs("delete")},
		"g.events": {partitions: 2, configs: configs("delete")}, "g.state": {partitions: 2, configs: configs("compact")},
	}}
}

func TestPreflightFindsEachFaultAndNothingElse(t *testing.T) {
	wants := append(RouteWants("r", "in", "out", "dead"), OwnWants("g")...)
	set := func(name, key, value string) func(*preflight) {
		return func(p *preflight) { p.topics[name].configs[key] = value }
	}
	change := func(name string, f func(*topic)) func(*preflight) {
		return func(p *preflight) { t := p.topics[name]; f(&t); p.topics[name] = t }
	}
	for name, c := range map[string]struct {
		broken   func(*preflight)
		severity Severity
		topic    string
		message  string
		remedy   string
	}{
		"partitions":      {change("out", func(t *topic) { t.partitions = 2 }), Error, "out", "has 2 partitions, in has 4", "--alter --topic out --partitions 4"},
		"too many":        {change("dead", func(t *topic) { t.partitions = 6 }), Error, "dead", "has 6 partitions", "create a topic with 4"},
		"log append time": {set("out", "message.timestamp.type", "LogAppendTime"), Error, "out", "LogAppendTime", "message.timestamp.type=CreateTime"},
		"small":           {set("dead", "max.message.bytes", "1000"), Warning, "dead", "1000 bytes, in of 1048588", "max.message.bytes=1048588"},
		"compacted out":   {set("out", "cleanup.policy", "compact"), Warning, "out", "is compacted", ""},
		"compacted dead":  {set("dead", "cleanup.policy", "compact,delete"), Error, "dead", "is compacted", "cleanup.policy=delete"},
		"expiring state":  {set("g.state", "cleanup.policy", "delete"), Error, "g.state", "must be compact", "cleanup.policy=compact"},
		"uneven state":    {change("g.state", func(t *topic) { t.partitions = 3 }), Error, "g.state", "has 3 partitions", "create a topic with 2"},
		"no permission":   {change("out", func(t *topic) { t.allowed = map[string]bool{"Describe": true} }), Error, "out", "does not let this user write", "--operation Write --topic out"},
		"only half": {change("g.profiles", func(t *topic) { t.allowed = map[string]bool{"Write": true, "Describe": true} }), Error, "g.profiles",
			"does not let this user read", "--operation Read --topic g.profiles"},
	} {
		p := sound()
		c.broken(&p)
		found := p.run(wants)
		if len(found) != 1 {
			t.Errorf("%s: %d findings %v, want one", name, len(found), found)
			continue
		}
		f := found[0]
		if f.Severity != c.severity || f.Topic != c.topic || !strings.Contains(f.Message, c.message) || !strings.Contains(f.Remedy, c.remedy) {
			t.Errorf("%s: found %v, want %s on %s: …%s… with remedy …%s…", name, f, c.severity, c.topic, c.message, c.remedy)
		}
	}
	p := sound()
	if found := p.run(wants); len(found) != 0 {
		t.Errorf("findings on sound topics: %v", found)
	}
}

func TestPreflightPlansNoTopicWhoseInputIsMissing(t *testing.T) {
	p := sound()
	p.topics["in"] = topic{err: kerr.UnknownTopicOrPartition}
	p.topics["out"] = topic{err: kerr.UnknownTopicOrPartition}
	found := p.run(RouteWants("r", "in", "out", "dead"))
	if len(found) != 2 || strings.Contains(found[0].Remedy, "--partitions") || !strings.Contains(found[1].Remedy, "create the input in first") {
		t.Errorf("found %v, want the input to come first", found)
	}
	if text := found[1].Text(); !strings.HasPrefix(text, "topic out does not exist\n") {
		t.Errorf("got %q, want neither severity nor route", text)
	}
}

func TestPreflightNamesRetentionAndAgeOfOldData(t *testing.T) {
	p := sound()
	p.oldest["in"] = time.Date(2013, 2, 1, 0, 0, 0, 0, time.UTC)
	found := p.run(RouteWants("r", "in", "out", ""))
	if len(found) != 1 || found[0].Severity != Warning {
		t.Fatalf("found %v, want one warning", found)
	}
	for _, want := range []string{"7 days", "2013-02-01", "4717 days"} {
		if !strings.Contains(found[0].Message, want) {
			t.Errorf("message %q, want %q in it", found[0].Message, want)
		}
	}
}

func TestPreflightRefusesATopicThatFeedsItself(t *testing.T) {
	p := sound()
	found := p.run(append(RouteWants("one", "in", "out", "dead"), RouteWants("two", "dead", "", "")...))
	if len(found) != 1 || found[0].Severity != Error || found[0].Route != "one" || !strings.Contains(found[0].Message, "also the input of two") {
		t.Errorf("found %v, want one error on the dead letters of route one", found)
	}
	p = sound()
	found = p.run(RouteWants("one", "in", "out", "out"))
	if len(found) != 1 || !strings.Contains(found[0].Message, "output and for dead letters") {
		t.Errorf("found %v, want one error on the topic with two roles", found)
	}
}

func TestGrantsAreTheLeastThatARoleNeeds(t *testing.T) {
	got := strings.Join(Grants("b:9092", "", "User:weir", "g", []string{"g", "g.monitor"}, append(RouteWants("r", "in", "out", ""), OwnWants("g")...)), "\n")
	want := `kafka-acls.sh --bootstrap-server b:9092 --add --allow-principal User:weir --operation Read --operation Describe --operation DescribeConfigs --topic in
kafka-acls.sh --bootstrap-server b:9092 --add --allow-principal User:weir --operation Write --operation Describe --operation DescribeConfigs --topic out
kafka-acls.sh --bootstrap-server b:9092 --add --allow-principal User:weir --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic g.profiles
kafka-acls.sh --bootstrap-server b:9092 --add --allow-principal User:weir --operation Write --operation Describe --operation DescribeConfigs --topic g.reports
kafka-acls.sh --bootstrap-server b:9092 --add --allow-principal User:weir --operation Write --operation Describe --operation DescribeConfigs --topic g.events
kafka-acls.sh --bootstrap-server b:9092 --add --allow-principal User:weir --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic g.state
kafka-acls.sh --bootstrap-server b:9092 --add --allow-principal User:weir --operation Read --operation Describe --group g
kafka-acls.sh --bootstrap-server b:9092 --add --allow-principal User:weir --operation Read --operation Describe --group g.monitor
kafka-acls.sh --bootstrap-server b:9092 --add --allow-principal User:weir --operation Write --operation Describe --transactional-id g. --resource-pattern-type prefixed`
	if got != want {
		t.Errorf("grants:\n%s\nwant:\n%s", got, want)
	}
}

func TestTimestampUndoesHowKgoReads(t *testing.T) {
	for _, ms := range []int64{
		0, -1, 1360317600123, math.MaxInt64 / 1_000_000, math.MinInt64 / 1_000_000,
		math.MaxInt64/1_000_000 + 1, math.MinInt64/1_000_000 - 1, time.Time{}.UnixMilli(), 253402300799999, 1 << 56, -1 << 56,
	} {
		read := time.Unix(0, ms*1e6) // kgo's timeFromMillis
		if got := timestamp(read).UnixMilli(); got != ms {
			t.Errorf("%d is read as %v: got %d", ms, read.UTC(), got)
		}
	}
}
