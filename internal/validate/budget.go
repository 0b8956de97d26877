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
)

// Limits of a record, so that its cost is bounded by its size. A number in these limits takes the library's exact
// arithmetic microseconds; 1e1000001 crashes it. 1,100 characters hold every float64 written out in full. A
// decoded value takes up to about 100 bytes, so a record takes about 12 times MaxRecordBytes at worst; one that is
// wrong in every value makes the library allocate about 180 times.
const (
	maxDepth       = 512
	maxNumberBytes = 1100
	maxExponent    = 1000
	bytesPerValue  = 8 // 131,072 values at the default MaxRecordBytes
	maxPooledBytes = 64 << 10
)

// overBudget is the fault of a record whose bytes are beyond a limit.
func overBudget(keyword string, offset int64, pointer, expected, found string) *fault {
	return &fault{rule: ruleBudget, keyword: keyword, offset: offset, pointer: pointer, expected: expected, found: found}
}

func tooLarge(size, limit int) *fault {
	return overBudget(keywordBytes, -1, "", fmt.Sprintf("at most %d bytes", limit), fmt.Sprintf("%d bytes", size))
}
