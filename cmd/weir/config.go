package main

import (
	"context"
	"errors"
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
	if faults := (*config.Error)(nil); errors.As(err, &faults) && faults.Read != nil {
		return a.refuseConfig(faults)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s: environment %s, group %s, %s\n", c.File, c.Environment, c.Group, plural(len(c.Routes)+len(c.Stopped), "route"))
	faults := 0
	used := map[string]bool{}
	set, err := contract.LoadDir(c.Contracts)
	if err != nil {
		faults++
		fmt.Fprintf(a.stdout, "  contracts: %v\n    → %s\n", err, contractsRemedy)
	} else {
		faults += a.checkContracts(c, set, used)
	}
	for _, s := range c.Stopped {
		problems := s.Problems
		if set != nil {
			problems = append(slices.Clone(problems), lacking(c, set, s.Route, used)...)
		}
		faults += len(problems)
		fmt.Fprintf(a.stdout, "\n  %s: stopped\n", s.Name)
		for _, p := range problems {
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

// refuseConfig adds to the faults of a configuration those of the contracts that its routes name, so that all are told
// at once.
func (a *app) refuseConfig(faults *config.Error) error {
	c := faults.Read
	set, err := contract.LoadDir(c.Contracts)
	if err != nil {
		faults.Problems = append(faults.Problems, config.Problem{File: c.File, Message: "contracts: " + err.Error(), Remedy: contractsRemedy})
	} else {
		used := map[string]bool{}
		routes := slices.Clone(c.Routes)
		for _, s := range c.Stopped {
			routes = append(routes, s.Route)
		}
		for _, r := range routes {
			for _, p := range lacking(c, set, r, used) {
				if !slices.Contains(faults.Problems, p) { // two routes may name one broken file
					faults.Problems = append(faults.Problems, p)
				}
			}
		}
	}
	fmt.Fprintln(a.stderr, faults)
	for _, w := range c.Warnings {
		fmt.Fprintf(a.stderr, "\nwarning\n%s\n", w)
	}
	return exit(exitUsage, nil)
}

// lacking is what is wrong with the contract of a route, which may be at fault itself and name none.
func lacking(c *config.Config, set *contract.Set, r config.Route, used map[string]bool) []config.Problem {
	id, named := contract.ParseID(r.Contract)
	if _, ok := set.Get(id); ok || !named {
		return nil
	}
	return missingContract(c, set, r, id, used)
}

const contractsRemedy = "contracts: DIR in the configuration, relative to its file"

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
	if faults > 0 {
		fmt.Fprintf(a.stdout, "\n    weir setup -c %s prints the commands that create missing topics, --apply runs them\n", c.File)
	}
	return faults, nil
}

// checkContracts prints, per sound route, whether its contract is there and what of it is not enforced. It returns the
// number of faults, and adds to used the files they are of.
func (a *app) checkContracts(c *config.Config, set *contract.Set, used map[string]bool) (faults int) {
	for _, r := range c.Routes {
		id, _ := contract.ParseID(r.Contract) // config has checked the form
		fmt.Fprintf(a.stdout, "\n  %s: %s\n", r.Name, describeRoute(r))
		found, ok := set.Get(id)
		if !ok {
			for _, p := range missingContract(c, set, r, id, used) {
				faults++
				fmt.Fprintln(a.stdout, indent(p.String()))
			}
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
	for _, s := range c.Stopped {
		lacking(c, set, s.Route, used)
	}
	for _, p := range set.Problems {
		if !used[p.File] {
			fmt.Fprintf(a.stdout, "\n  warning, no route uses it\n%s\n", indent(contractProblem(p).String()))
		}
	}
	return faults
}

// missingContract says why a route has no contract: its file is at fault, or there is none.
func missingContract(c *config.Config, set *contract.Set, r config.Route, id contract.ID, used map[string]bool) (faults []config.Problem) {
	for _, p := range set.Problems {
		if strings.HasSuffix(p.File, filepath.Join(id.Name, id.Version+contract.Suffix)) {
			used[p.File] = true
			faults = append(faults, contractProblem(p))
		}
	}
	if len(faults) > 0 {
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
	return []config.Problem{{File: r.File, Line: r.Line, Column: 1, Message: fmt.Sprintf("no contract %s in %s", id, c.Contracts), Remedy: remedy}}
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

func contractProblem(p contract.Problem) config.Problem {
	return config.Problem{File: p.File, Line: p.Line, Column: p.Column, Excerpt: p.Excerpt, Message: p.Message, Remedy: p.Remedy}
}

func indent(s string) string { return "    " + strings.ReplaceAll(s, "\n", "\n    ") }

// plural counts things: "1 route", "2 routes".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
