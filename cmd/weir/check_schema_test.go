package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// verdicts runs checkSchema over stdin and returns the rule names per value ("" when valid) and the exit code.
func verdicts(t *testing.T, schema, input string) (rules []string, code int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "s.json")
	if err := os.WriteFile(file, []byte(schema), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	a := &app{stdin: strings.NewReader(input), stdout: &out, stderr: &errs}
	code = codeOf(a.checkSchema(context.Background(), file, "-", nil))
	for i, line := range strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n") {
		if line == "" {
			continue
		}
		var v verdict
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		if v.N != i+1 || (v.Verdict == "valid") != (len(v.Violations) == 0) || v.Violations == nil {
			t.Errorf("got line %s, want n %d, a verdict that agrees with its violations", line, i+1)
		}
		names := make([]string, len(v.Violations))
		for i, x := range v.Violations {
			names[i] = x.Rule
		}
		rules = append(rules, strings.Join(names, " "))
	}
	return rules, code
}

func codeOf(err error) int {
	var ee *exitError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &ee):
		return ee.code
	}
	return exitFindings
}

func TestCheckSchemaPrintsOneVerdictPerValue(t *testing.T) {
	const schema = `{"type":"object","required":["a"],"properties":{"a":{"type":"integer"}}}`
	for _, c := range []struct {
		name, input string
		want        []string
	}{
		{"lines", "{\"a\":1}\n{\"a\":\"x\"}\n{}\n", []string{"", "a-type", "a-required"}},
		{"no newline at the end", "{\"a\":1}\n{\"a\":2}", []string{"", ""}},
		{"carriage returns and blank lines", "\r\n{\"a\":1}\r\n\n  \n{\"a\":2}\r\n", []string{"", ""}},
		{"values side by side", `{"a":1}{"a":2} {"a":"x"}`, []string{"", "", "a-type"}},
		{"pretty-printed", "{\n  \"a\": 1\n}\n{\n  \"a\": {\n  }\n}\n", []string{"", "a-type"}},
		{"ends inside a line", "{\"a\":\n1} {\"a\":2}\n{\"a\":3}", []string{"", "", ""}},
		{"begins inside a line", "{\"a\":1} {\"a\":\n2}\n", []string{"", ""}},
		{"malformed line", "{\"a\":1}\n{\"a\":01}\n{\"a\":2}\n", []string{"", "json-malformed", ""}},
		{"truncated line", "{\"a\":1\n{\"a\":2}\n{\"a\":3}\n", []string{"json-truncated", "", ""}},
		{"truncated after a name", "{\"a\":\n{\"a\":2}\n{\"a\":3}\n", []string{"json-truncated", "", ""}},
		{"truncated in text", "{\"a\":\"x\n{\"a\":2}\n", []string{"json-truncated", ""}},
		{"truncated last line", "{\"a\":1}\n{\"a\":", []string{"", "json-truncated"}},
		{"nested and truncated", "[\n{\"a\":1}\n{\"a\":2}", []string{"json-truncated", "", ""}},
		{"text", "hello\n{\"a\":1}\n", []string{"json-malformed", ""}},
		{"bytes after the value", "{\"a\":1} x\n{\"a\":1}}\n{\"a\":2}\n", []string{"json-trailing-bytes", "json-trailing-bytes", ""}},
		{"strict faults", "{\"a\":1,\"a\":1}\n{\"a\":\"\xff\"}\n{\"a\":\"\\ud800\"}\n{\"a\":1e1000001}\n\xef\xbb\xbf{\"a\":1}\n",
			[]string{"json-duplicate-name", "json-invalid-utf8", "json-lone-surrogate", "budget", "json-byte-order-mark"}},
		{"too deep", strings.Repeat("[", 20_000) + "\n{\"a\":1}\n", []string{"budget", ""}},
		{"too deep over lines", strings.Repeat("[\n", 600) + "{\"a\":1}\n", append(truncated(600), "")},
		{"nothing", "", nil},
		{"blank", " \n\n", nil},
	} {
		got, code := verdicts(t, schema, c.input)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		want := exitDone
		if strings.Join(c.want, "") != "" {
			want = exitFindings
		}
		if code != want {
			t.Errorf("%s: got exit code %d, want %d", c.name, code, want)
		}
	}
}

func truncated(n int) []string {
	rules := make([]string, n)
	for i := range rules {
		rules[i] = "json-truncated"
	}
	return rules
}

func TestCheckSchemaFollowsTheSchemasDraft(t *testing.T) {
	for _, c := range []struct{ schema, input, want string }{
		{`{"$schema":"http://json-schema.org/draft-04/schema#","minimum":1,"exclusiveMinimum":true}`, "1", "record-exclusiveMinimum"},
		{`{"$schema":"http://json-schema.org/draft-06/schema#","const":1}`, "2", "record-const"},
		{`{"$schema":"http://json-schema.org/draft-07/schema#","items":[true],"additionalItems":false}`, "[1,2]", "record-additionalItems"},
		{`{"$schema":"https://json-schema.org/draft/2019-09/schema","dependentRequired":{"a":["b"]}}`, `{"a":1}`, "record-dependentRequired"},
		{`{"$schema":"https://json-schema.org/draft/2020-12/schema","prefixItems":[true],"items":false}`, "[1,2]", "record-not-allowed"},
		{`{"format":"date-time"}`, `"now"`, "record-format"},
		{`false`, `1`, "record-not-allowed"},
	} {
		if got, _ := verdicts(t, c.schema, c.input); len(got) != 1 || got[0] != c.want {
			t.Errorf("%s of %s: got %q, want %q", c.schema, c.input, got, c.want)
		}
	}
}

