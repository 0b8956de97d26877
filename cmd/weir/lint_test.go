package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func runLint(args ...string) (out string, code int, err error) {
	var stdout, stderr bytes.Buffer
	a := &app{stdout: &stdout, stderr: &stderr}
	cmd := a.lintCommand()
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	err = cmd.Execute()
	var ee *exitError
	if errors.As(err, &ee) {
		code = ee.code
	} else if err != nil {
		code = -1
	}
	return stdout.String(), code, err
}

func TestLintPrintsScopeAndConsequenceOfEveryRule(t *testing.T) {
	out, code, err := runLint("../../contracts")
	if code != exitDone || err != nil {
		t.Fatalf("exit %d, %v\n%s", code, err, out)
	}
	for _, want := range []string{
		"../../contracts/flights/1.0.0.odcs.yaml   flights@1.0.0   sha256:",
		"  per record   reject   ", "known-carrier: is one of 16 values", "carrier-required, carrier-type",
		"  per window   page   3\n", "cancelled-share: nullValues mustBeLessThan 20 percent",
		"  per window   tell   4\n", "volume: rowCount mustBeBetween 600 and 1200",
		"  not enforced   0\n", "\nok\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("output lacks %q:\n%s", want, out)
		}
	}
}

func TestLintNamesWhatIsNotEnforcedWithItsLine(t *testing.T) {
	out, code, _ := runLint("../../internal/contract/testdata/odcs/v3.1.0.odcs.yaml")
	if code != exitDone || !strings.Contains(out, "      line 18    paid: row.total >= 0 – weir does not run the engine cel\n") {
		t.Errorf("exit %d:\n%s", code, out)
	}
}

func TestLintTellsFaultsWithPlaceExcerptAndRemedy(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.odcs.yaml")
	text := "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: 1.0\nstatus: active\nschema: [{name: a}]\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	out, code, err := runLint(file)
	want := file + "\n  problem   " + file + ":4:10   version must be text, this is a number (ODCS v3.1.0)\n" +
		"          4 | version: 1.0\n                       ^\n      → put it in quotes: \"1.0\"\n1 problem\n\n"
	if out != want || code != exitFindings {
		t.Errorf("exit %d, %v:\n got %s\nwant %s", code, err, out, want)
	}
}

func TestLintAsJSON(t *testing.T) {
	out, code, err := runLint("-o", "json", "../../contracts/flights")
	var files []lintFile
	if jsonErr := json.Unmarshal([]byte(out), &files); jsonErr != nil || code != exitDone {
		t.Fatalf("exit %d, %v, %v", code, err, jsonErr)
	}
	if len(files) != 1 || !files[0].OK || files[0].Contract != "flights@1.0.0" {
		t.Fatalf("got %+v", files)
	}
	for _, r := range files[0].Rules {
		if r.ID == "cancelled-share" && r.Scope == "per window" && r.Consequence == "page" && r.Line > 0 {
			return
		}
	}
	t.Errorf("cancelled-share is not among the rules: %+v", files[0].Rules)
}

func TestLintRefusesWrongUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"-o", "xml", "../../contracts"}, {"no/such/path"}} {
		if out, code, err := runLint(args...); code != exitUsage || err == nil || out != "" {
			t.Errorf("%v: got exit %d, %v, %q", args, code, err, out)
		}
	}
}

func TestLintNamesWhatCanBeOverBudget(t *testing.T) {
	out, code, _ := runLint("../../internal/validate/testdata/costly.odcs.yaml")
	if code != exitDone || !strings.Contains(out, "costly.odcs.yaml:13:1   /note can be over budget") || !strings.Contains(out, "→ add maxLength") {
		t.Errorf("exit %d:\n%s", code, out)
	}
}
