package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"weir/internal/contract"
	"weir/internal/profile"
)

// print writes the summary of a baseline: what went in, and a line per column.
func (b *baselineBuild) print(w io.Writer, out *profile.Baseline, path string) error {
	fmt.Fprintf(w, "%s  baseline %s  %s\n", b.contract.ID, out.ID, contract.Digest(out.Digest()).Short())
	fmt.Fprintf(w, "records %s   valid %s   rejected %s   tombstones %s   outside the time range %s\n",
		count(b.records), count(out.N), count(b.rejected.Dead), count(b.tombstones), count(b.outside))
	b.printRejected(w)
	if out.From != "" {
		fmt.Fprintf(w, "event times %s to %s", out.From, out.To)
		if win := out.Windows; win.Count > 0 {
			fmt.Fprintf(w, "   %d whole windows of %s: %s to %s records, mean %.1f", win.Count, win.Size, count(win.Min), count(win.Max), win.Mean)
		}
		fmt.Fprintln(w)
	}
	table := tabwriter.NewWriter(w, 2, 0, 3, ' ', 0)
	fmt.Fprintln(table, "\nCOLUMN\tKIND\tN\tNULL %\tDISTINCT\tMIN\tMEDIAN\tMAX")
	for _, c := range out.Columns {
		fmt.Fprintln(table, strings.Join(baselineLine(c), "\t"))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write summary: %w", err)
	}
	fmt.Fprintf(w, "\nwritten to %s\n", path)
	return nil
}

func (b *baselineBuild) printRejected(w io.Writer) {
	for _, rule := range slices.Sorted(maps.Keys(b.rejected.DeadBy)) {
		e := b.rejected.Examples[rule][0]
		fmt.Fprintf(w, "  rejected by %s: %s, e.g. %s/%d/%d\n", rule, count(b.rejected.DeadBy[rule]), e.Topic, e.Partition, e.Offset)
	}
}

func baselineLine(c *profile.BaselineColumn) []string {
	kind := c.Kind.String()
	switch {
	case c.Unit != "":
		kind += " (" + c.Unit + ")"
	case c.Kind != contract.Boolean && c.HasCategories():
		kind += ", categories"
	}
	null := "-"
	if c.N > 0 {
		null = fmt.Sprintf("%.2f", 100*float64(c.Nulls())/float64(c.N))
	}
	return []string{c.Path, kind, count(c.Values()), null, count(c.Distinct),
		extreme(c, c.Min.String()), median(c), extreme(c, c.Max.String())}
}

func extreme(c *profile.BaselineColumn, number string) string {
	if number == "" {
		return "-"
	}
	if ms, err := strconv.ParseInt(number, 10, 64); err == nil && c.Kind == contract.Timestamp {
		return time.UnixMilli(ms).UTC().Format(time.RFC3339)
	}
	if x, err := strconv.ParseFloat(number, 64); err == nil && c.Kind == contract.Number {
		return fmt.Sprintf("%.6g", x)
	}
	return number
}

// median is the value, or the interval of the grid's cell that holds it.
func median(c *profile.BaselineColumn) string {
	at, ok := c.Quantile(0.5)
	switch {
	case !ok:
		return "-"
	case at.Lo == at.Hi:
		return fmt.Sprintf("%.6g", at.Lo)
	}
	return fmt.Sprintf("%.6g to %.6g", at.Lo, at.Hi)
}
