package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/drift"
)

// story is a folder of results as the demo leaves one: a storm with a unit change, and a day of unknown carriers.
const story = "../../internal/drift/testdata/story"

// explainWith runs the command alone and returns its exit code and what it wrote.
func explainWith(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	a := &app{stdout: &out, stderr: &errs}
	root := a.root(nil)
	explain := a.explainCommand()
	prepare(explain)
	root.AddCommand(explain)
	code = a.execute(t.Context(), root, append([]string{"explain"}, args...), nil, nil)
	return code, out.String(), errs.String()
}

func contains(t *testing.T, got string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("got\n%s\nwant it to say %q", got, w)
		}
	}
}

func TestExplainShowsANullShareBesideTheBaseline(t *testing.T) {
	code, out, _ := explainWith(t, "flights/2013-02-09/cancelled-share", "--from", story)
	if code != exitDone {
		t.Fatalf("got exit %d, want %d", code, exitDone)
	}
	contains(t, out,
		"flights@1.0.0 · cancelled-share · ERROR · 9 Feb 2013 to 10 Feb 2013 (1d windows, America/New_York), cleared after 13 Feb 2013",
		"dep_time was null in 50.7 % of 915 records; the contract allows less than 20 %, baseline 2013-01 had 2 %",
		"2013-01     ▏█▏", "9 Feb 2013  ▏█████", "limit       ▏··········",
		"below 1e-300", "distance-drift (ks 0.4", "dead letters normal · no idle partitions · no late records · volume normal",
		"flight-ml · #flight-ml · a critical data element", "https://wiki.example.com/runbooks/flights",
		invocation()+" explain flights/2013-02-09 --from "+story, "change cancelled-share in 1.0.0.odcs.yaml line 35")
}

func TestExplainDrawsTheCellsAndQuantilesOfADistribution(t *testing.T) {
	code, out, _ := explainWith(t, "flights/2013-02-09/distance-drift", "--from", story)
	if code != exitDone {
		t.Fatalf("got exit %d, want %d", code, exitDone)
	}
	contains(t, out, "> 1,600 ▏", "≤ 1,600 ▏", "quantile ", "50 %", "960", "two-sample Kolmogorov-Smirnov", " baseline build --contract 1.0.0.odcs.yaml --since 2013-02-09 FILE")
}

func TestExplainShowsCategoriesAndVolumeOfAnOpenIncident(t *testing.T) {
	_, out, _ := explainWith(t, "flights/2013-02-14/carrier-drift", "--from", story)
	contains(t, out, "still open", "unseen ▏", "UA ", `("ZZ")`)
	_, out, _ = explainWith(t, "flights/2013-02-14/volume", "--from", story)
	contains(t, out, "2013-01 smallest ▏", "counted, not estimated", "14 Feb 2013")
}

func TestExplainOfAnIncidentListsItsFindingsWithCommands(t *testing.T) {
	code, out, _ := explainWith(t, "flights/2013-02-09", "--from", story)
	if code != exitDone {
		t.Fatalf("got exit %d, want %d", code, exitDone)
	}
	contains(t, out, "3 findings", "cleared 14 Feb 2013",
		" explain flights/2013-02-09/cancelled-share", " explain flights/2013-02-09/dep-nulls", " explain flights/2013-02-09/distance-drift")
}

func TestExplainOfAWindowDuringAnIncidentShowsTheIncident(t *testing.T) {
	for asked, want := range map[string]string{"flights/2013-02-10": "flights/2013-02-09", "flights/2013-02-13/distance-drift": "flights/2013-02-09/distance-drift"} {
		_, exact, _ := explainWith(t, want, "--from", story)
		code, out, errs := explainWith(t, asked, "--from", story)
		if code != exitDone || out != exact || !strings.Contains(errs, "is a window of the incident flights/2013-02-09") {
			t.Errorf("%s: got exit %d, %q\n%s\nwant what %s shows", asked, code, errs, out, want)
		}
	}
}

