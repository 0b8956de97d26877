package config

import (
	"errors"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write golden files anew")

// golden compares with testdata/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", path, d)
	}
}

// folder writes files (name, content, name, content, …) and returns the first one's path.
func folder(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i+1 < len(files); i += 2 {
		path := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, files[0])
}

// small is the least a file must say; tests put more before it.
const small = "group: weir-test\nroutes: [{input: in, contract: c@1}]\n"

const smallKafka = "kafka: {brokers: [localhost:9092]}\n"

func mustLoad(t *testing.T, files ...string) *Config {
	t.Helper()
	c, err := Load(folder(t, files...))
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return c
}

// messages are the faults of a load that must fail.
func messages(t *testing.T, files ...string) string {
	t.Helper()
	_, err := Load(folder(t, files...))
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("Load: got %v, want an *Error", err)
	}
	return err.Error()
}

func TestEveryFaultIsReportedAtOnceWithPlaceExcerptAndRemedy(t *testing.T) {
	_, err := Load("testdata/faults/weir.yaml")
	if err == nil {
		t.Fatal("Load: got nil, want faults")
	}
	golden(t, "faults/want.txt", err.Error()+"\n")
	if strings.Contains(err.Error(), "CANARY") {
		t.Error("an excerpt shows a secret")
	}
}

func TestASoundFileLoadsWholeAndPrintsWithSecretsMasked(t *testing.T) {
	t.Setenv("WEIR_TEST_PASSWORD", "CANARY")
	c, err := Load("testdata/sound/weir.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Kafka.SASL.Password.Reveal(); got != "CANARY" {
		t.Errorf("password: got %q, want the variable's value", got)
	}
	if len(c.Stopped) != 0 || len(c.Warnings) != 0 || c.Err() != nil {
		t.Errorf("got stopped %v, warnings %v, err %v, want none", c.Stopped, c.Warnings, c.Err())
	}
	out, err := c.Effective()
	if err != nil {
		t.Fatal(err)
	}
	here, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "sound/effective.yaml", strings.ReplaceAll(string(out), here, "TESTDATA"))
}

func TestWhatEffectivePrintsLoadsToTheSame(t *testing.T) {
	first := mustLoad(t, "weir.yaml", smallKafka+small+"limits: {max_record_bytes: 1537, commit_interval: 1s5ms}\nhttp: {listen: off}\n")
	text, err := first.Effective()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Load(folder(t, "weir.yaml", string(text)))
	if err != nil {
		t.Fatalf("Load of\n%s\n%v", text, err)
	}
	twice, err := again.Effective()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(text), string(twice)); d != "" {
		t.Errorf("-first +again:\n%s", d)
	}
}

func TestDefaultsAreThoseDocumented(t *testing.T) {
	path := folder(t, "weir.yaml", smallKafka+small)
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	r := c.Routes[0]
	r.File, r.Line = "", 0
	want := Route{Name: "in", Input: "in", Contract: "c@1", Mode: Observe, DeadLetters: "in.dead", Tombstones: PassTombstones,
		UnknownFields: AllowUnknown, Annotate: true, Start: Earliest, IdleTimeout: 30 * time.Second, MaxFuture: time.Hour}
	if d := cmp.Diff(want, r); d != "" {
		t.Errorf("route (-want +got):\n%s", d)
	}
	if want := (Limits{1 << 20, 5000, 50 * time.Millisecond}); c.Limits != want {
		t.Errorf("limits: got %v, want %v", c.Limits, want)
	}
	if want := (Telemetry{slog.LevelInfo, LogAuto}); c.Telemetry != want {
		t.Errorf("telemetry: got %v, want %v", c.Telemetry, want)
	}
	if want := (HTTP{Listen: "127.0.0.1:8080"}); c.HTTP != want {
		t.Errorf("http: got %v, want %v", c.HTTP, want)
	}
	if c.Sessions != 1 || c.Kafka.ClientID != "weir" || c.Instance == "" || c.Environment != "default" {
		t.Errorf("got sessions %d, client id %q, instance %q, environment %q", c.Sessions, c.Kafka.ClientID, c.Instance, c.Environment)
	}
	if want := filepath.Join(filepath.Dir(path), "contracts"); c.Contracts != want {
		t.Errorf("contracts: got %s, want %s beside the file", c.Contracts, want)
	}
}

