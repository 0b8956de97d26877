package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"

	"weir/internal/config"
	"weir/internal/kafka"
)

// call runs the program with arguments and returns the exit code and what it wrote.
func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// callWith runs a program whose only command, "work", is f. signals are sent by f itself, through the channel.
func callWith(t *testing.T, f func(ctx context.Context, signals chan<- os.Signal) error) (code, atOnce int, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	a := &app{stdin: strings.NewReader(""), stdout: &out, stderr: &errs}
	signals := make(chan os.Signal)
	work := &cobra.Command{Use: "work", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return f(cmd.Context(), signals)
	}}
	code = a.execute(t.Context(), a.root([]*cobra.Command{work}), []string{"work"}, signals, func(code int) { atOnce = code })
	return code, atOnce, errs.String()
}

func TestUsageErrorsExit2WithAHint(t *testing.T) {
	for _, test := range []struct {
		args string
		want []string
	}{
		{"verson", []string{`weir has no command "verson"; did you mean weir version?`, "Try: weir --help"}},
		{"verson --foo", []string{"did you mean weir version?"}},
		{"config chek", []string{"did you mean weir config check?", "Try: weir config --help"}},
		{"config chek --preflight", []string{"did you mean weir config check?"}},
		{"config check --prefligt", []string{"unknown flag: --prefligt; did you mean --preflight?", "Try: weir config check --help"}},
		{"version extra", []string{"Try: weir version --help"}},
		{"version -o yaml", []string{`--output is text or json, not "yaml"`}},
		{"version -o", []string{"flag needs an argument"}},
	} {
		code, stdout, stderr := call(t, strings.Fields(test.args)...)
		if code != exitUsage || stdout != "" {
			t.Errorf("weir %s: got exit %d, stdout %q, want 2 and nothing", test.args, code, stdout)
		}
		for _, want := range test.want {
			if !strings.Contains(stderr, want) {
				t.Errorf("weir %s: got %q, want %q in it", test.args, stderr, want)
			}
		}
	}
}

func TestAMissingRequiredFlagIsAUsageError(t *testing.T) {
	var out, errs bytes.Buffer
	a := &app{stdout: &out, stderr: &errs}
	work := &cobra.Command{Use: "work", RunE: func(*cobra.Command, []string) error { return nil }}
	work.Flags().String("topic", "", "needed")
	if err := work.MarkFlagRequired("topic"); err != nil {
		t.Fatal(err)
	}
	code := a.execute(t.Context(), a.root([]*cobra.Command{work}), []string{"work"}, nil, nil)
	if want := "Try: weir work --help"; code != exitUsage || !strings.Contains(errs.String(), want) || !strings.Contains(errs.String(), `"topic"`) {
		t.Errorf("got exit %d, %q, want 2, the flag and %q", code, errs.String(), want)
	}
}

func TestErrorsDecideTheExitCode(t *testing.T) {
	refused := &kafka.ConnectionError{Brokers: []string{"kafka:9092"}, Err: errors.New("connection refused")}
	faults := &config.Error{Problems: []config.Problem{{File: "weir.yaml", Line: 1, Column: 2, Message: "m"}}}
	for _, test := range []struct {
		err    error
		code   int
		stderr string
	}{
		{nil, 0, ""},
		{errors.New("boom"), exitFindings, "weir: boom\n"},
		{exit(exitFindings, nil), exitFindings, ""},
		{exit(exitUsage, errors.New("bad")), exitUsage, "weir: bad\n"},
		{fmt.Errorf("start: %w", refused), exitConnection, "weir: start: " + refused.Error() + "\n"},
		{exit(exitFindings, refused), exitConnection, "weir: " + refused.Error() + "\n"},
		{faults, exitUsage, "weir.yaml:1:2: m\n"},
		{exit(exitUsage, faults), exitUsage, "weir.yaml:1:2: m\n"},
		{context.Canceled, exitFindings, "weir: context canceled\n"}, // nobody interrupted: a fault of the command
	} {
		code, _, stderr := callWith(t, func(context.Context, chan<- os.Signal) error { return test.err })
		if code != test.code || stderr != test.stderr {
			t.Errorf("%v: got exit %d, %q, want %d, %q", test.err, code, stderr, test.code, test.stderr)
		}
	}
}

