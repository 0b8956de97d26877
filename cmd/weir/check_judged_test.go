package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"weir/internal/kafka"
)

// hourly is a contract of hourly windows with a drift rule, and with a rule that weir does not enforce.
const hourly = `apiVersion: v3.1.0
kind: DataContract
id: orders
version: 1.0.0
status: active
schema:
  - name: orders
    customProperties: [{property: weir, value: {eventTime: at, window: 1h, timezone: Europe/Berlin}}]
    quality:
      - {id: few, metric: rowCount, mustBeLessThan: 1, severity: error}
      - {id: total, type: sql, query: SELECT 1, mustBe: 1}
    properties:
      - {name: at, logicalType: timestamp, required: true}
      - {name: n, logicalType: integer, quality: [{id: n-drift, type: custom, engine: weir, implementation: {rule: drift, against: baseline}}]}
`

func TestCheckNamesWindowsByTheirTimeAndTheRulesItDidNotJudge(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "1.0.0.odcs.yaml")
	data := filepath.Join(dir, "orders.ndjson")
	lines := `{"at":"2026-10-02T00:30:00Z","n":1}` + "\n" + `{"at":"2026-10-02T01:30:00Z","n":1}` + "\n" + `{"at":"2026-10-02T02:30:00Z","n":1}` + "\n"
	if err := os.WriteFile(file, []byte(hourly), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(data, []byte(lines), 0o644); err != nil {
		t.Fatal(err)
	}
	code, out, errs := call(t, "check", "--contract", file, data)
	if code != exitFindings {
		t.Fatalf("got exit %d, want %d: %s", code, exitFindings, errs)
	}
	contains(t, out, "2026-10-02 03:00   error   few", "not judged   n-drift: no baseline", "not judged   total: weir does not run SQL over a stream")
	if code, out, _ := call(t, "lint", file); code != exitDone || !strings.Contains(out, "not compared: n-drift, because there is no baseline") {
		t.Errorf("lint: got exit %d and\n%s", code, out)
	}
}

func TestCheckRefusesContractAndSchemaTogether(t *testing.T) {
	if code, out, errs := call(t, "check", "--contract", "a", "--schema", "b", "c"); code != exitUsage || out != "" || !strings.Contains(errs, "not both") {
		t.Errorf("got exit %d, %q, %q", code, out, errs)
	}
}

func TestExplainTellsAWrongGroup(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	broker := cluster.ListenAddrs()[0]
	for args, want := range map[string]string{
		"--brokers " + broker:                    "--brokers and --group go together",
		"--group g":                              "--brokers and --group go together",
		"--brokers " + broker + " --group other": `topic ` + kafka.TopicsOf("other").Reports + ` does not exist: is "other" the group`,
	} {
		if code, _, errs := explainWith(t, append([]string{"flights/2013-02-08"}, strings.Fields(args)...)...); code != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%s: got exit %d, %s; want %d and %q", args, code, errs, exitUsage, want)
		}
	}
}

func TestSASLWithoutPasswordIsAUsageError(t *testing.T) {
	t.Setenv("WEIR_KAFKA_PASSWORD", "")
	for _, command := range []string{"observe", "baseline build"} {
		args := append(strings.Fields(command), "--contract", "../../contracts/flights", "--brokers", "127.0.0.1:1", "--topic", "t", "--sasl", "PLAIN", "--user", "u")
		if code, _, errs := call(t, args...); code != exitUsage || !strings.Contains(errs, "WEIR_KAFKA_PASSWORD") {
			t.Errorf("%s: got exit %d, %s", command, code, errs)
		}
	}
}

func TestCheckOfAnEmptyFileSaysSo(t *testing.T) {
	dir := t.TempDir()
	contract, data := filepath.Join(dir, "1.0.0.odcs.yaml"), filepath.Join(dir, "empty.ndjson")
	for name, text := range map[string]string{contract: hourly, data: ""} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if code, _, errs := call(t, "check", "--contract", contract, data); code != exitDone || !strings.Contains(errs, "no record in "+data) {
		t.Errorf("got exit %d, %q, want it to say that there was no record", code, errs)
	}
}