func TestAMisspelledKeyIsNotAlsoMissing(t *testing.T) {
	_, err := Load(folder(t, "weir.yaml", "kafka: {brokrs: [b:1]}\ngruop: g\nroutes: [{inptu: a, contract: a@1}]\n"))
	var e *Error
	if !errors.As(err, &e) || len(e.Problems) != 3 {
		t.Errorf("got %v, want the three misspelled keys alone", err)
	}
}

func TestABrokenRouteFileStopsItsOwnRoutesOnly(t *testing.T) {
	c := mustLoad(t, "weir.yaml", smallKafka+"include: ['routes/*.yaml']\n"+small,
		"routes/a.yaml", "routes: [{input: a, contract: a@1}, {input: b, contract: b@1, mode: loud}]",
		"routes/b.yaml", "routes: [{input: c, contract: }",
		"routes/c.yaml", "routes: [{input: in, contract: c@1}, {input: in.dead, contract: c@1}, {input: d, contract: d@1}]",
		"routes/d.yaml", "")
	var running, stopped []string
	for _, r := range c.Routes {
		running = append(running, r.Name)
	}
	for _, s := range c.Stopped {
		stopped = append(stopped, filepath.Base(s.File)+" "+filepath.Base(s.Name))
	}
	if want := []string{"in", "a", "d"}; !slices.Equal(running, want) {
		t.Errorf("running: got %v, want %v", running, want)
	}
	if want := []string{"b.yaml b.yaml", "d.yaml d.yaml", "a.yaml b", "c.yaml in", "c.yaml in.dead"}; !slices.Equal(stopped, want) {
		t.Errorf("stopped: got %v, want %v", stopped, want)
	}
	var e *Error
	if !errors.As(c.Err(), &e) || len(e.Problems) < len(stopped) {
		t.Errorf("Err: got %v, want a fault for each stopped route", c.Err())
	}
	out, err := c.Effective()
	if err != nil || !strings.Contains(string(out), "# stopped: b (") {
		t.Errorf("Effective: got %v\n%s\nwant the stopped routes named", err, out)
	}
}

func TestAFileWithoutASoundRouteDoesNotLoad(t *testing.T) {
	got := messages(t, "weir.yaml", smallKafka+"group: g\nroutes: [{input: a, contract: b}]\n")
	if !strings.Contains(got, "names no version") {
		t.Errorf("got %s", got)
	}
}