func TestTheFirstSignalCancelsAndAFiniteCommandExits130(t *testing.T) {
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		code, atOnce, stderr := callWith(t, func(ctx context.Context, signals chan<- os.Signal) error {
			signals <- s
			<-ctx.Done()
			return fmt.Errorf("read file: %w", ctx.Err())
		})
		if code != exitInterrupted || atOnce != 0 || stderr != "weir: interrupted\n" {
			t.Errorf("%v: got exit %d, at once %d, %q, want 130, 0, one line", s, code, atOnce, stderr)
		}
	}
}

func TestACommandThatDrainsExits0(t *testing.T) {
	code, _, stderr := callWith(t, func(ctx context.Context, signals chan<- os.Signal) error {
		signals <- os.Interrupt
		<-ctx.Done()
		return nil
	})
	if code != exitDone || stderr != "" {
		t.Errorf("got exit %d, %q, want 0 and nothing", code, stderr)
	}
}

func TestTheSecondSignalEndsTheProcessAtOnce(t *testing.T) {
	_, atOnce, _ := callWith(t, func(ctx context.Context, signals chan<- os.Signal) error {
		signals <- os.Interrupt
		<-ctx.Done()
		signals <- syscall.SIGTERM
		return nil
	})
	if atOnce != exitInterrupted {
		t.Errorf("got %d, want 130", atOnce)
	}
}

func TestEveryCommandOfTheFirstScreenExistsWithItsFlags(t *testing.T) {
	var out, errs bytes.Buffer
	a := &app{stdout: &out, stderr: &errs}
	root := a.root(a.commands())
	found := 0
	for line := range strings.SplitSeq(firstExamples, "\n") {
		line, isCommand := strings.CutPrefix(strings.TrimSpace(line), "weir ")
		if !isCommand {
			continue
		}
		found++
		words := strings.Fields(strings.Split(line, "  ")[0])
		cmd, rest, err := root.Find(words)
		if err != nil || cmd == root {
			t.Errorf("weir %s: got %v, want a command", line, err)
			continue
		}
		if err := cmd.ParseFlags(rest); err != nil {
			t.Errorf("weir %s: %v", line, err)
		}
	}
	if found < 5 {
		t.Errorf("got %d examples, want 5 or more", found)
	}
	for _, g := range groups() {
		for name := range strings.FieldsSeq(g.commands) {
			if cmd, _, err := root.Find([]string{name}); err != nil || cmd == root {
				t.Errorf("group %q names %s, which is no command", g.title, name)
			}
		}
	}
}

func TestEveryCommandSaysWhatItDoes(t *testing.T) {
	a := &app{}
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Short == "" {
			t.Errorf("%s: got no short description", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	for _, c := range a.root(a.commands()).Commands() {
		walk(c)
	}
}

func TestTheFirstScreenGoesToStdoutWithExitCodes(t *testing.T) {
	for _, args := range [][]string{nil, {"--help"}, {"help"}} {
		code, stdout, stderr := call(t, args...)
		if code != exitDone || stderr != "" {
			t.Errorf("weir %v: got exit %d, %q, want 0 and nothing on stderr", args, code, stderr)
		}
		for _, want := range []string{firstScreen, "weir demo", "Exit codes: 0 done", "On a stream:"} {
			if !strings.Contains(stdout, want) {
				t.Errorf("weir %v: got\n%s\nwant %q in it", args, stdout, want)
			}
		}
	}
	if _, stdout, _ := call(t, "version", "--help"); strings.Contains(stdout, "Exit codes") {
		t.Error("weir version --help repeats the exit codes")
	}
}

func TestVersionTellsTheBuild(t *testing.T) {
	code, stdout, _ := call(t, "version")
	if want := "weir " + version() + "\ngo1."; code != 0 || !strings.HasPrefix(stdout, want) {
		t.Errorf("got exit %d, %q, want %q first", code, stdout, want)
	}
	if _, stdout, _ := call(t, "version", "-o", "json"); !strings.Contains(stdout, `"version":"`+version()+`"`) {
		t.Errorf("json: got %s", stdout)
	}
	if _, stdout, _ := call(t, "--version"); stdout != "weir "+version()+"\n" {
		t.Errorf("--version: got %q", stdout)
	}
}

// write makes files below a new folder and returns it.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
