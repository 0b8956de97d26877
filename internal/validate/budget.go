package validate

import "fmt"

// ruleBudget is the rule of every record that is refused for what judging it would cost. The violation's keyword names
// the budget. Both are names of dead letters and metrics: do not rename.
const (
	ruleBudget    = "budget"
	keywordBytes  = "max-record-bytes" // more bytes than Options.MaxRecordBytes; not decoded
	keywordDepth  = "depth"            // more than maxDepth arrays and objects inside each other
	keywordValues = "values"           // more than one value per bytesPerValue bytes of MaxRecordBytes
	keywordLength = "number-length"    // a number of more than maxNumberBytes characters
	keywordPower  = "number-exponent"  // an exponent beyond ±maxExponent
	keywordSteps  = "steps"            // more than maxSteps steps of the library
)

// Limits of a record, so that its cost is bounded by its size. A number in these limits takes the library's exact
// arithmetic microseconds; 1e1000001 crashes it. 1,100 characters hold every float64 written out in full.
const (
	maxDepth       = 512
	maxNumberBytes = 1100
	maxExponent    = 1000
	bytesPerValue  = 8 // 131,072 values at the default MaxRecordBytes
	maxPooledBytes = 64 << 10
)

// maxSteps bounds what decoding a record and asking the library about it may cost, all parts of the record together. A
// step is 10 ns of one processor or 16 bytes, whichever is more, as measured on a slow machine and rounded up: the
// budget is 25 ms and 40 MiB. It grows with MaxRecordBytes beyond the default: whoever admits larger records admits what
// they cost.
//
// Steps are counted before the library is asked, from the record and the schema alone, so that the same record under
// the same contract always gets the same verdict. A record is over this budget only if the library has to look at it:
// what the scan finds valid is valid whatever the library would have cost.
const (
	maxSteps     = 2_500_000
	bytesPerStep = 16
)

// maxScanSteps bounds the work of a scan beyond reading the bytes once: expressions that RE2 runs, many checks of one
// value, reading ahead. What comes after is unsure. Plans count no work for what is cheap on every record.
const maxScanSteps = maxSteps * 2 / 5

// affords says whether the scan may do work of so many steps.
func (s *scan) affords(steps int) bool {
	s.work += steps
	return s.work <= maxScanSteps
}

// stepsOfChecks is what so many comparisons cost, 0 where they are few.
func stepsOfChecks(n int) int {
	const few = 16
	if n <= few {
		return 0
	}
	return n / 2
}

const leapBytes = 32 // read ahead in a step

// isHeavy says whether the rule can cost more than reading a text a few times.
func (r *textRule) isHeavy() bool {
	const few = 4
	for i := range r.patterns {
		if r.patterns[i].table == nil {
			return true
		}
	}
	for i := range r.formats {
		if r.formats[i].name == "regex" {
			return true
		}
	}
	return len(r.patterns)+len(r.formats)+len(r.enums) > few
}

// isCostly says whether the library may take too many steps for a text that would be known. The scan's tables are cheaper.
func (r *textRule) isCostly() bool {
	n := 0
	for i := range r.patterns {
		n += matchSteps(r.patterns[i].size, maxKnownText)
	}
	return n > maxScanSteps
}

// steps is what judging a text costs.
func (r *textRule) steps(text []byte, ascii bool) int {
	n := len(r.enums)
	for i := range r.patterns {
		if p := &r.patterns[i]; p.table != nil && ascii {
			n += 1 + len(text)/8
		} else {
			n += matchSteps(p.size, len(text))
		}
	}
	for i := range r.formats {
		n += formatSteps(r.formats[i].name, aliased(text))
	}
	return n
}

// meter is what is left of a record's steps, and the memory reserved for it.
type meter struct {
	limit      int
	left, used int
	memory     *Memory
	held       int64        // bytes
	scope      []scopeEntry // of the walker, for the next one
}

// reset gives a record its steps.
func (m *meter) reset(v *Validator) {
	limit := v.maxSteps()
	*m = meter{limit: limit, left: limit, memory: v.options.Memory, scope: m.scope}
}

func (v *Validator) newMeter() *meter {
	m := new(meter)
	m.reset(v)
	return m
}

func (v *Validator) maxSteps() int {
	return maxSteps * max(1, v.options.MaxRecordBytes/DefaultMaxRecordBytes)
}

// take uses up steps. More than are left leave none.
func (m *meter) take(n int) {
	m.used += n
	if m.left -= n; m.left < 0 {
		m.left = -1
	}
}

func (m *meter) over() bool { return m.left < 0 }

// overSteps is the fault of a record that takes more steps than the limit.
func overSteps(limit int) *fault {
	return overBudget(keywordSteps, -1, "", fmt.Sprintf("checkable in at most %d steps of the JSON Schema library", limit),
		"one that takes more (weir lint may tell why)")
}

// overBudget is the fault of a record whose bytes are beyond a limit.
func overBudget(keyword string, offset int64, pointer, expected, found string) *fault {
	return &fault{rule: ruleBudget, keyword: keyword, offset: offset, pointer: pointer, expected: expected, found: found}
}

func tooLarge(size, limit int) *fault {
	return overBudget(keywordBytes, -1, "", fmt.Sprintf("at most %d bytes", limit), fmt.Sprintf("%d bytes", size))
}
