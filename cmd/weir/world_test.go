package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"weir/internal/demo"
	"weir/internal/kafkatest"
)

// asWeir makes the test binary behave as weir itself, so that tests can start, and kill, real processes of it.
const asWeir = "WEIR_TEST_AS_WEIR"

func TestMain(m *testing.M) {
	if os.Getenv(asWeir) != "" {
		main()
		return
	}
	code := kafkatest.Main(m)
	made, _ := filepath.Glob(filepath.Join(os.TempDir(), preparedName()+"*"))
	for _, dir := range made {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// prepared is a folder with the flights contract and January's baseline, made once: worlds take copies.
var prepared = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", preparedName())
	if err != nil {
		return "", err
	}
	january, _ := flightsOf()
	_, _, err = demo.Prepare(dir, january)
	return dir, err
})

func preparedName() string { return fmt.Sprintf("weir-world-%d-", os.Getpid()) }

// world is one input of real flights, some of them broken, with a configuration that checks it.
type world struct {
	t       *testing.T
	cluster *kafkatest.Cluster
	names   demo.Names
	config  string // weir.yaml
	folder  string
}

// flightsOf are the first n flights of February, every 97th broken in one of several ways. They are read once.
var flightsOf = sync.OnceValues(func() ([]demo.Flight, []demo.Flight) {
	january, stream, err := demo.Flights()
	if err != nil {
		panic(err)
	}
	return january, stream
})

func brokenStream(n int) []demo.Flight {
	_, stream := flightsOf()
	out := slices.Clone(stream[:n])
	for i := range out {
		if i%97 != 5 {
			continue
		}
		v := string(out[i].Value)
		switch i / 97 % 4 {
		case 0:
			v = v[:len(v)/2]
		case 1:
			v = strings.Replace(v, `"carrier":`, `"was_carrier":`, 1)
		case 2:
			v = strings.Replace(v, `"distance":`, `"distance":"far","was":`, 1)
		case 3:
			v = strings.Replace(v, `"origin":"`, `"origin":"?`, 1)
		}
		out[i].Value = []byte(v)
	}
	return out
}

// newWorld creates topics with the given prefix and partitions, loads n flights, and writes weir.yaml with the given
// extra lines (limits, sessions). Worlds of one prefix have equal topic names, so their reports can be compared.
func newWorld(t *testing.T, c *kafkatest.Cluster, prefix string, partitions, n int, extra string) *world {
	t.Helper()
	ctx := t.Context()
	w := &world{t: t, cluster: c, names: demo.NamesOf(prefix), folder: t.TempDir()}
	dir, err := prepared()
	if err == nil {
		err = os.CopyFS(w.folder, os.DirFS(dir))
	}
	if err != nil {
		t.Fatal(err)
	}
	if w.config, err = demo.SaveConfig(w.folder, w.names, c.Brokers); err != nil {
		t.Fatal(err)
	}
	w.configure(extra)
	if err := demo.CreateTopics(ctx, c.Config(), w.names, partitions); err != nil {
		t.Fatal(err)
	}
	if c.Fake == nil {
		t.Cleanup(func() {
			if err := demo.Delete(context.Background(), c.Config(), w.names); err != nil {
				t.Error(err)
			}
		})
	}
	if _, err := demo.Load(ctx, c.Config(), w.names.Input, brokenStream(n), nil); err != nil {
		t.Fatal(err)
	}
	return w
}

