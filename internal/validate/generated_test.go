package validate

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"weir/internal/columns"
	"weir/internal/contract"
)

// check is a way to judge a record and to fill a row: Check, byLibrary, or a wrong one that the test must find.
type check func(v *Validator, value []byte, row *columns.Row) []Violation

// rivals judge records of one schema: a check, the same with values doubted at random, and the library.
type rivals struct {
	check    check
	v        *Validator
	doubting *Validator
	layout   *columns.Layout
	row      *columns.Row // the check's, reused by all records
}

func newRivals(s *setup, c check) (*rivals, error) {
	v, l, err := s.validator()
	if err != nil {
		return nil, err
	}
	return &rivals{c, v, doubting(v, l), l, l.NewRow()}, nil
}

// of judges a record both ways and says what differs, "" when nothing does. It returns the library's violations.
func (c *rivals) of(value []byte) (want []Violation, differs string) {
	wantRow := c.layout.NewRow()
	want = c.v.byLibrary(value, wantRow)
	for _, v := range []*Validator{c.v, c.doubting} {
		if differs = c.differ(v, value, want, wantRow); differs != "" {
			return want, differs
		}
	}
	// The oracle knows neither MaxRecordBytes nor the number of values it allows.
	if len(value) > c.v.options.MaxRecordBytes/bytesPerValue {
		return want, ""
	}
	if _, valid, usable := oracle(c.v.schema, value); usable && valid != (len(want) == 0) {
		return want, fmt.Sprintf("the oracle says valid %v, the library path:\n%s", valid, listed(want))
	}
	return want, ""
}

// differ compares the check's answer with the library's.
func (c *rivals) differ(v *Validator, value []byte, want []Violation, wantRow *columns.Row) string {
	given := bytes.Clone(value)
	got := c.check(v, given, c.row)
	if v.failures.Load() > 0 {
		return "the scan fails"
	}
	if !bytes.Equal(given, value) {
		return "the record's bytes changed"
	}
	for i, col := range c.layout.Columns {
		if !sameCell(c.row, wantRow, i, col.Kind) {
			return fmt.Sprintf("column %q of kind %s\ngot:  %s\nwant: %s", col.Path, col.Kind, cell(c.row, i), cell(wantRow, i))
		}
	}
	for i := range given {
		given[i] = '#' // only the row may refer to them
	}
	if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		return fmt.Sprintf("violations\ngot:\n%swant:\n%s", listed(got), listed(want))
	}
	return ""
}

func sameCell(a, b *columns.Row, i int, kind contract.Kind) bool {
	if a.State(i) != b.State(i) || a.State(i) != columns.Present {
		return a.State(i) == b.State(i)
	}
	switch kind {
	case contract.Integer, contract.Boolean, contract.Timestamp:
		return a.Int(i) == b.Int(i)
	case contract.Number:
		return math.Float64bits(a.Float(i)) == math.Float64bits(b.Float(i))
	}
	return a.Text(i) == b.Text(i)
}

func cell(row *columns.Row, i int) string {
	return fmt.Sprintf("state %d, integer %d, float %x, text %q", row.State(i), row.Int(i), math.Float64bits(row.Float(i)), row.Text(i))
}

func listed(vs []Violation) string {
	var b strings.Builder
	for i := range vs {
		fmt.Fprintf(&b, "  %+v\n", vs[i])
	}
	return b.String()
}

// verdicts counts verdicts, by what is in the schema and by the keyword broken.
type verdicts struct {
	pairs, valid, schemas, refused int
	present                        map[string][2]int // documents not valid and valid, by keyword in their schema
	broken                         map[string]int    // documents, by keyword in the schema pointers of their violations
}

func newVerdicts() *verdicts {
	return &verdicts{present: map[string][2]int{}, broken: map[string]int{}}
}

func (t *verdicts) add(o *verdicts) {
	t.pairs, t.valid, t.schemas, t.refused = t.pairs+o.pairs, t.valid+o.valid, t.schemas+o.schemas, t.refused+o.refused
	for word, n := range o.present {
		was := t.present[word]
		t.present[word] = [2]int{was[0] + n[0], was[1] + n[1]}
	}
	for word, n := range o.broken {
		t.broken[word] += n
	}
}

