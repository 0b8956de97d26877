package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/profile"
)

// januaryFlights are valid records of the flights contract, 20 a day from the 1st on.
func januaryFlights(days int) []string {
	var out []string
	for i := range days * 20 {
		at := time.Date(2013, 1, 1+i/20, 15, 0, 0, 0, time.UTC)
		out = append(out, fmt.Sprintf(`{"year":2013,"month":1,"day":%d,"dep_time":%d,"sched_dep_time":515,"dep_delay":%d,"arr_time":830,`+
			`"sched_arr_time":819,"arr_delay":11,"carrier":"UA","flight":%d,"tailnum":"N14228","origin":"EWR","dest":"IAH",`+
			`"air_time":227,"distance":%d,"hour":5,"minute":15,"time_hour":"%s"}`,
			1+i/20, 500+i%50, i%7, 1000+i, 200+i%100, at.Format(time.RFC3339)))
	}
	return out
}

// contractFolder is a copy of the flights contract that tests may write beside.
func contractFolder(t *testing.T) string {
	t.Helper()
	const name = "1.0.0.odcs.yaml"
	data, err := os.ReadFile(filepath.Join("..", "..", "contracts", "flights", name))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "flights")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func writeLines(t *testing.T, lines []string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "flights.ndjson")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// baselineRun runs "weir baseline build" with the arguments.
func baselineRun(ctx context.Context, stdin string, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	a := &app{stdin: strings.NewReader(stdin), stdout: &out, stderr: &err}
	code = a.execute(ctx, a.root([]*cobra.Command{a.baselineCommand()}), append([]string{"baseline", "build"}, args...), nil, func(int) {})
	return code, out.String(), err.String()
}

func TestBaselineBuildWritesTheValidRecordsBesideTheContract(t *testing.T) {
	dir := contractFolder(t)
	lines := januaryFlights(5)
	lines = append(lines, strings.Replace(lines[0], `"UA"`, `"ZZ"`, 1), `{"broken`, strings.Replace(lines[1], `"dep_time":501`, `"dep_time":null`, 1))
	code, stdout, stderr := baselineRun(t.Context(), "", "--contract", dir, writeLines(t, lines))
	if code != 0 {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	b, err := profile.LoadBaseline(filepath.Join(dir, "baselines", "2013-01.json"))
	if err != nil {
		t.Fatal(err)
	}
	if b.N != 101 || b.ID != "2013-01" || b.Contract != "flights" {
		t.Errorf("baseline %s of %s has %d records, want 2013-01 of flights with 101", b.ID, b.Contract, b.N)
	}
	if b.Windows.Count != 3 || b.Windows.Min != 20 || b.Windows.Max != 20 {
		t.Errorf("windows %+v, want 3 of 20", b.Windows)
	}
	for _, want := range []string{"records 103", "valid 101", "rejected 2", "rejected by ", "/dep_time", "flights.ndjson/0/100", "2013-01.json"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("summary lacks %q:\n%s", want, stdout)
		}
	}
}

func TestBaselineBuildTakesOnlyTheEventTimesAsked(t *testing.T) {
	dir := contractFolder(t)
	path := writeLines(t, januaryFlights(5))
	code, stdout, stderr := baselineRun(t.Context(), "", "--contract", dir, "--since", "2013-01-02", "--until", "2013-01-04T00:00:00-05:00", "--id", "two", path)
	if code != 0 {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	if !strings.Contains(stdout, "valid 40") || !strings.Contains(stdout, "outside the time range 60") {
		t.Errorf("summary:\n%s", stdout)
	}
}

func TestBaselineIsNotReplacedByAnotherWithoutForce(t *testing.T) {
	dir := contractFolder(t)
	first, second := writeLines(t, januaryFlights(2)), writeLines(t, januaryFlights(3))
	build := func(args ...string) int {
		code, _, _ := baselineRun(t.Context(), "", append([]string{"--contract", dir, "--id", "b"}, args...)...)
		return code
	}
	for i, step := range []struct {
		args []string
		want int
	}{{[]string{first}, 0}, {[]string{first}, 0}, {[]string{second}, 2}, {[]string{"--force", second}, 0}, {[]string{first}, 2}} {
		if got := build(step.args...); got != step.want {
			t.Errorf("step %d: exit %d, want %d", i, got, step.want)
		}
	}
}

func TestBaselineOfStdinGoesToStdoutWhenAsked(t *testing.T) {
	dir := contractFolder(t)
	code, stdout, stderr := baselineRun(t.Context(), strings.Join(januaryFlights(2), "\n"), "--contract", dir, "-o", "-", "-")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	if b, err := profile.DecodeBaseline([]byte(stdout)); err != nil || b.N != 40 {
		t.Errorf("stdout is not the baseline: %v", err)
	}
	if !strings.Contains(stderr, "/distance") {
		t.Errorf("no summary on stderr:\n%s", stderr)
	}
}

func TestBaselineBuildSaysWhatIsWrongWithHowItWasCalled(t *testing.T) {
	dir := contractFolder(t)
	path := writeLines(t, januaryFlights(1))
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{2, "--contract is required", []string{path}},
		{2, "no file given", []string{"--contract", dir}},
		{2, "not both", []string{"--contract", dir, "--brokers", "b:1", "--topic", "t", path}},
		{2, "go together", []string{"--contract", dir, "--topic", "t"}},
		{2, "--id", []string{"--contract", dir, "--id", "../x", path}},
		{2, "--since", []string{"--contract", dir, "--since", "yesterday", path}},
		{2, "not before", []string{"--contract", dir, "--since", "2013-02-01", "--until", "2013-01-01", path}},
		{2, "missing.ndjson", []string{"--contract", dir, "missing.ndjson"}},
		{2, "missing.yaml", []string{"--contract", "missing.yaml", path}},
		{1, "all 20 records were outside the time range", []string{"--contract", dir, "--since", "2014-01-01", path}},
		{3, "127.0.0.1:1", []string{"--contract", dir, "--brokers", "127.0.0.1:1", "--topic", "t"}},
	} {
		code, stdout, stderr := baselineRun(t.Context(), "", c.args...)
		if code != c.code || !strings.Contains(stderr, c.want) || stdout != "" {
			t.Errorf("%q: exit %d, want %d, and a message with %q:\n%s%s", c.args, code, c.code, c.want, stdout, stderr)
		}
	}
}