func TestExplainOfAnIncidentSaysWhatItsEventsSay(t *testing.T) {
	_, out, _ := explainWith(t, "flights/2013-02-09", "--from", story)
	if err := eachLine(story+"/events.ndjson", func(b []byte) error {
		e, err := drift.DecodeEvent(b)
		if err == nil && e.Data.State == drift.Opened && e.Data.Incident == "flights/2013-02-09" {
			contains(t, out, e.Data.Summary)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestExplainAcceptsAnEventAndSpeaksJSON(t *testing.T) {
	_, byRule, _ := explainWith(t, "flights/2013-02-09/cancelled-share", "--from", story, "-o", "json")
	var x explained
	if err := json.Unmarshal([]byte(byRule), &x); err != nil {
		t.Fatal(err)
	}
	if x.Incident.ID != "flights/2013-02-09" || len(x.Incident.Findings) != 2 || len(x.Reports) != 2 || len(x.Events) != 2 {
		t.Errorf("got incident %s, %d findings, %d reports, %d events, want flights/2013-02-09 and 2 of each",
			x.Incident.ID, len(x.Incident.Findings), len(x.Reports), len(x.Events))
	}
	_, byEvent, _ := explainWith(t, x.Events[0].ID, "--from", story, "-o", "json")
	if byEvent != byRule {
		t.Errorf("by event id: got\n%s\nwant\n%s", byEvent, byRule)
	}
}

func TestExplainReadsTheTopicsOfAGroup(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "g.reports", "g.events"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	brokers := strings.Join(cluster.ListenAddrs(), ",")
	cl, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	for _, topic := range []string{"reports", "events"} {
		if err := eachLine(story+"/"+topic+".ndjson", func(b []byte) error {
			return cl.ProduceSync(t.Context(), &kgo.Record{Topic: "g." + topic, Value: bytes.Clone(b)}).FirstErr()
		}); err != nil {
			t.Fatal(err)
		}
	}
	route := &kgo.Record{Topic: "g.events", Value: []byte(`{"type":"io.weir.route.stopped.v1"}`)}
	if err := cl.ProduceSync(t.Context(), route).FirstErr(); err != nil {
		t.Fatal(err)
	}

	code, fromTopics, errs := explainWith(t, "flights/2013-02-14/carrier-drift", "--brokers", brokers, "--group", "g", "-o", "json")
	if code != exitDone {
		t.Fatalf("got exit %d, want %d: %s", code, exitDone, errs)
	}
	if _, fromFolder, _ := explainWith(t, "flights/2013-02-14/carrier-drift", "--from", story, "-o", "json"); fromTopics != fromFolder {
		t.Errorf("got from the topics\n%s\nwant as from the folder\n%s", fromTopics, fromFolder)
	}
}

func TestExplainSaysWhatItDoesNotFindAndWhatIsNear(t *testing.T) {
	for _, x := range []struct {
		args []string
		code int
		want []string
	}{
		{[]string{"flights/2013-03-01/cancelled-share", "--from", story}, exitFindings, []string{"no incident", "The nearest incidents:\n  flights/2013-02-14  carrier-drift"}},
		{[]string{"flights/2013-02-09/typo", "--from", story}, exitFindings, []string{`no finding of rule "typo"; it has cancelled-share, dep-nulls, distance-drift`}},
		{[]string{"flights/2013-02-09", "--from", t.TempDir()}, exitUsage, []string{"no saved results", " demo first", "--from"}},
		{[]string{"flights/2013-02-09", "--brokers", "127.0.0.1:1"}, exitUsage, []string{"group"}},
		{[]string{"flights/2013-02-09", "--from", story, "-c", "weir.yaml"}, exitUsage, []string{"from"}},
		{[]string{"flights/2013-02-09", "--from", story, "-o", "xml"}, exitUsage, []string{"text or json"}},
		{nil, exitUsage, []string{"arg"}},
	} {
		code, out, errs := explainWith(t, x.args...)
		if code != x.code || out != "" {
			t.Errorf("%q: got exit %d and stdout %q, want exit %d and none", x.args, code, out, x.code)
		}
		contains(t, errs, x.want...)
	}
}
