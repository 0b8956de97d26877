package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"weir/internal/deadletter"
)

func writeGroups(w io.Writer, groups []deadletter.Group, by string) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	if by == "cause" {
		fmt.Fprint(t, "CAUSE\tRULES\tRECORDS\tFIRST\tLAST\tFOR EXAMPLE\n")
	} else {
		fmt.Fprint(t, "RULE\tRECORDS\tFIRST\tLAST\tFOR EXAMPLE\n")
	}
	for _, g := range groups {
		if by == "cause" {
			fmt.Fprintf(t, "%s\t", deadletter.Printable(g.Cause))
		}
		example := g.Examples[0]
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%d/%d\n", deadletter.Printable(strings.Join(g.Rules, ",")), g.Records,
			moment(g.First), moment(g.Last), example.Partition, example.Offset)
	}
	return t.Flush()
}

// moment writes a time in the zone of the reader; nothing when it is not known.
func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

type jsonGroup struct {
	Cause    string     `json:"cause,omitempty"`
	Rules    []string   `json:"rules"`
	Records  int        `json:"records"`
	First    *time.Time `json:"first"` // null when no letter says when it was rejected
	Last     *time.Time `json:"last"`
	Examples []string   `json:"examples"` // topic/partition/offset of the letters
}

func writeGroupsJSON(w io.Writer, groups []deadletter.Group) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for _, g := range groups {
		j := jsonGroup{Cause: g.Cause, Rules: g.Rules, Records: g.Records}
		if !g.First.IsZero() {
			j.First, j.Last = &g.First, &g.Last
		}
		for _, x := range g.Examples {
			j.Examples = append(j.Examples, x.String())
		}
		if err := e.Encode(j); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) showLetter(l deadletter.Letter, o deadOptions) error {
	if o.output == "json" {
		return writeLetterJSON(a.stdout, &l, o.showValues)
	}
	return l.Render(a.stdout, deadletter.Rendering{ShowValue: o.showValues, Zone: time.Local, Width: width(a.stdout)})
}

func writeLetterJSON(w io.Writer, l *deadletter.Letter, values bool) error {
	out := map[string]any{
		"letter": l.Where().String(), "source": l.Source.String(), "contract": l.Contract, "digest": l.Digest,
		"rules": l.Rules, "violations": l.Violations, "truncated": l.Truncated, "attempt": l.Attempt, "cause": l.Cause,
		"timestamp": l.Timestamp.UTC(), "shed": l.Shed,
	}
	if !l.At.IsZero() {
		out["at"] = l.At
	}
	if values {
		content(out, "key", l.Record.Key)
		content(out, "value", l.Record.Value)
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(out)
}

// content adds bytes under a name: text when they are UTF-8, else base64 under name_base64.
func content(out map[string]any, name string, b []byte) {
	switch {
	case b == nil:
		out[name] = nil
	case utf8.Valid(b):
		out[name] = string(b)
	default:
		out[name+"_base64"] = b
	}
}
