package validate

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"weir/internal/columns"
	"weir/internal/contract"
)

// visitCounter is an extension keyword that every schema has. The library asks it once per visit of a schema, if the
// type is right; boolean schemas have none.
type visitCounter struct{ visits *int }

func (c visitCounter) Compile(jsonschema.CompilerContext, map[string]any) (jsonschema.ExtSchema, error) {
	return c, nil
}

func (c visitCounter) Validate(jsonschema.ValidationContext, any) error {
	*c.visits++
	return nil
}

// countingSchema compiles a schema that counts its visits.
func countingSchema(schema []byte, visits *int) (*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.AssertFormat = true
	c.RegisterExtension("visits", jsonschema.MustCompileString("visits.json", "true"), visitCounter{visits})
	if err := c.AddResource("weir://contract/record", bytes.NewReader(schema)); err != nil {
		return nil, err
	}
	return c.Compile("weir://contract/record")
}

func countErrors(e *jsonschema.ValidationError) int {
	n := 1
	for _, cause := range e.Causes {
		n += countErrors(cause)
	}
	return n
}

// checkCount holds the steps of one document against what the library really does.
func checkCount(schema *jsonschema.Schema, visits *int, doc any) error {
	v := newValidator(schema, columns.NewLayout(&contract.Contract{}), Options{})
	m := v.newMeter()
	m.left, m.limit = 1<<40, 1<<40
	w := walker{meter: m, costs: v.costs}
	o := w.visit(schema, doc, 0, 0, 0)
	*visits = 0
	got := passes
	least := 0
	switch err := schema.Validate(doc).(type) {
	case nil:
	case *jsonschema.ValidationError:
		got = fails
		least = (countErrors(err) - 1) * errorSteps // the outermost has no keyword
	default:
		return nil // a loop, where both stop
	}
	if o&got == 0 {
		return fmt.Errorf("the library says %d, the walker only %d", got, o)
	}
	if least += *visits * visitSteps; m.used < least {
		return fmt.Errorf("%d visits and the errors are at least %d steps, counted are %d", *visits, least, m.used)
	}
	return nil
}

func TestStepsAreNeverFewerThanTheLibraryTakes(t *testing.T) {
	const seeds = 550
	documents := 0
	for seed := range uint64(seeds) {
		s, values, _ := newSetup(seed)
		var visits int
		schema, err := countingSchema(s.schema, &visits)
		if err != nil {
			continue
		}
		for _, value := range values {
			doc, ok := decodeLoose(value)
			if !ok {
				continue
			}
			documents++
			if err := checkCount(schema, &visits, doc); err != nil {
				t.Fatalf("seed %d: %s of %s: %v", seed, s.schema, value, err)
			}
		}
	}
	for _, s := range handSchemas {
		var visits int
		schema, err := countingSchema([]byte(s.schema), &visits)
		if err != nil {
			t.Fatal(err)
		}
		for _, record := range s.records {
			if doc, ok := decodeLoose([]byte(record)); ok {
				documents++
				if err := checkCount(schema, &visits, doc); err != nil {
					t.Errorf("%s: %s: %v", s.name, record, err)
				}
			}
		}
	}
	if documents < 10_000 {
		t.Errorf("got %d documents, want more", documents)
	}
}

func decodeLoose(value []byte) (any, bool) {
	d := newDecoder(len(value) + 1)
	doc, fault := d.decode(value, &meter{left: 1 << 40, limit: 1 << 40, memory: NewMemory(DefaultMemory)})
	return doc, fault == nil
}

// The library has these for itself; without them $dynamicRef would be counted along the wrong way.
func TestTheLibrarysDynamicAnchorsCanBeRead(t *testing.T) {
	s := compileSchema(t, `{"$dynamicAnchor":"n","items":{"$dynamicRef":"#n"}}`)
	if _, anchors := dynamicFields(s); len(anchors) != 1 || anchors[0] != s {
		t.Errorf("anchors of the root: got %v, want the root", anchors)
	}
	if anchor, _ := dynamicFields(s.Items2020); anchor != "n" {
		t.Errorf("anchor of the reference: got %q, want n", anchor)
	}
}

