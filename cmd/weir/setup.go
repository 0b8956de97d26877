package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"weir/internal/config"
	"weir/internal/kafka"
)

type setupOptions struct {
	file       string
	apply      bool
	principal  string
	partitions int
}

func (a *app) setupCommand() *cobra.Command {
	var o setupOptions
	cmd := &cobra.Command{
		Use:   "setup",
		Short: "Print the topics and permissions still missing, or create the topics",
		Long: `Prints, as commands of Kafka's own tools, the topics that a configuration needs and the cluster does not have, and
the least permissions that weir needs. Outputs and dead letters get the partitions, message size and retention of
their input. With --apply the topics are created; permissions are for whoever owns the cluster. Input topics are
never created.`,
		Example: "  weir setup -c weir.yaml > setup.sh\n  weir setup -c weir.yaml --apply",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.setup(cmd.Context(), o) },
	}
	configFlag(cmd, &o.file)
	cmd.Flags().BoolVar(&o.apply, "apply", false, "create the missing topics")
	cmd.Flags().StringVar(&o.principal, "principal", "", "whom to permit (default the SASL user, else User:weir)")
	cmd.Flags().IntVar(&o.partitions, "partitions", kafka.OwnPartitions, "partitions of weir's own topics: how many monitors can share the work")
	return cmd
}

func (a *app) setup(ctx context.Context, o setupOptions) error {
	c, err := config.Load(o.file)
	if err != nil {
		return err
	}
	wants := wantsOf(c)
	cl, err := kafka.NewClient(ctx, c.Kafka.Client(nil))
	if err != nil {
		return err
	}
	defer cl.Close()
	missing, unplanned, err := kafka.Missing(ctx, cl, c.Group, o.partitions, wants)
	if err != nil {
		return err
	}
	if o.apply {
		created, err := kafka.Create(ctx, cl, missing)
		for _, name := range created {
			fmt.Fprintln(a.stderr, "created topic", name)
		}
		if err != nil {
			return err
		}
		missing = nil
	}
	a.printSetup(c, o, wants, missing, unplanned)
	return a.setupFindings(ctx, c, wants, missing)
}

// wantsOf are the topics a configuration uses: its routes' and weir's own.
func wantsOf(c *config.Config) (wants []kafka.Want) {
	for _, r := range c.Routes {
		output, dead := r.Output, r.DeadLetters
		if r.Mode == config.Observe {
			output = ""
		}
		if r.Mode != config.Enforce {
			dead = ""
		}
		wants = append(wants, kafka.RouteWants(r.Name, r.Input, output, dead)...)
	}
	return append(wants, kafka.OwnWants(c.Group)...)
}

// printSetup writes a shell script: what it cannot do is a comment.
func (a *app) printSetup(c *config.Config, o setupOptions, wants []kafka.Want, missing []kafka.NewTopic, unplanned []kafka.Want) {
	server, options := strings.Join(c.Kafka.Brokers, ","), ""
	if c.Kafka.TLS.Enabled || c.Kafka.SASL.Mechanism != "" {
		options = "--command-config client.properties"
	}
	absent := map[string]bool{}
	for _, w := range unplanned {
		absent[w.Topic] = true
	}
	switch n := len(missing) + len(absent); {
	case o.apply:
		fmt.Fprintln(a.stdout, "# All topics that could be created exist.")
	case n == 0:
		fmt.Fprintln(a.stdout, "# No topic is missing.")
	case len(absent) == 0:
		fmt.Fprintf(a.stdout, "# %s missing; weir setup -c %s --apply creates what is missing.\n", plural(n, "topic"), o.file)
	case len(missing) == 0:
		fmt.Fprintf(a.stdout, "# %s missing; inputs come first.\n", plural(n, "topic"))
	default:
		fmt.Fprintf(a.stdout, "# %s missing; weir setup -c %s --apply creates the first %d, the others wait for their inputs.\n", plural(n, "topic"), o.file, len(missing))
	}
	for _, t := range missing {
		fmt.Fprintln(a.stdout, t.Command(server, options))
	}
	for _, w := range unplanned {
		fmt.Fprintf(a.stdout, "# Topic %s (%s of route %s) is missing", w.Topic, w.Role, w.Route)
		if w.Role != kafka.Input {
			fmt.Fprintf(a.stdout, " and is planned once its input %s exists", w.Like)
		}
		fmt.Fprintln(a.stdout, ".")
	}
	principal := o.principal
	if principal == "" {
		principal = "User:weir"
		if user := c.Kafka.SASL.User; user != "" {
			principal = "User:" + user
		}
	}
	fmt.Fprintf(a.stdout, "\n# The permissions %s needs, where the cluster checks them.\n", principal)
	for _, command := range kafka.Grants(server, options, principal, c.Group, []string{c.Group, c.Group + ".monitor"}, wants) {
		fmt.Fprintln(a.stdout, command)
	}
	var dead []kafka.Want
	for _, w := range wants {
		if w.Role == kafka.DeadLetters {
			dead = append(dead, w)
		}
	}
	if len(dead) > 0 {
		fmt.Fprintln(a.stdout, "\n# Whoever reads dead letters needs Read and Describe; they hold the original records.")
	}
	for _, w := range dead {
		fmt.Fprintf(a.stdout, "# kafka-acls.sh --bootstrap-server %s --add --allow-principal User:READER --operation Read --operation Describe --topic %s\n", server, w.Topic)
	}
}

// setupFindings tells what of the existing topics is not as weir needs it; an error among it makes the exit code 1.
func (a *app) setupFindings(ctx context.Context, c *config.Config, wants []kafka.Want, missing []kafka.NewTopic) error {
	found, err := kafka.Preflight(ctx, c.Kafka.Client(nil), wants)
	if err != nil {
		return err
	}
	planned := map[string]bool{}
	for _, t := range missing {
		planned[t.Name] = true
	}
	errs := 0
	for _, f := range found {
		if planned[f.Topic] {
			continue
		}
		fmt.Fprintln(a.stderr, f)
		if f.Severity == kafka.Error {
			errs++
		}
	}
	if errs > 0 {
		return exit(exitFindings, nil)
	}
	return nil
}
