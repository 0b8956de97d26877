package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/contract"
	"weir/internal/deadletter"
	"weir/internal/demo"
	"weir/internal/kafka"
	"weir/internal/validate"
)

// deadTopic is a topic of three dead letters and one record that is none, on a broker of its own.
func deadTopic(t *testing.T) (broker string) {
	t.Helper()
	b, err := demo.StartBroker(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	cl, err := kafka.NewClient(t.Context(), kafka.Config{Brokers: []string{b.Addr()}})
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if _, err := kadm.NewClient(cl).CreateTopic(t.Context(), 1, 1, nil, "flights.dead"); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		r := &kgo.Record{Topic: "flights.raw", Partition: 2, Offset: int64(100 + i), Key: []byte("UA-1"), Value: []byte(`{"carrier":"ZZ","n":"x"}`), Timestamp: time.Unix(1_700_000_000, 0)}
		vs := []validate.Violation{{Rule: "known-carrier", Severity: contract.Error, Instance: "/carrier", Schema: "/properties/carrier/enum", Found: `"ZZ"`}}
		if i == 2 {
			vs = append(vs, validate.Violation{Rule: "n-type", Severity: contract.Error, Instance: "/n", Schema: "/properties/n/type"})
		}
		d := deadletter.New(r, contract.ID{Name: "flights", Version: "1.0.0"}, "sha256:0", vs, time.Unix(1_700_000_100, 0))
		d.Topic = "flights.dead"
		if err := cl.ProduceSync(t.Context(), d).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: "flights.dead", Value: []byte("not ours")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	return b.Addr()
}

func TestDeadGroupsATopicByCauseAndByRule(t *testing.T) {
	broker := deadTopic(t)
	code, out, errs := call(t, "dead", "flights.dead", "--brokers", broker, "-o", "json")
	if code != exitDone {
		t.Fatalf("exit %d: %s", code, errs)
	}
	var groups []jsonGroup
	for line := range strings.Lines(out) {
		var g jsonGroup
		if err := json.Unmarshal([]byte(line), &g); err != nil {
			t.Fatal(err)
		}
		groups = append(groups, g)
	}
	if len(groups) != 2 || groups[0].Records != 2 || strings.Join(groups[1].Rules, ",") != "known-carrier,n-type" || groups[1].Examples[0] != "flights.dead/0/2" {
		t.Errorf("got %s", out)
	}
	if !strings.Contains(errs, "1 records of flights.dead are no dead letters") {
		t.Errorf("got %q, want it to tell of the record that is no dead letter", errs)
	}
	_, out, errs = call(t, "dead", "flights.dead", "--brokers", broker, "--by", "rule")
	if !strings.Contains(errs, " dead flights.dead 0/0 --brokers "+broker+" shows that one") {
		t.Errorf("got %q, want the command that opens an example", errs)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[1], "known-carrier   3 ") || !strings.HasPrefix(lines[2], "n-type          1 ") {
		t.Errorf("by rule: got\n%s", out)
	}
}

func TestDeadShowsOneLetterWithItsFaultsMarked(t *testing.T) {
	broker := deadTopic(t)
	code, out, errs := call(t, "dead", "flights.dead", "0/2", "--brokers", broker)
	if code != exitDone || !strings.Contains(out, "flights.dead 0/2   from flights.raw 2/102") || !strings.Contains(out, "\n  {\"carrier\":\"ZZ\",\"n\":\"x\"}\n             ▔▔▔▔     ▔▔▔\n") {
		t.Errorf("exit %d, got\n%s%s", code, out, errs)
	}
	if _, out, _ = call(t, "dead", "flights.dead", "0/2", "--brokers", broker, "--show-values=false"); strings.Contains(out, `"n":"x"`) || strings.Contains(out, "UA-1") {
		t.Errorf("got the record's bytes although they were not asked for:\n%s", out)
	}
	var letter map[string]any
	_, out, _ = call(t, "dead", "flights.dead", "0/2", "--brokers", broker, "-o", "json")
	if err := json.Unmarshal([]byte(out), &letter); err != nil || letter["value"] != `{"carrier":"ZZ","n":"x"}` || letter["source"] != "flights.raw/2/102" {
		t.Errorf("got %s, %v", out, err)
	}
}

func TestDeadReadsADumpAsItReadsTheTopic(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dump.ndjson")
	line := `{"topic":"flights.dead","partition":1,"offset":7,"tstype":"create","ts":1700000000000,"headers":["weir.dead.source","flights.raw/2/9","weir.dead.rules","json-invalid-utf8","weir.dead.cause","00c0ffee"],"key":null,"payload":"\ufffd","payload_base64":"/w=="}`
	if err := os.WriteFile(file, []byte(line+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"dead", file}, {"dead", "--from", file}} {
		if code, out, errs := call(t, args...); code != exitDone || !strings.Contains(out, "00c0ffee   json-invalid-utf8   1         -       -      1/7") {
			t.Errorf("%v: exit %d, got\n%s%s", args, code, out, errs)
		}
	}
	if code, out, errs := call(t, "dead", "--from", file, "1/7"); code != exitDone || !strings.Contains(out, "  \\xff\n  ▔▔▔▔\n") {
		t.Errorf("exit %d, got\n%s%s", code, out, errs)
	}
}

func TestDeadSaysWhatIsWrongWithTheCall(t *testing.T) {
	broker := deadTopic(t)
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"dead"}, exitUsage, "which topic?"},
		{[]string{"dead", "nosuch"}, exitUsage, "--brokers or -c"},
		{[]string{"dead", "nosuch", "--brokers", broker}, exitUsage, "topic nosuch does not exist on " + broker},
		{[]string{"dead", "nosuch", "0/1", "--brokers", broker}, exitUsage, "topic nosuch does not exist on " + broker},
		{[]string{"dead", "flights.dead", "0/99", "--brokers", broker}, exitFindings, "no record at 0/99"},
		{[]string{"dead", "flights.dead", "5/0", "--brokers", broker}, exitFindings, "no record at 5/0"},
		{[]string{"dead", "flights.dead", "0/3", "--brokers", broker}, exitFindings, "not a dead letter"},
		{[]string{"dead", "flights.dead", "third", "--brokers", broker}, exitUsage, "not PARTITION/OFFSET"},
		{[]string{"dead", "flights.dead", "--brokers", "127.0.0.1:1"}, exitConnection, "nothing listens there"},
		{[]string{"dead", "flights.dead", "--brokers", broker, "--by", "colour"}, exitUsage, "want cause or rule"},
		{[]string{"dead", "flights.dead", "--brokers", broker, "-o", "xml"}, exitUsage, "want text or json"},
		{[]string{"dead", "flights.dead", "--brokers", broker, "--from", "x"}, exitUsage, "none of the others can be"},
	} {
		code, out, errs := call(t, c.args...)
		if code != c.code || !strings.Contains(errs, c.want) || out != "" {
			t.Errorf("%v: exit %d, stdout %q, stderr %q; want exit %d and %q", c.args, code, out, errs, c.code, c.want)
		}
	}
}

func TestDemoRefusesFlagsThatCannotBe(t *testing.T) {
	for _, args := range [][]string{{"--output", "xml"}, {"--partitions", "0"}, {"--gates", "99"}, {"--seed", "many"}, {"extra"}} {
		if code, out, errs := call(t, append([]string{"demo"}, args...)...); code != exitUsage || out != "" || errs == "" {
			t.Errorf("%v: exit %d, stdout %q, stderr %q; want exit %d and a reason", args, code, out, errs, exitUsage)
		}
	}
	if code, _, errs := call(t, "demo", "--brokers", "127.0.0.1:1", "--save", t.TempDir()); code != exitConnection || !strings.Contains(errs, "nothing listens there") {
		t.Errorf("broker down: exit %d, stderr %q", code, errs)
	}
}