func TestFaultsNameWhatIsWrong(t *testing.T) {
	for name, test := range map[string]struct{ file, want string }{
		"empty file":              {"# nothing\n", "weir.yaml: the file is empty"},
		"two documents":           {smallKafka + small + "---\na: b\n", "weir.yaml:5:1: a second YAML document"},
		"not a mapping":           {"- a\n", "wants a mapping (key: value), not a list"},
		"no kafka, no group":      {"routes: [{input: in, contract: c@1}]\n", "kafka is missing"},
		"no routes":               {smallKafka + "group: g\n", "no routes"},
		"no brokers":              {"kafka: {client_id: x}\n" + small, "kafka: brokers is missing"},
		"broker list empty":       {"kafka: {brokers: []}\n" + small, "kafka.brokers: no brokers"},
		"broker port":             {"kafka: {brokers: ['a:b']}\n" + small, `"a:b" is not host:port`},
		"PLAIN without TLS":       {"kafka: {brokers: ['a:1'], sasl: {mechanism: PLAIN, user: u, password: '${HOME}'}}\n" + small, "weir.yaml:1:"},
		"empty password":          {"kafka: {brokers: ['a:1'], sasl: {mechanism: SCRAM-SHA-512, user: u, password: ''}}\n" + small, "kafka.sasl.password: is empty"},
		"null password":           {"kafka: {brokers: ['a:1'], sasl: {mechanism: SCRAM-SHA-512, user: u, password: }}\n" + small, "kafka.sasl.password: is empty"},
		"no user":                 {"kafka: {brokers: ['a:1'], sasl: {mechanism: SCRAM-SHA-512, password: '${HOME}'}}\n" + small, "kafka.sasl: user is missing"},
		"certificate alone":       {"kafka: {brokers: ['a:1'], tls: {cert: file:weir.yaml}}\n" + small, "without its key"},
		"no authority":            {"kafka: {brokers: ['a:1'], tls: {ca: file:weir.yaml}}\n" + small, "kafka.tls.ca: no certificate in it"},
		"authority gone":          {"kafka: {brokers: ['a:1'], tls: {ca: file:gone.pem}}\n" + small, "no such file"},
		"reference to a folder":   {"kafka: {brokers: ['a:1'], tls: {ca: 'file:.'}}\n" + small, "not a regular file"},
		"group not a name":        {smallKafka + "group: 'a b'\nroutes: [{input: in, contract: c@1}]\n", `"a b" is not a name`},
		"bad pattern":             {smallKafka + "include: ['[a']\n" + small, "is not a file pattern"},
		"variable without end":    {smallKafka + "environment: ${A\n" + small, "a ${ without a name or an end"},
		"poll records":            {smallKafka + "limits: {max_poll_records: 0}\n" + small, "from 1 to 1000000"},
		"record bytes":            {smallKafka + "limits: {max_record_bytes: 2 GiB}\n" + small, "outside 1 to 1 GiB"},
		"commit interval":         {smallKafka + "limits: {commit_interval: 1m}\n" + small, "1m is outside 1ms to 5s"},
		"number for text":         {smallKafka + "environment: 2013\n" + small, `wants text, not a number`},
		"topic name":              {smallKafka + "group: g\nroutes: [{input: 'a/b', contract: c@1}]\n", `"a/b" is not a topic name`},
		"contract path":           {smallKafka + "group: g\nroutes: [{input: a, contract: ../c@1}]\n", "is not a contract's name and version"},
		"alias without anchor":    {smallKafka + "environment: *gone\n" + small, "alias"},
		"list for a single value": {smallKafka + "environment: [a]\n" + small, "wants a single value, not a list"},
		"a route of text":         {smallKafka + "group: g\nroutes: in\n", "routes: wants a list, not text"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := messages(t, "weir.yaml", test.file); !strings.Contains(got, test.want) {
				t.Errorf("got %s\nwant %q in it", got, test.want)
			}
		})
	}
}

func TestAMissingFileIsNamed(t *testing.T) {
	_, err := Load("testdata/nothing.yaml")
	if want := "testdata/nothing.yaml: cannot be read: no such file or directory"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestDangerousSettingsLoadWithAWarning(t *testing.T) {
	for want, file := range map[string]string{
		"any server may pose as the broker":  "kafka: {brokers: ['a:1'], tls: {insecure_skip_verify: true}}\n" + small,
		"a secret is written in the file":    "kafka: {brokers: ['a:1'], sasl: {mechanism: SCRAM-SHA-256, user: u, password: CANARY}}\n" + small,
		"shows the password to the network":  "kafka: {brokers: ['a:1'], sasl: {mechanism: PLAIN, user: u, password: '${PATH}', allow_plaintext: true}}\n" + small,
		"can be reached from other machines": smallKafka + "http: {listen: ':8080', allow_remote: true}\n" + small,
		`no file matches "routes/*.yaml"`:    smallKafka + "include: ['routes/*.yaml']\n" + small,
	} {
		c := mustLoad(t, "weir.yaml", file)
		if len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0].Message, want) || strings.Contains(c.Warnings[0].String(), "CANARY") {
			t.Errorf("got %v, want one warning: %s", c.Warnings, want)
		}
	}
}

func TestListenAddressesOthersCanReachNeedPermission(t *testing.T) {
	for listen, want := range map[string]string{
		"127.0.0.1:80": "127.0.0.1:80", "'[::1]:80'": "[::1]:80", "localhost:0": "localhost:0", "127.9.9.9:1": "127.9.9.9:1",
		"off": "", "''": "", "':80'": "refused", "0.0.0.0:80": "refused", "'[::]:80'": "refused", "example.com:80": "refused", "'8080'": "refused",
	} {
		c, err := Load(folder(t, "weir.yaml", smallKafka+small+"http: {listen: "+listen+"}\n"))
		switch {
		case want == "refused":
			if err == nil {
				t.Errorf("%s: got no fault, want one", listen)
			}
		case err != nil:
			t.Errorf("%s: got %v, want none", listen, err)
		case c.HTTP.Listen != want:
			t.Errorf("%s: got %q, want %q", listen, c.HTTP.Listen, want)
		}
	}
}