func TestCheckSchemaReadsFilesInOrderAndWritesToAFile(t *testing.T) {
	dir := t.TempDir()
	path := func(name, content string) string {
		file := filepath.Join(dir, name)
		if content != "" {
			if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return file
	}
	schema := path("s.json", `{"type":"integer"}`)
	out := path("verdicts", "")
	var stdout, stderr bytes.Buffer
	a := &app{stdin: strings.NewReader("3"), stdout: &stdout, stderr: &stderr}
	err := a.checkSchema(context.Background(), schema, out, []string{path("one", "1\n2\n"), "-", path("two", `"<x>"`)})
	if got := codeOf(err); got != exitFindings {
		t.Errorf("got exit code %d (%v), want %d", got, err, exitFindings)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"n":1,"verdict":"valid","violations":[]}
{"n":2,"verdict":"valid","violations":[]}
{"n":3,"verdict":"valid","violations":[]}
{"n":4,"verdict":"invalid","violations":[{"rule":"record-type","severity":"error","at":"","schema":"/type","keyword":"type","expected":"integer","found":"string of 3 characters","message":"The record must be integer, found string of 3 characters."}]}
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if stdout.Len() != 0 || stderr.String() != "4 values: 3 valid, 1 invalid\n" {
		t.Errorf("got stdout %q stderr %q, want the counts on stderr only", stdout.String(), stderr.String())
	}
}

func TestCheckSchemaTellsUsageFromFindings(t *testing.T) {
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.json"), filepath.Join(dir, "bad.json")
	if err := errors.Join(os.WriteFile(good, []byte(`true`), 0o600), os.WriteFile(bad, []byte(`{"type":7}`), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		schema, out string
		inputs      []string
	}{
		{bad, "-", nil}, {filepath.Join(dir, "none.json"), "-", nil}, {good, "-", []string{filepath.Join(dir, "none.ndjson")}},
		{good, filepath.Join(dir, "no", "folder"), nil},
	} {
		a := &app{stdin: strings.NewReader("1"), stdout: new(bytes.Buffer), stderr: new(bytes.Buffer)}
		if err := a.checkSchema(context.Background(), c.schema, c.out, c.inputs); codeOf(err) != exitUsage {
			t.Errorf("%+v: got %v, want exit code %d", c, err, exitUsage)
		}
	}
	a := &app{stdin: iotest.ErrReader(errors.New("cable pulled")), stdout: new(bytes.Buffer), stderr: new(bytes.Buffer)}
	if err := a.checkSchema(context.Background(), good, "-", nil); codeOf(err) != exitFindings || !strings.Contains(err.Error(), "cable pulled") {
		t.Errorf("got %v, want exit code %d and the cause", err, exitFindings)
	}
}

func TestCheckSchemaStopsWhenInterrupted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "s.json")
	if err := os.WriteFile(file, []byte(`true`), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	a := &app{stdin: strings.NewReader("1"), stdout: new(bytes.Buffer), stderr: new(bytes.Buffer)}
	if err := a.checkSchema(ctx, file, "-", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}

func TestValuesAreTheSameHoweverTheStreamIsCut(t *testing.T) {
	var input strings.Builder
	var want []string
	for i := range 3000 {
		value := fmt.Sprintf(`{"n":%d,"text":"%s"}`, i, strings.Repeat("x", i%97))
		switch i % 5 {
		case 0:
			value = strings.Replace(value, ",", ",\n  ", 1)
			input.WriteString(value + "\n")
		case 1:
			value = `{"broken":` + fmt.Sprint(i) + `,`
			input.WriteString(value + "\n")
		case 2:
			input.WriteString("\n" + value + " ")
		default:
			input.WriteString(value + "\n")
		}
		want = append(want, value)
	}
	whole := newValueReader(strings.NewReader(input.String()), maxValueBytes)
	bytewise := newValueReader(iotest.OneByteReader(strings.NewReader(input.String())), maxValueBytes)
	for name, r := range map[string]*valueReader{"whole": whole, "byte by byte": bytewise} {
		var got []string
		for {
			value, err := r.next()
			if err != nil {
				break
			}
			got = append(got, strings.TrimSpace(string(value)))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestValueBeyondTheLimitIsHandedOutCutAndTheNextLineStandsAlone(t *testing.T) {
	long := `"` + strings.Repeat("x", 300_000) + `"`
	spanning := "[\n" + strings.Repeat("1,\n", 100_000) + "1]"
	r := newValueReader(strings.NewReader(long+"\n1\n"+long+" \n"+spanning+"\n2\n"), 1000)
	var got []int
	for {
		value, err := r.next()
		if err != nil {
			break
		}
		got = append(got, len(value))
	}
	want := append([]int{1001, 1, 1001, 1}, bytes2(100_000)...)
	want = append(want, 2, 1)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lengths (-want +got):\n%.2000s", diff)
	}
	if cap(r.buf) > 1<<20 {
		t.Errorf("the buffer grew to %d bytes for values of at most 1000", cap(r.buf))
	}
}

// bytes2 is the lengths of n lines of two bytes.
func bytes2(n int) []int {
	lengths := make([]int, n)
	for i := range lengths {
		lengths[i] = 2
	}
	return lengths
}