// allocated is how many bytes f allocates, garbage included.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Every worst record is either refused for its cost, or costs no more than the budget.
func TestWorstRecordsAreWithinBudgetOrRefused(t *testing.T) {
	const most = 64 << 20 // bytes
	refused := 0
	for _, w := range worstRecords() {
		t.Run(w.name, func(t *testing.T) {
			if len(w.value) > DefaultMaxRecordBytes {
				t.Fatalf("%d bytes are more than a record may have", len(w.value))
			}
			v := bySchema(t, w.schema)
			var vs []Violation
			if got := allocated(func() { vs = v.Check([]byte(w.value), nil) }); got > most {
				t.Errorf("allocated %d MiB, want at most %d", got>>20, most>>20)
			}
			if strings.Contains(rules(vs), ruleBudget) {
				refused++
				if len(vs) != 1 || vs[0].Instance != "" && vs[0].Keyword == keywordSteps || !Rejects(vs) {
					t.Errorf("got %s, want one violation of the record as a whole", lines(vs))
				}
			}
			if again := v.Check([]byte(w.value), nil); lines(again) != lines(vs) {
				t.Errorf("judged again:\n%swant\n%s", lines(again), lines(vs))
			}
		})
	}
	if refused < 50 {
		t.Errorf("%d of the worst records are refused, want most", refused)
	}
}

// What the steps promise holds just below the limit too: the bytes that a record really takes are at most those of its
// steps. shrunk records are the worst that are still judged.
func TestBytesAreAtMostThoseOfTheSteps(t *testing.T) {
	for _, w := range worstRecords() {
		v := bySchema(t, w.schema)
		value, ok := shrunk(v, w.value)
		if !ok {
			continue
		}
		m := v.newMeter()
		got := allocated(func() {
			if doc, fault := v.decode(value, m); fault == nil {
				v.judge(doc, m)
			}
		})
		m.release()
		const constant = 64 << 10 // of the first record: pools, buffers
		if limit := uint64(m.used)*bytesPerStep + constant; got > limit {
			t.Errorf("%s: allocated %d bytes, %d steps are %d", w.name, got, m.used, limit)
		}
	}
}

// shrunk leaves out the last items or members, as many as it takes to come within budget.
func shrunk(v *Validator, value string) ([]byte, bool) {
	within := func(b []byte) bool {
		m := v.newMeter()
		defer m.release()
		doc, fault := v.decode(b, m)
		return fault == nil && v.count(m, v.schema, doc)
	}
	var best []byte
	low, high := 0, strings.Count(value, ",")+1
	for low < high {
		n := (low + high) / 2
		if b, ok := cutAfter(value, n); ok && within(b) {
			best, low = b, n+1
		} else {
			high = n
		}
	}
	return best, best != nil
}

// cutAfter cuts JSON at its nth comma and closes what is open; all of it where there are fewer.
func cutAfter(value string, n int) ([]byte, bool) {
	var open []byte
	quoted := false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			open = append(open, c+2)
		case c == ']' || c == '}':
			open = open[:len(open)-1]
		case c == ',' && n == 0:
			b := []byte(value[:i])
			for len(open) > 0 {
				b, open = append(b, open[len(open)-1]), open[:len(open)-1]
			}
			return b, true
		case c == ',':
			n--
		}
	}
	return []byte(value), true
}