func (t *verdicts) count(keywords []string, vs []Violation) {
	t.pairs++
	verdict := 0
	if len(vs) == 0 {
		t.valid++
		verdict = 1
	}
	for _, word := range keywords {
		n := t.present[word]
		n[verdict]++
		t.present[word] = n
	}
	seen := map[string]bool{}
	for i := range vs {
		words := splitPointer(vs[i].Schema)
		if vs[i].Keyword == "format" {
			words = append(words, "format "+strings.TrimPrefix(vs[i].Expected, "a valid "))
		}
		for _, word := range append(words, vs[i].Keyword) {
			if !seen[word] {
				seen[word] = true
				t.broken[word]++
			}
		}
	}
}

func (t *verdicts) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d pairs of %d schemas, %d schemas refused, %.1f%% valid\n", t.pairs, t.schemas, t.refused, 100*float64(t.valid)/float64(max(t.pairs, 1)))
	for _, word := range sorted(t.present) {
		n := t.present[word]
		fmt.Fprintf(&b, "%-32s valid %8d  not %8d  broken %8d\n", word, n[1], n[0], t.broken[word])
	}
	return b.String()
}

// failure is a disagreement about the last record of a trial.
type failure struct {
	seed  uint64
	trial trial
}

// compareSeed judges all documents of a seed's schema.
func compareSeed(seed uint64, c check, t *verdicts) *failure {
	s, documents, g := newSetup(seed)
	compared, err := newRivals(&s, c)
	if err != nil { // the library refuses, which is no disagreement
		t.refused++
		return nil
	}
	t.schemas++
	keywords := schemaWords(g.specs["#"])
	for i, value := range documents {
		vs, differs := compared.of(value)
		if differs != "" {
			return &failure{seed, trial{s, documents[:i+1], c}}
		}
		t.count(keywords, vs)
	}
	return nil
}

// compareSeeds judges about pairs documents on all cores, by schemas of seeds from first on. It stops early when
// schemas disagree: they mostly do so for one reason.
func compareSeeds(first uint64, pairs int, c check) (*verdicts, []*failure) {
	const enough = 3
	var (
		sum      = newVerdicts()
		failures []*failure
		mu       sync.Mutex // guards sum and failures
		next     atomic.Int64
		stop     atomic.Bool
		workers  sync.WaitGroup
	)
	schemas := int64((pairs + documentsPerSchema - 1) / documentsPerSchema)
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			own := newVerdicts()
			for i := next.Add(1) - 1; i < schemas && !stop.Load(); i = next.Add(1) - 1 {
				f := compareSeed(first+uint64(i), c, own)
				if f == nil {
					continue
				}
				mu.Lock()
				failures = append(failures, f)
				stop.Store(len(failures) >= enough)
				mu.Unlock()
			}
			mu.Lock()
			sum.add(own)
			mu.Unlock()
		})
	}
	workers.Wait()
	slices.SortFunc(failures, func(a, b *failure) int { return cmp.Compare(a.seed, b.seed) }) // the first is the same every time
	return sum, failures
}

// fromEnvironment reads a number that the environment may set.
func fromEnvironment(t *testing.T, name string, value uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return value
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// Check and the library alone agree on random records of random schemas: on every violation, on their order and on
// every cell of the row. WEIR_PAIRS sets how many records are judged, WEIR_SEED the first schema:
//
//	WEIR_PAIRS=1000000 WEIR_SEED=7 go test -run TestGeneratedSchemasAgree -timeout 30m -v ./internal/validate
//
// A schema has a seed of its own, which a failure prints: WEIR_PAIRS=1 with it judges that schema again.
func TestGeneratedSchemasAgree(t *testing.T) {
	pairs := fromEnvironment(t, "WEIR_PAIRS", 40_000)
	sum, failures := compareSeeds(fromEnvironment(t, "WEIR_SEED", 1), int(pairs), (*Validator).Check)
	for _, f := range failures {
		t.Errorf("seed %d: %s", f.seed, shrink(f.trial))
	}
	t.Log(sum)
	if sum.pairs > 2000 && sum.valid*100 < 40*sum.pairs {
		t.Errorf("%d of %d documents are valid, want 40%%", sum.valid, sum.pairs)
	}
}
