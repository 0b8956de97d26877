package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"weir/internal/config"
	"weir/internal/kafka"
)

// Exit codes of every command.
const (
	exitDone        = 0
	exitFindings    = 1   // the data is wrong, or the command failed
	exitUsage       = 2   // flags or configuration
	exitConnection  = 3   // a broker cannot be reached or refuses us
	exitInterrupted = 130 // Ctrl-C on a finite command, or twice on run
)

// app is what commands share: the streams and how to write to them. stdout carries data, stderr everything else.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

// commands is the table of commands, one file per command.
func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		a.baselineCommand(),
		a.checkCommand(),
		a.configCommand(),
		a.deadCommand(),
		a.demoCommand(),
		a.explainCommand(),
		a.lintCommand(),
		a.observeCommand(),
		a.runCommand(),
		a.setupCommand(),
		a.versionCommand(),
	}
}

// groups are the headings of the first screen, each with its commands. A command named nowhere comes last.
func groups() []group {
	return []group{
		{"try", "Try it:", "demo observe"},
		{"contract", "Contracts and files:", "lint check baseline"},
		{"stream", "On a stream:", "setup run dead explain"},
	}
}

type group struct{ id, title, commands string }

const firstScreen = `Data contracts for Kafka topics, checked on every record, exactly once.
Bad records go to a dead-letter topic with the reason; drift against your training data becomes
one incident, not a hundred alerts.`

const firstExamples = `  weir demo                       real data, a broker inside, nothing to install
  weir observe --brokers kafka:9092 --topic orders.raw --contract contracts/orders
                                  your own topic, reads only, nothing is rewired
  weir lint contracts             what each rule of a contract will do
  weir setup -c weir.yaml         the topics and permissions still missing
  weir run -c weir.yaml           every route, both stages`

const exitCodes = `
Exit codes: 0 done, 1 findings or failure, 2 usage or configuration, 3 connection, 130 interrupted.
Data goes to stdout, everything else to stderr. NO_COLOR=1 turns colours off.
`

// exitError carries an exit code up to main. A nil err means everything has been said already.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}
func (e *exitError) Unwrap() error { return e.err }

// exit ends a command with a code. Errors returned without it end with 3 when a broker cannot be reached, 2 when the
// configuration is at fault, else 1; an interrupted command may return its context's error as it is.
func exit(code int, err error) error { return &exitError{code, err} }

// errInterrupted is the cause of a command's context after the first SIGINT or SIGTERM.
var errInterrupted = errors.New("interrupted")

// run is one call of the program. It returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr}
	return a.execute(ctx, a.root(a.commands()), args, signals, os.Exit)
}

// execute runs the command the arguments name. atOnce ends the process on the second signal; it does not return,
// except in tests.
func (a *app) execute(ctx context.Context, root *cobra.Command, args []string, signals <-chan os.Signal, atOnce func(int)) int {
	ctx, cancel := context.WithCancelCause(ctx)
	over, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		a.heed(signals, over, func() { cancel(errInterrupted) }, atOnce)
	}()
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	close(over)
	<-gone
	defer cancel(nil)
	return a.conclude(ctx, cmd, err)
}

// heed cancels on the first signal, so that the command finishes what it has begun, and ends the process on the
// second.
func (a *app) heed(signals <-chan os.Signal, over <-chan struct{}, cancel func(), atOnce func(int)) {
	for n := 1; ; n++ {
		select {
		case <-over:
			return
		case <-signals:
		}
		if n > 1 {
			atOnce(exitInterrupted)
			continue
		}
		cancel()
		if isTerminal(a.stderr) {
			fmt.Fprintln(a.stderr, "\nweir: finishing what has begun; once more ends it at once")
		}
	}
}

// conclude says what went wrong and gives the exit code for it.
func (a *app) conclude(ctx context.Context, cmd *cobra.Command, err error) int {
	var (
		exited     *exitError
		usage      *usageError
		faults     *config.Error
		connection *kafka.ConnectionError
	)
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, context.Canceled) && errors.Is(context.Cause(ctx), errInterrupted):
		fmt.Fprintln(a.stderr, "weir: interrupted")
		return exitInterrupted
	case errors.As(err, &exited) && exited.err == nil:
		return exited.code
	case errors.As(err, &usage):
		fmt.Fprintf(a.stderr, "weir: %v\nTry: %s --help\n", err, cmd.CommandPath())
		return exitUsage
	case errors.As(err, &faults):
		fmt.Fprintln(a.stderr, err) // begins with file:line:column, which editors and terminals link
	default:
		fmt.Fprintln(a.stderr, "weir:", err)
	}
	switch {
	case exited != nil && exited.code != exitFindings:
		return exited.code
	case connection != nil || errors.As(err, &connection):
		return exitConnection
	case faults != nil:
		return exitUsage
	}
	return exitFindings
}

// root is the command above all others.
func (a *app) root(commands []*cobra.Command) *cobra.Command {
	root := &cobra.Command{Use: "weir", Long: firstScreen, Example: firstExamples, Version: version(),
		SilenceErrors: true, SilenceUsage: true, DisableSuggestions: true}
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetVersionTemplate("weir {{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(commands...)
	for _, g := range groups() {
		root.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
		for _, c := range commands {
			if slices.Contains(strings.Fields(g.commands), c.Name()) {
				c.GroupID = g.id
			}
		}
	}
	root.SetUsageTemplate(root.UsageTemplate() + "{{if not .HasParent}}" + exitCodes + "{{end}}")
	prepare(root)
	return root
}

// usageError is a fault in how the command was called: exit code 2 and a hint where to read on.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// prepare makes cobra's own complaints usage errors, in a command and those below it, and lets commands that only
// hold others refuse what they do not know.
func prepare(cmd *cobra.Command) {
	if cmd.HasSubCommands() && !cmd.Runnable() {
		cmd.Args = cobra.ArbitraryArgs
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownCommand(cmd, args[0])
		}
	}
	if args := cmd.Args; args != nil {
		cmd.Args = func(cmd *cobra.Command, got []string) error { return asUsage(args(cmd, got)) }
	}
	if pre := cmd.PreRunE; pre == nil { // runs before the checks of required flags and flag groups, whose errors have no type
		cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
			return asUsage(errors.Join(cmd.ValidateRequiredFlags(), cmd.ValidateFlagGroups()))
		}
	}
	for _, sub := range cmd.Commands() {
		prepare(sub)
	}
}

func asUsage(err error) error {
	if err == nil {
		return nil
	}
	return &usageError{err}
}

// flagError explains a flag that could not be read.
func flagError(cmd *cobra.Command, err error) error {
	if rest := cmd.Flags().Args(); cmd.HasSubCommands() && len(rest) > 0 {
		return unknownCommand(cmd, rest[0]) // the flag belongs to the command that was meant
	}
	if missing := (*pflag.NotExistError)(nil); errors.As(err, &missing) {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if n := config.Nearest(missing.GetSpecifiedName(), names); n != "" {
			err = fmt.Errorf("%w; did you mean --%s?", err, n)
		}
	}
	return asUsage(err)
}

func unknownCommand(cmd *cobra.Command, word string) error {
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	err := fmt.Errorf("%s has no command %q", cmd.CommandPath(), word)
	if n := config.Nearest(word, names); n != "" {
		err = fmt.Errorf("%w; did you mean %s %s?", err, cmd.CommandPath(), n)
	}
	return asUsage(err)
}