// configure appends lines to weir.yaml.
func (w *world) configure(lines string) {
	w.t.Helper()
	text, err := os.ReadFile(w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(w.config, append(text, lines...), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// run runs weir in this process and wants the exit code.
func (w *world) run(want int, args ...string) (stdout, stderr string) {
	w.t.Helper()
	var out, errs bytes.Buffer
	if got := run(w.t.Context(), args, strings.NewReader(""), &out, &errs); got != want {
		w.t.Fatalf("weir %s: exit %d, want %d\n%s%s", strings.Join(args, " "), got, want, out.String(), errs.String())
	}
	return out.String(), errs.String()
}

// process is weir in a process of its own.
type process struct {
	cmd  *exec.Cmd
	said *bytes.Buffer
	done chan struct{} // closed once the process has ended and cmd.ProcessState is set
}

func (w *world) start(args ...string) *process {
	w.t.Helper()
	p := &process{cmd: exec.Command(os.Args[0], args...), said: &bytes.Buffer{}, done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), asWeir+"=1")
	p.cmd.Stdout, p.cmd.Stderr = p.said, p.said
	if err := p.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	go func() {
		p.cmd.Wait() //nolint:errcheck // the exit code is read from ProcessState
		close(p.done)
	}()
	w.t.Cleanup(p.kill)
	return p
}

func (p *process) kill() {
	p.cmd.Process.Signal(syscall.SIGKILL) //nolint:errcheck // it may have ended
	<-p.done
}

// wait wants the process to end by itself with exit code 0.
func (w *world) wait(p *process, limit time.Duration) {
	w.t.Helper()
	select {
	case <-p.done:
		if code := p.cmd.ProcessState.ExitCode(); code != 0 {
			w.t.Fatalf("%s: exit %d\n%s", strings.Join(p.cmd.Args[1:], " "), code, p.said)
		}
	case <-time.After(limit):
		p.cmd.Process.Signal(syscall.SIGQUIT) //nolint:errcheck // its stacks say where it hangs
		<-p.done
		w.t.Fatalf("%s: still running after %s\n%s", strings.Join(p.cmd.Args[1:], " "), limit, p.said)
	}
}

// audit wants every record accounted for.
func (w *world) audit() *kafkatest.Ledger {
	w.t.Helper()
	l, err := kafkatest.Audit(w.t.Context(), w.cluster.Config(), kafkatest.Flow{
		Group: w.names.Group, Input: w.names.Input, Output: w.names.Output, Dead: w.names.Dead,
	})
	if err == nil {
		err = l.Err()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return l
}

// published are the keys and values of reports and events, sorted. Headers are left out, and so are the events of
// routes, which tell of a process and not of the data.
func (w *world) published() []string {
	w.t.Helper()
	var lines []string
	for _, topic := range []string{w.names.Reports, w.names.Events} {
		for _, records := range w.cluster.ReadAll(w.t, topic) {
			for _, r := range records {
				if !strings.HasPrefix(string(r.Key), "route/") {
					lines = append(lines, fmt.Sprintf("%s\t%s", r.Key, r.Value))
				}
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// sameLines compares what two runs published.
func sameLines(t *testing.T, got, want []string) {
	t.Helper()
	if len(want) == 0 {
		t.Fatal("nothing was published")
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("line %d of %d differs:\n got %s\nwant %s", i, len(want), got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Fatalf("got %d reports and events, want %d", len(got), len(want))
	}
}

// dump writes the input topic as kcat -J does.
func (w *world) dump() string {
	w.t.Helper()
	var b bytes.Buffer
	for _, records := range w.cluster.ReadAll(w.t, w.names.Input) {
		for _, r := range records {
			line, err := json.Marshal(map[string]any{
				"topic": r.Topic, "partition": r.Partition, "offset": r.Offset, "tstype": "create", "ts": r.Timestamp.UnixMilli(),
				"key": string(r.Key), "payload": string(r.Value),
			})
			if err != nil {
				w.t.Fatal(err)
			}
			b.Write(append(line, '\n'))
		}
	}
	return w.file("dump.ndjson", b.Bytes())
}

func (w *world) file(name string, text []byte) string {
	w.t.Helper()
	path := filepath.Join(w.folder, name)
	if err := os.WriteFile(path, text, 0o644); err != nil {
		w.t.Fatal(err)
	}
	return path
}

func (w *world) lines(path string) []string {
	w.t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// values are the values of a topic, sorted.
func (w *world) values(topic string) (values []string) {
	w.t.Helper()
	for _, records := range w.cluster.ReadAll(w.t, topic) {
		for _, r := range records {
			values = append(values, string(r.Value))
		}
	}
	slices.Sort(values)
	return values
}

// limit lowers a topic's max.message.bytes.
func (w *world) limit(topic string, n int) {
	w.t.Helper()
	adm := kadm.NewClient(w.cluster.Client(w.t))
	value := strconv.Itoa(n)
	got, err := adm.AlterTopicConfigs(w.t.Context(), []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "max.message.bytes", Value: &value}}, topic)
	if err == nil && len(got) > 0 {
		err = got[0].Err
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) count(topic string) (n int) {
	w.t.Helper()
	for _, records := range w.cluster.ReadAll(w.t, topic) {
		n += len(records)
	}
	return n
}
