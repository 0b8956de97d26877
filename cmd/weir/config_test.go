package main

import (
	"path/filepath"
	"strings"
	"testing"
)

const soundContract = `apiVersion: v3.1.0
kind: DataContract
id: orders
name: orders
version: 1.0.0
status: active
schema:
  - name: orders
    customProperties:
      - {property: weir, value: {eventTime: at, window: 1h}}
    properties:
      - {name: at, logicalType: timestamp, required: true}
      - name: number
        logicalType: integer
        quality:
          - {id: odd-rule, type: sql, query: "SELECT 1", mustBe: 1}
`

const soundConfig = `kafka: {brokers: [127.0.0.1:1]}
group: weir-test
routes:
  - {input: orders.raw, contract: orders@1.0.0}
`

func TestConfigCheckSaysWhatEachRouteWouldDo(t *testing.T) {
	dir := write(t, map[string]string{"weir.yaml": soundConfig, "contracts/orders/1.0.0.odcs.yaml": soundContract})
	code, stdout, stderr := call(t, "config", "check", "-c", filepath.Join(dir, "weir.yaml"))
	if code != exitDone || stderr != "" {
		t.Fatalf("got exit %d\n%s%s", code, stdout, stderr)
	}
	for _, want := range []string{"environment default, group weir-test, 1 route", "orders.raw: orders.raw, observed only", "orders@1.0.0   sha256:", "not enforced: odd-rule (", "\nok\n"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("got\n%s\nwant %q in it", stdout, want)
		}
	}
}

func TestConfigCheckRefusesEnforceModeWithUnenforcedRulesUnlessAccepted(t *testing.T) {
	enforce := strings.Replace(soundConfig, "orders@1.0.0}", "orders@1.0.0, mode: enforce, output: orders}", 1)
	files := map[string]string{"weir.yaml": enforce, "contracts/orders/1.0.0.odcs.yaml": soundContract,
		"accepted.yaml": strings.Replace(enforce, "output: orders}", "output: orders, accept_unenforced: [odd-rule, gone-rule]}", 1)}
	dir := write(t, files)
	code, stdout, _ := call(t, "config", "check", "-c", filepath.Join(dir, "weir.yaml"))
	if code != exitUsage || !strings.Contains(stdout, "accept_unenforced: [odd-rule]") {
		t.Errorf("got exit %d\n%s\nwant 2 and how to accept the rule", code, stdout)
	}
	code, stdout, _ = call(t, "config", "check", "-c", filepath.Join(dir, "accepted.yaml"))
	if code != exitDone || !strings.Contains(stdout, "not enforced (accepted): odd-rule") || !strings.Contains(stdout, "names gone-rule, which is no unenforced rule") {
		t.Errorf("accepted: got exit %d\n%s", code, stdout)
	}
}

func TestConfigCheckFindsContractsThatAreMissingOrBroken(t *testing.T) {
	dir := write(t, map[string]string{
		"weir.yaml":                        soundConfig + "  - {input: b, contract: broken@1.0.0}\n  - {input: c, contract: order@1.0.0}\n  - {input: d}\n",
		"contracts/orders/1.0.0.odcs.yaml": soundContract,
		"contracts/broken/1.0.0.odcs.yaml": "kind: DataContract\n",
		"contracts/unused/2.0.0.odcs.yaml": "kind: [\n",
	})
	code, stdout, _ := call(t, "config", "check", "-c", filepath.Join(dir, "weir.yaml"))
	if code != exitUsage {
		t.Errorf("got exit %d, want 2", code)
	}
	for _, want := range []string{"did you mean orders@1.0.0?", filepath.Join("contracts", "broken", "1.0.0.odcs.yaml"), "warning, no route uses it", "stopped", "contract is missing", " faults\n"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("got\n%s\nwant %q in it", stdout, want)
		}
	}
}