func TestInterruptedBaselineBuildLeavesNoFile(t *testing.T) {
	dir := contractFolder(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errInterrupted)
	if code, _, stderr := baselineRun(ctx, "", "--contract", dir, writeLines(t, januaryFlights(2))); code != exitInterrupted {
		t.Errorf("exit %d, want %d: %s", code, exitInterrupted, stderr)
	}
	if _, err := os.Stat(filepath.Join(dir, "baselines")); !os.IsNotExist(err) {
		t.Errorf("baselines: %v, want nothing written", err)
	}
}

func TestBaselineOfATopicRangeIsThatOfItsCommittedRecords(t *testing.T) {
	lines := januaryFlights(4)
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "flights.raw"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	cl, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.TransactionalID("test"),
		kgo.DefaultProduceTopic("flights.raw"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	produceIn := func(lines []string, commit kgo.TransactionEndTry) {
		t.Helper()
		if err := cl.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		for i, line := range lines {
			r := &kgo.Record{Value: []byte(line), Partition: int32(i % 2), Timestamp: time.UnixMilli(1_700_000_000_000 + int64(i))}
			if err := cl.ProduceSync(t.Context(), r).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		if err := cl.EndTransaction(t.Context(), commit); err != nil {
			t.Fatal(err)
		}
	}
	produceIn(lines, kgo.TryCommit)
	produceIn(lines[:10], kgo.TryAbort)

	dir := contractFolder(t)
	brokers := strings.Join(cluster.ListenAddrs(), ",")
	build := func(args ...string) string {
		t.Helper()
		code, stdout, stderr := baselineRun(t.Context(), "", append([]string{"--contract", dir, "--id", "b", "-o", "-"}, args...)...)
		if code != 0 {
			t.Fatalf("%q: exit %d: %s", args, code, stderr)
		}
		return stdout
	}
	topic := []string{"--brokers", brokers, "--topic", "flights.raw"}
	if build(topic...) != build(writeLines(t, lines)) {
		t.Error("the topic's baseline differs from that of the file with its committed records")
	}
	// Offsets 10 to 19 of both partitions are lines 20 to 39.
	if build(append(topic, "--from", "10", "--to", "20")...) != build(writeLines(t, lines[20:40])) {
		t.Error("the baseline of offsets 10 to 19 differs from that of the file with these records")
	}
	from := time.UnixMilli(1_700_000_000_060).UTC().Format(time.RFC3339Nano)
	to := time.UnixMilli(1_700_000_000_070).UTC().Format(time.RFC3339Nano)
	if build(append(topic, "--from", from, "--to", to)...) != build(writeLines(t, lines[60:70])) {
		t.Error("the baseline of a span of Kafka timestamps differs from that of the file with these records")
	}
	code, _, stderr := baselineRun(t.Context(), "", append(topic, "--contract", dir, "--from", "1000")...)
	if code != exitFindings || !strings.Contains(stderr, "no record in that range") {
		t.Errorf("empty range: exit %d: %s", code, stderr)
	}
	code, _, stderr = baselineRun(t.Context(), "", "--contract", dir, "--brokers", brokers, "--topic", "missing")
	if code == 0 || !strings.Contains(stderr, "missing") {
		t.Errorf("missing topic: exit %d: %s", code, stderr)
	}
}