func TestAnchorsAliasesAndMergeKeysWork(t *testing.T) {
	c := mustLoad(t, "weir.yaml", smallKafka+`group: g
routes:
  - &first
    input: a
    contract: a@1
    mode: &mode mark
    output: a.out
  - <<: *first
    input: b
    output: b.out
  - {input: c, contract: c@1, mode: *mode, output: c.out}
`)
	for i, want := range []string{"a a@1 mark a.out", "b a@1 mark b.out", "c c@1 mark c.out"} {
		r := c.Routes[i]
		if got := strings.Join([]string{r.Input, r.Contract, string(r.Mode), r.Output}, " "); got != want {
			t.Errorf("route %d: got %s, want %s", i, got, want)
		}
	}
}

func TestBrokersNeedNoQuotesInFlowStyle(t *testing.T) {
	want := []string{"localhost:9092", "kafka-2.example.com:9093"}
	for _, file := range []string{
		"kafka: {brokers: [localhost:9092, kafka-2.example.com:9093]}\n",
		"kafka:\n  brokers: [localhost:9092, kafka-2.example.com:9093]\n",
		"kafka:\n  brokers:\n    - localhost:9092\n    - kafka-2.example.com:9093\n",
		"kafka: {client_id: x, brokers: [localhost:9092,kafka-2.example.com:9093], tls: {enabled: false}}\n",
	} {
		if got := mustLoad(t, "weir.yaml", file+small).Kafka.Brokers; !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", file, got, want)
		}
	}
}

func TestTheCaretStandsUnderTheFaultAfterWideCharacters(t *testing.T) {
	got := messages(t, "weir.yaml", smallKafka+small+"telemetry: {log_format: \"größe\", log_level: nö}\n")
	want := "    4 | telemetry: {log_format: \"größe\", log_level: nö}\n      |                                             ^\n"
	if !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestMaskedFilesKeepEverythingButSecrets(t *testing.T) {
	text := "# a comment\nkafka:\n  sasl: {user: u, password: \"CANARY\", mechanism: PLAIN}\n  tls:\n    key: |\n      CANARY1\n      CANARY2\n    cert: file:c.pem\n    pasword: CANARY\n  password: ${PW}\n"
	got, err := Masked(folder(t, "weir.yaml", text))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer("CANARY1", "***", "CANARY2", "***", "CANARY", "***").Replace(text)
	if d := cmp.Diff(want, string(got)); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestInstanceNamesFitTransactionalIDs(t *testing.T) {
	for host, want := range map[string]string{"weir-0": "weir-0", "a b/c": "a-b-c", "": "weir", "ü": "weir", "host.example.com": "host.example.com"} {
		if got := instanceName(host, nil); got != want {
			t.Errorf("%q: got %q, want %q", host, got, want)
		}
	}
	if got := instanceName("", os.ErrPermission); got != "weir" {
		t.Errorf("without a host name: got %q, want weir", got)
	}
}

func TestMisspelledWordsFindTheirNeighbour(t *testing.T) {
	options := []string{"brokers", "client_id", "tls", "sasl"}
	for word, want := range map[string]string{"broker": "brokers", "Brokers": "brokers", "tsl": "tls", "clientid": "client_id", "zookeeper": "", "": ""} {
		if got := Nearest(word, options); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}

// FuzzLoad claims that no file crashes the loader, and that what does not load has a fault to show for it.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{"testdata/sound/weir.yaml", "testdata/faults/weir.yaml", "testdata/faults/routes/broken.yaml"} {
		text, err := os.ReadFile(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("a: &a [*a, {<<: *a}]\n? [x]\n: !!t y\n"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(dir, "weir.yaml")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := load(path, func(string) (string, bool) { return "", false })
		var e *Error
		if err != nil && (!errors.As(err, &e) || len(e.Problems) == 0) || err == nil && len(c.Routes) == 0 {
			t.Errorf("got %v, %v, want routes or faults", c, err)
		}
	})
}