func TestConfigCheckWithPreflightExits3WhenNoBrokerAnswers(t *testing.T) {
	dir := write(t, map[string]string{"weir.yaml": soundConfig, "contracts/orders/1.0.0.odcs.yaml": soundContract})
	code, _, stderr := call(t, "config", "check", "--preflight", "-c", filepath.Join(dir, "weir.yaml"))
	if code != exitConnection || !strings.Contains(stderr, "127.0.0.1:1") {
		t.Errorf("got exit %d, %q, want 3 and the broker", code, stderr)
	}
}

func TestConfigFaultsGoToStderrAsFileLineColumn(t *testing.T) {
	dir := write(t, map[string]string{"weir.yaml": soundConfig + "sesions: 2\n"})
	code, stdout, stderr := call(t, "config", "check", "-c", filepath.Join(dir, "weir.yaml"))
	if want := filepath.Join(dir, "weir.yaml") + `:5:1: unknown key "sesions"`; code != exitUsage || stdout != "" || !strings.HasPrefix(stderr, want) || !strings.Contains(stderr, "did you mean sessions?") {
		t.Errorf("got exit %d, stdout %q, stderr %q, want 2 and %q", code, stdout, stderr, want)
	}
}

func TestConfigFaultsDoNotHideMissingContractsAndFiles(t *testing.T) {
	text := soundConfig + "  - {input: b, contract: order@1.0.0, mode: loud}\n  - {input: c, contract: broken@1.0.0}\nsesions: 2\ninclude: ['teams/*.yaml']\n"
	dir := write(t, map[string]string{"weir.yaml": text, "contracts/orders/1.0.0.odcs.yaml": soundContract,
		"contracts/broken/1.0.0.odcs.yaml": "kind: DataContract\n",
		"elsewhere.yaml":                   text + "contracts: gone\n", "unread.yaml": "routes: ["})
	_, _, stderr := call(t, "config", "check", "-c", filepath.Join(dir, "weir.yaml"))
	for _, want := range []string{"sesions", "loud", "weir.yaml:5:1: no contract order@1.0.0 in ", "did you mean orders@1.0.0?", "apiVersion is missing", "4 faults", `warning
`, `no file matches "teams/*.yaml"`} {
		if !strings.Contains(stderr, want) {
			t.Errorf("got\n%s\nwant %q in it", stderr, want)
		}
	}
	code, _, stderr := call(t, "config", "check", "-c", filepath.Join(dir, "elsewhere.yaml"))
	if code != exitUsage || !strings.Contains(stderr, "open contracts directory") || !strings.Contains(stderr, "sesions") {
		t.Errorf("no folder: got exit %d\n%s", code, stderr)
	}
	if _, _, stderr = call(t, "config", "check", "-c", filepath.Join(dir, "unread.yaml")); strings.Contains(stderr, "contracts") {
		t.Errorf("not YAML: got\n%s\nwant nothing about what could not be read", stderr)
	}
}

func TestConfigPrintMasksSecrets(t *testing.T) {
	dir := write(t, map[string]string{"weir.yaml": strings.Replace(soundConfig, "127.0.0.1:1]", "127.0.0.1:1], sasl: {mechanism: SCRAM-SHA-512, user: u, password: CANARY}", 1)})
	for _, args := range [][]string{{"config", "print"}, {"config", "print", "--effective"}} {
		code, stdout, stderr := call(t, append(args, "-c", filepath.Join(dir, "weir.yaml"))...)
		if code != 0 || strings.Contains(stdout+stderr, "CANARY") || !strings.Contains(stdout, "***") || !strings.Contains(stdout, "weir-test") {
			t.Errorf("weir %v: got exit %d\n%s%s", args, code, stdout, stderr)
		}
	}
	if code, _, stderr := call(t, "config", "print", "-c", filepath.Join(dir, "gone.yaml")); code != exitUsage || !strings.Contains(stderr, "gone.yaml") {
		t.Errorf("missing file: got exit %d, %q, want 2 and its name", code, stderr)
	}
}
