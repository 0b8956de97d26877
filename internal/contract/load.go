package contract

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Suffix is how the name of a contract's file ends.
const Suffix = ".odcs.yaml"

// Set is what a contracts directory holds: the sound contracts, and the problems of the others.
type Set struct {
	Problems Problems // of all files; a contract with a problem is not in the set

	contracts []*Contract
	byID      map[ID]*Contract
}

// Get returns one version.
func (s *Set) Get(id ID) (*Contract, bool) {
	c, ok := s.byID[id]
	return c, ok
}

// Contracts lists the sound contracts in order of path.
func (s *Set) Contracts() []*Contract { return s.contracts }

// Load reads one contract file, and the schemas attached to it from its folder. The error is of type Problems
// when the contract is at fault.
func Load(path string) (*Contract, error) {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("open contract folder: %w", err)
	}
	defer root.Close()
	c, problems := load(root, filepath.Base(path), path)
	if len(problems) > 0 {
		return nil, problems
	}
	return c, nil
}

// LoadDir reads a contracts directory, <name>/<version>.odcs.yaml, or a single folder of it. Only a directory that
// cannot be read is an error: a broken contract is listed in the set's Problems and does not hide the others.
func LoadDir(dir string) (*Set, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open contracts directory: %w", err)
	}
	defer root.Close()
	s := &Set{byID: map[ID]*Contract{}}
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("read contracts directory: %w", err)
	}
	s.addFolder(root, dir, "")
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue // also what a Kubernetes ConfigMap keeps behind its links
		}
		info, err := root.Stat(e.Name())
		if err != nil || !info.IsDir() {
			continue
		}
		sub, err := root.OpenRoot(e.Name())
		if err != nil {
			s.blame(filepath.Join(dir, e.Name()), fmt.Sprintf("the folder cannot be opened: %v", rootCause(err)))
			continue
		}
		s.addFolder(sub, filepath.Join(dir, e.Name()), e.Name())
		sub.Close()
	}
	if len(s.contracts) == 0 && len(s.Problems) == 0 {
		s.blame(dir, "no contract is in this directory")
		s.Problems[0].Remedy = "put contracts at <name>/<version>" + Suffix
	}
	return s, nil
}

func (s *Set) blame(file, message string) {
	s.Problems = append(s.Problems, Problem{File: file, Message: message})
}

// addFolder loads the contracts of one folder; name is what they must be called, "" for any name.
func (s *Set) addFolder(root *os.Root, dir, name string) {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		s.blame(dir, fmt.Sprintf("the folder cannot be read: %v", rootCause(err)))
		return
	}
	for _, e := range entries {
		base, ok := strings.CutSuffix(e.Name(), Suffix)
		if !ok || strings.HasPrefix(base, ".") {
			continue
		}
		path := filepath.Join(dir, e.Name())
		c, problems := load(root, e.Name(), path)
		if len(problems) == 0 {
			problems = s.place(c, base, name, path)
		}
		if len(problems) > 0 {
			s.Problems = append(s.Problems, problems...)
			continue
		}
		s.contracts = append(s.contracts, c)
		s.byID[c.ID] = c
	}
}

// place checks that a file lies where its name and version say, so that one version has one file.
func (s *Set) place(c *Contract, base, folder, path string) (ps Problems) {
	if c.Version != base {
		ps = append(ps, Problem{File: path, Message: fmt.Sprintf("the file says version %s", c.Version),
			Remedy: fmt.Sprintf("rename the file to %s%s, or change the version to %s", c.Version, Suffix, base)})
	}
	if folder != "" && c.Name != folder {
		ps = append(ps, Problem{File: path, Message: fmt.Sprintf("the contract %s lies in the folder %s", c.Name, folder),
			Remedy: "move it to the folder " + c.Name})
	}
	if other, ok := s.byID[c.ID]; ok {
		ps = append(ps, Problem{File: path, Message: fmt.Sprintf("%s is also in %s", c.ID, other.File), Remedy: "keep one of the two"})
	}
	return ps
}

// load reads name from its folder; path is how messages call it.
func load(root *os.Root, name, path string) (*Contract, Problems) {
	src, err := readFile(root, name)
	if err != nil {
		return nil, Problems{{File: path, Message: "the file cannot be read: " + rootCause(err).Error()}}
	}
	r := newReporter(path, src)
	doc := parseDocument(src, r)
	if doc == nil {
		return nil, r.sorted()
	}
	if n := countProperties(doc); n > maxProperties {
		r.at(1, 1, "split the contract, or attach a JSON Schema for the rest", "the contract declares %d properties, more than %d", n, maxProperties)
		return nil, r.sorted()
	}
	checkODCS(doc, r)
	b := &builder{reporter: r, doc: doc, root: root, shaky: len(r.found) > 0,
		c: &Contract{File: path, locations: map[string]int{}, resources: map[string][]byte{}}}
	if b.shaky {
		b.buildOn()
	} else {
		b.build()
	}
	if len(r.found) > 0 {
		return nil, r.sorted()
	}
	return b.c, nil
}

// buildOn looks for what else is wrong with a document that breaks the standard. Where the standard has spoken already
// weir adds nothing, and what only the standard's checks keep from panicking ends the search.
func (b *builder) buildOn() {
	standard := slices.Clone(b.found)
	defer func() {
		if p := recover(); p != nil {
			b.found = standard
		}
	}()
	b.build()
	b.found = append(standard, slices.DeleteFunc(b.found[len(standard):], func(p Problem) bool {
		return slices.ContainsFunc(standard, func(s Problem) bool { return s.Line == p.Line && s.Column == p.Column })
	})...)
}

// maxProperties bounds what one contract declares: the library compiles in time with the square of it.
const maxProperties = 3_000

// countProperties counts the entries of all lists called properties.
func countProperties(n *node) (count int) {
	for _, m := range n.members {
		if m.name == "properties" {
			count += len(m.value.items)
		}
		count += countProperties(m.value)
	}
	for _, item := range n.items {
		count += countProperties(item)
	}
	return count
}

// readFile reads a regular file of at most maxFileBytes inside root. Links are followed only inside root, and a
// pipe or device cannot make weir wait.
func readFile(root *os.Root, name string) ([]byte, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	src, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, err
	}
	if len(src) > maxFileBytes {
		return nil, fmt.Errorf("larger than %d bytes", maxFileBytes)
	}
	return src, nil
}

// rootCause strips the operation and path that the message names already.
func rootCause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