func TestOverBudgetIsOneViolationAndTheRowIsFilled(t *testing.T) {
	c, err := contract.FromJSONSchema("testdata/budget.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	l := columns.NewLayout(c)
	v, err := Compile(c, l, Options{})
	if err != nil {
		t.Fatal(err)
	}
	row := l.NewRow()
	vs := v.Check([]byte(`{"id":7,"list":[`+strings.Repeat("0,", 100_000)+`0]}`), row)
	want := "budget   | checkable in at most 2500000 steps of the JSON Schema library | one that takes more (weir lint may tell why)\n"
	if lines(vs) != want || vs[0].Keyword != keywordSteps ||
		vs[0].Message != "The record must be checkable in at most 2500000 steps of the JSON Schema library, found one that takes more (weir lint may tell why)." {
		t.Errorf("got %s%q, want %s", lines(vs), vs[0].Message, want)
	}
	for i, column := range l.Columns {
		if column.Path == "/id" && row.State(i) != columns.Present {
			t.Errorf("column %s: got state %d, want it read", column.Path, row.State(i))
		}
	}
}

func TestStepsGrowWithTheLargestRecord(t *testing.T) {
	schema := compileSchema(t, `{"items":{"not":{"type":"string"}}}`)
	value := []byte("[" + strings.Repeat("0,", 60_000) + "0]")
	v := newValidator(schema, columns.NewLayout(&contract.Contract{}), Options{MaxRecordBytes: 8 << 20})
	if vs := v.Check(value, nil); len(vs) != 0 {
		t.Errorf("got %s, want valid", lines(vs))
	}
}

// A record that takes part of the memory never keeps others waiting for ever, and all together stay below the limit.
func TestMemoryBoundsAllRecordsTogether(t *testing.T) {
	const limit = 8 << 20
	memory := NewMemory(limit)
	schema := compileSchema(t, `{"items":{"not":{"type":"string"}}}`)
	v := newValidator(schema, columns.NewLayout(&contract.Contract{}), Options{Memory: memory})
	value := []byte("[" + strings.Repeat("0,", 8_000) + "0]")
	var workers sync.WaitGroup
	for range 16 {
		workers.Go(func() {
			for range 5 {
				if vs := v.Check(value, nil); len(vs) != 0 {
					t.Errorf("got %s, want valid", lines(vs))
				}
			}
		})
	}
	workers.Wait()
	if !memory.free.TryAcquire(limit) {
		t.Error("something is still reserved after the last record")
	}
}

func TestARecordWaitsForMemory(t *testing.T) {
	memory := NewMemory(1 << 20)
	m := meter{memory: memory}
	m.reserve(10 << 20) // more than there is: all of it
	if m.held != 1<<20 {
		t.Fatalf("got %d bytes reserved, want all", m.held)
	}
	waited := make(chan struct{})
	go func() {
		other := meter{memory: memory}
		other.reserve(512 << 10)
		other.release()
		close(waited)
	}()
	select {
	case <-waited:
		t.Fatal("memory that is taken was given out")
	case <-time.After(20 * time.Millisecond):
	}
	m.release()
	<-waited
	small := meter{memory: memory}
	if small.reserve(smallBytes); small.held != 0 {
		t.Errorf("a small record reserved %d bytes, want none", small.held)
	}
}

func TestMemoryIsReleasedWhenTheLibraryPanics(t *testing.T) {
	memory := NewMemory(DefaultMemory)
	schema := compileSchema(t, `{"items":{"enum":[1e1000001]}}`)
	v := newValidator(schema, columns.NewLayout(&contract.Contract{}), Options{Memory: memory})
	vs := v.Check([]byte("["+strings.Repeat(" ", 100_000)+"1]"), nil)
	if rules(vs) != rulePanic {
		t.Fatalf("got %s, want %s", lines(vs), rulePanic)
	}
	if !memory.free.TryAcquire(DefaultMemory) {
		t.Error("something is still reserved")
	}
}

// BenchmarkWorstRecord shows what the budget promises: no record takes 50 ms or 64 MiB. Each is judged as it is, and cut
// down to the most that is still within budget.
func BenchmarkWorstRecord(b *testing.B) {
	for _, w := range worstRecords() {
		v := bySchema(b, w.schema)
		values := map[string][]byte{"whole": []byte(w.value)}
		if value, ok := shrunk(v, w.value); ok && len(value) < len(w.value) {
			values["shrunk"] = value
		}
		for kind, value := range values {
			b.Run("record="+strings.ReplaceAll(w.name, " ", "_")+"/"+kind, func(b *testing.B) {
				bytes := allocated(func() { v.Check(value, nil) })
				for b.Loop() {
					v.Check(value, nil)
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/record")
				b.ReportMetric(float64(bytes)/(1<<20), "MiB/record")
			})
		}
	}
}
