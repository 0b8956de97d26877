package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"weir/internal/config"
)

func (a *app) runCommand() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run -c weir.yaml",
		Short: "Check the records of the configured routes, until told to stop",
		Long: `Run both stages of the routes in weir.yaml: the gate checks records and forwards them, the monitor
reports windows. Start more processes with the same file and other instance names to share the work.

Every sound route starts. A route with a fault (contract missing, topic missing, rules not enforced)
stays stopped and visible: /readyz names it, weir_route_up is 0, an event tells it. --strict refuses
to start instead. With --until-end, a route that did not run makes the exit code 1.

SIGINT or SIGTERM drains: the cycle under way is committed, then weir exits with 0. A second one
ends it at once with 130; nothing is lost either way.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runRoutes(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.StringVarP(&o.file, "config", "c", "weir.yaml", "configuration `file`")
	f.StringVar(&o.stage, "stage", "both", "gate, monitor or both")
	f.BoolVar(&o.strict, "strict", false, "refuse to start when any route has a fault")
	f.BoolVar(&o.untilEnd, "until-end", false, "process what the inputs hold now, close their windows, and exit")
	f.BoolVar(&o.acceptGaps, "accept-gaps", false, "go on with contracts whose windows a gap in the offsets has stopped, e.g. after a reset of the group")
	f.StringVar(&o.instance, "instance", "", "`name` of this process in its group (default: the file's, else the host's)")
	return cmd
}

type runOptions struct {
	file, stage, instance string
	strict, untilEnd      bool
	acceptGaps            bool
}

func (a *app) runRoutes(ctx context.Context, o runOptions) error {
	at, err := parseStage(o.stage)
	if err != nil {
		return err
	}
	c, err := config.Load(o.file)
	if err != nil {
		return exit(exitUsage, err)
	}
	if o.instance != "" {
		c.Instance = o.instance
	}
	routes, stopped, err := bind(c)
	if err != nil {
		return err
	}
	if o.strict && len(stopped) > 0 {
		return exit(exitUsage, refused(stopped))
	}
	s, err := a.newService(ctx, c)
	if err != nil {
		return err
	}
	defer s.telemetry.Shutdown(ctx)
	s.stages, s.bound, s.acceptGaps = at, o.untilEnd, o.acceptGaps
	if s.routes, err = s.preflight(ctx, routes, stopped); err != nil {
		return err
	}
	s.stopped = stopped
	if o.strict && len(stopped) > 0 || len(s.routes) == 0 {
		return exit(exitUsage, refused(stopped))
	}
	if err := s.run(ctx); err != nil || !o.untilEnd || len(stopped) == 0 {
		return err
	}
	return exit(exitFindings, fmt.Errorf("done without the routes that did not run: %s", strings.Join(sortedKeys(stopped), ", ")))
}

func parseStage(name string) (stages, error) {
	switch name {
	case "both":
		return stages{true, true}, nil
	case "gate":
		return stages{gate: true}, nil
	case "monitor":
		return stages{monitor: true}, nil
	}
	return stages{}, exit(exitUsage, fmt.Errorf("--stage %q: want gate, monitor or both", name))
}

// refused is the error of a start that some or all routes forbid.
func refused(stopped map[string]string) error {
	errs := []error{errors.New("no route was started")}
	for _, name := range sortedKeys(stopped) {
		errs = append(errs, fmt.Errorf("route %s: %s", name, stopped[name]))
	}
	return errors.Join(errs...)
}
