package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"weir/internal/config"
	"weir/internal/contract"
	"weir/internal/kafka"
	"weir/internal/profile"
)

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Check or print the configuration"}
	cmd.AddCommand(a.configCheckCommand(), a.configPrintCommand())
	return cmd
}

func configFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVarP(file, "config", "c", "weir.yaml", "configuration file")
}

func (a *app) configCheckCommand() *cobra.Command {
	var file string
	var preflight bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Find every fault of a configuration, its route files and its contracts",
		Long: `Finds every fault of a configuration, its route files and the contracts its routes name, with line, column
and remedy. No connection is opened without --preflight.`,
		Example: "  weir config check -c weir.yaml\n  weir config check -c weir.yaml --preflight    also the topics, on the brokers",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.checkConfig(cmd.Context(), file, preflight)
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().BoolVar(&preflight, "preflight", false, "ask the brokers about every topic")
	return cmd
}

func (a *app) configPrintCommand() *cobra.Command {
	var file string
	var effective bool
	cmd := &cobra.Command{
		Use:     "print",
		Short:   "Print the configuration, secrets masked",
		Example: "  weir config print --effective    with every default, and the routes of included files",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			print := func() ([]byte, error) { return config.Masked(file) }
			if effective {
				c, err := config.Load(file)
				if err != nil {
					return err
				}
				print = c.Effective
			}
			out, err := print()
			if err != nil {
				return exit(exitUsage, err)
			}
			_, err = a.stdout.Write(out)
			return err
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().BoolVar(&effective, "effective", false, "with defaults and included routes put in")
	return cmd
}

// checkConfig prints what each route would do and every fault; one fault makes the exit code 2.
func (a *app) checkConfig(ctx context.Context, file string, preflight bool) error {
	c, err := config.Load(file)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s: environment %s, group %s, %s\n", c.File, c.Environment, c.Group, plural(len(c.Routes)+len(c.Stopped), "route"))
	faults := 0
	if set, err := contract.LoadDir(c.Contracts); err != nil {
		faults++
		fmt.Fprintf(a.stdout, "  contracts: %v\n    → contracts: DIR in the configuration, relative to its file\n", err)
	} else {
		faults += a.checkContracts(c, set)
	}
	for _, s := range c.Stopped {
		faults += len(s.Problems)
		fmt.Fprintf(a.stdout, "\n  %s: stopped\n", s.Name)
		for _, p := range s.Problems {
			fmt.Fprintln(a.stdout, indent(p.String()))
		}
	}
	for _, w := range c.Warnings {
		fmt.Fprintf(a.stdout, "\n  warning\n%s\n", indent(w.String()))
	}
	refused := 0
	if preflight {
		if refused, err = a.checkTopics(ctx, c); err != nil {
			return err
		}
	}
	if n := faults + refused; n > 0 {
		fmt.Fprintf(a.stdout, "\n%s\n", paint(a.stdout, red, plural(n, "fault")))
		if faults == 0 {
			return exit(exitFindings, nil) // the configuration is right, the cluster is not as it wants it
		}
		return exit(exitUsage, nil)
	}
	fmt.Fprintf(a.stdout, "\n%s\n", paint(a.stdout, green, "ok"))
	return nil
}

// checkTopics asks the brokers about every topic of the sound routes and prints what is not as weir needs it. It
// returns the number of things that keep a route from running.
func (a *app) checkTopics(ctx context.Context, c *config.Config) (faults int, err error) {
	wants := wantsOf(c)
	found, err := kafka.Preflight(ctx, c.Kafka.Client(nil), wants)
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(a.stdout, "\n  preflight: %s asked for on %s\n", plural(len(wants), "topic"), strings.Join(c.Kafka.Brokers, ","))
	for _, f := range found {
		fmt.Fprintln(a.stdout, indent(f.String()))
		if f.Severity == kafka.Error {
			faults++
		}
	}
	return faults, nil
}

// checkContracts prints, per route, whether its contract is there and what of it is not enforced. It returns the
// number of faults.
func (a *app) checkContracts(c *config.Config, set *contract.Set) (faults int) {
	used := map[string]bool{}
	for _, r := range c.Routes {
		id, _ := contract.ParseID(r.Contract) // config has checked the form
		fmt.Fprintf(a.stdout, "\n  %s: %s\n", r.Name, describeRoute(r))
		found, ok := set.Get(id)
		if !ok {
			faults += a.missingContract(c, set, id, used)
			continue
		}
		fmt.Fprintf(a.stdout, "    %s   %s   %s\n", id, found.Digest.Short(), plural(len(found.Rules), "rule"))
		faults += a.unenforced(r, found)
		switch b, err := profile.FindBaseline(found); {
		case err != nil:
			faults++
			fmt.Fprintf(a.stdout, "    baseline: %v\n", err)
		case b == nil && comparesWithBaseline(found):
			fmt.Fprintf(a.stdout, "    note: no baseline; its drift rules are not judged until weir baseline build makes one\n")
		}
	}
	for _, p := range set.Problems {
		if !used[p.File] {
			fmt.Fprintf(a.stdout, "\n  warning, no route uses it\n%s\n", indent(contractProblem(p)))
		}
	}
	return faults
}

// missingContract says why a route has no contract: its file is at fault, or there is none.
func (a *app) missingContract(c *config.Config, set *contract.Set, id contract.ID, used map[string]bool) (faults int) {
	for _, p := range set.Problems {
		if strings.HasSuffix(p.File, filepath.Join(id.Name, id.Version+contract.Suffix)) {
			used[p.File] = true
			faults++
			fmt.Fprintln(a.stdout, indent(contractProblem(p)))
		}
	}
	if faults > 0 {
		return faults
	}
	var known []string
	for _, k := range set.Contracts() {
		known = append(known, k.ID.String())
	}
	remedy := "weir lint " + c.Contracts + " shows what is there"
	if n := config.Nearest(id.String(), known); n != "" {
		remedy = "did you mean " + n + "?"
	}
	fmt.Fprintf(a.stdout, "    no contract %s in %s\n    → %s\n", id, c.Contracts, remedy)
	return 1
}

// unenforced lists the rules weir cannot judge. In enforce mode each must be accepted.
func (a *app) unenforced(r config.Route, c *contract.Contract) (faults int) {
	var without []string
	for _, rule := range c.Rules {
		if rule.Scope != contract.NotEnforced {
			continue
		}
		accepted := slices.Contains(r.AcceptUnenforced, rule.ID)
		note := ""
		switch {
		case accepted:
			note = " (accepted)"
		case r.Mode == config.Enforce:
			without = append(without, rule.ID)
		}
		fmt.Fprintf(a.stdout, "    not enforced%s: %s (%s:%d): %s\n", note, rule.ID, c.File, rule.Line, rule.Why)
	}
	if len(without) > 0 {
		fmt.Fprintf(a.stdout, "    enforce mode refuses a contract with unenforced rules\n    → accept_unenforced: [%s], or take them out of the contract\n",
			strings.Join(without, ", "))
	}
	for _, id := range r.AcceptUnenforced {
		if !slices.ContainsFunc(c.Rules, func(rule contract.Rule) bool { return rule.ID == id && rule.Scope == contract.NotEnforced }) {
			fmt.Fprintf(a.stdout, "    note: accept_unenforced names %s, which is no unenforced rule of %s\n", id, c.ID)
		}
	}
	return len(without)
}

// comparesWithBaseline says whether a contract has a rule that needs a baseline.
func comparesWithBaseline(c *contract.Contract) bool {
	return slices.ContainsFunc(c.Rules, func(r contract.Rule) bool {
		return r.Window != nil && (r.Window.Metric == contract.Drift || r.Window.Metric == contract.NullDrift || r.Window.Metric == contract.Volume)
	})
}

func describeRoute(r config.Route) string {
	switch r.Mode {
	case config.Enforce:
		return fmt.Sprintf("%s → %s, rejected records → %s", r.Input, r.Output, r.DeadLetters)
	case config.Mark:
		return fmt.Sprintf("%s → %s, every record, marked", r.Input, r.Output)
	}
	return fmt.Sprintf("%s, observed only", r.Input)
}

func contractProblem(p contract.Problem) string {
	return config.Problem{File: p.File, Line: p.Line, Column: p.Column, Excerpt: p.Excerpt, Message: p.Message, Remedy: p.Remedy}.String()
}

func indent(s string) string { return "    " + strings.ReplaceAll(s, "\n", "\n    ") }

// plural counts things: "1 route", "2 routes".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
