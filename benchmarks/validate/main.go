package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// settings are the runner's flags.
type settings struct {
	Seconds float64 `json:"seconds"` // of the processor, for each data set, peer, mode and round
	Rounds  int     `json:"rounds"`
	Records int     `json:"records"`
	shapes  []*shape
	peers   []*peer
	out     string // file for the raw results, "" for none
	write   bool   // keep the results: results.json and the table in README.md
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench-validate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) >= 2 && args[0] == "peer" {
		return goPeer(args[1], args[2:])
	}
	s, err := parse(args)
	if err != nil {
		return err
	}
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(root, peersDir)); err != nil {
		return fmt.Errorf("run it from the module's root: %w", err)
	}
	var missing []error
	for _, p := range s.peers {
		missing = append(missing, p.lacks())
	}
	if err := errors.Join(missing...); err != nil {
		return err
	}
	for _, p := range s.peers {
		if err := p.prepare(ctx, root, os.Stderr); err != nil {
			return err
		}
	}
	r, err := measureAll(ctx, root, s)
	if err != nil {
		return err
	}
	r.print(os.Stdout)
	if s.out != "" {
		if err := r.save(filepath.Join(root, s.out)); err != nil {
			return err
		}
	}
	if !s.write {
		return nil
	}
	if err := r.save(filepath.Join(root, "benchmarks/validate/results.json")); err != nil {
		return err
	}
	return r.rewrite(filepath.Join(root, "benchmarks/validate/README.md"))
}

func parse(args []string) (s settings, err error) {
	f := flag.NewFlagSet("bench-validate", flag.ExitOnError)
	f.Float64Var(&s.Seconds, "seconds", 0.2, "measure each data set for so `many` seconds of the processor, per peer, mode and round")
	f.IntVar(&s.Rounds, "rounds", 2, "go over all peers so many `times`; the fastest is reported, more rounds for figures to keep")
	f.IntVar(&s.Records, "records", perData, "`number` of records of a data set")
	f.StringVar(&s.out, "out", ".weir/bench/results.json", "`file` for the raw results, empty for none")
	f.BoolVar(&s.write, "write", false, "keep these results: benchmarks/validate/results.json, and the table in the README beside it")
	allShapes, allPeers := shapes(), peers()
	shapeNames := f.String("shapes", names(allShapes, func(s *shape) string { return s.name }), "`names` of the shapes to measure")
	peerNames := f.String("peers", names(allPeers, func(p *peer) string { return p.name }), "`names` of the peers to measure; weir is always there")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	if f.NArg() > 0 {
		return s, fmt.Errorf("%q is no flag; lists are one word: -peers rust,v5", f.Arg(0))
	}
	if s.Seconds <= 0 || s.Rounds < 1 || s.Records < 100 {
		return s, fmt.Errorf("-seconds must be above 0, -rounds at least 1 and -records at least 100")
	}
	if s.shapes, err = choose(allShapes, *shapeNames, func(s *shape) string { return s.name }); err != nil {
		return s, fmt.Errorf("-shapes: %w", err)
	}
	if s.peers, err = choose(allPeers, "weir,"+*peerNames, func(p *peer) string { return p.name }); err != nil {
		return s, fmt.Errorf("-peers: %w", err)
	}
	return s, nil
}

func names[T any](list []T, name func(T) string) string {
	var out []string
	for _, item := range list {
		out = append(out, name(item))
	}
	return strings.Join(out, ",")
}

// choose keeps those that are named, in the order of the list.
func choose[T any](list []T, csv string, name func(T) string) ([]T, error) {
	wanted := strings.FieldsFunc(csv, func(c rune) bool { return c == ',' || c == ' ' })
	for _, w := range wanted {
		if !slices.ContainsFunc(list, func(item T) bool { return name(item) == w }) {
			return nil, fmt.Errorf("%q is none of %s", w, names(list, name))
		}
	}
	return slices.DeleteFunc(slices.Clone(list), func(item T) bool { return !slices.Contains(wanted, name(item)) }), nil
}

// scene is the data of a shape, on disk.
type scene struct {
	shape *shape
	files schemaFiles
	data  []*dataset
	paths []string
}

func prepare(dir, root string, s *shape, records int) (sc scene, err error) {
	sc.shape = s
	if sc.files, err = s.write(dir, root); err != nil {
		return sc, err
	}
	for _, percent := range shares {
		path := filepath.Join(dir, fmt.Sprintf("%s.%d.ndjson", s.name, percent))
		for _, draw := range []uint64{before, measured} {
			d, err := s.dataset(records/max(s.fewer, 1), percent, draw)
			if err != nil {
				return sc, err
			}
			if draw == before {
				err = d.write(path + beforeSuffix)
			} else {
				sc.data, sc.paths = append(sc.data, d), append(sc.paths, path)
				err = d.write(path)
			}
			if err != nil {
				return sc, err
			}
		}
	}
	return sc, nil
}

// measureAll goes over the peers of every shape, round by round: what else the machine does meanwhile hits all of them.
func measureAll(ctx context.Context, root string, s settings) (*report, error) {
	dir, err := os.MkdirTemp("", "bench-validate-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var scenes []scene
	for _, sh := range s.shapes {
		sc, err := prepare(dir, root, sh, s.Records)
		if err != nil {
			return nil, err
		}
		scenes = append(scenes, sc)
	}
	r, err := newReport(ctx, root, s)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	for round := range s.Rounds {
		for _, sc := range scenes {
			for _, p := range s.peers {
				schema := sc.files.schema
				if p.name == "weir" {
					schema = sc.files.weir
				}
				for _, mode := range p.modes {
					results, err := p.run(ctx, root, mode, s.Seconds, schema, sc.paths)
					if err != nil {
						return nil, err
					}
					for i, d := range sc.data {
						if err := results[i].agrees(d); err != nil {
							return nil, fmt.Errorf("peer %s, mode %s disagrees: %w", p.name, mode, err)
						}
						r.add(p, mode, d, results[i])
					}
				}
			}
			fmt.Fprintf(os.Stderr, "round %d of %d: %s done, %.0f s\n", round+1, s.Rounds, sc.shape.name, time.Since(start).Seconds())
		}
	}
	r.Took = time.Since(start).Seconds()
	r.close()
	return r, nil
}
