package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"weir/internal/columns"
	"weir/internal/contract"
	"weir/internal/validate"
)

// maxValueBytes is the largest JSON value "weir check --schema" judges; a larger one is invalid, over budget.
const maxValueBytes = 64 << 20

// verdict is one line of output.
type verdict struct {
	N          int                  `json:"n"` // counts the values of all inputs from 1
	Verdict    string               `json:"verdict"`
	Violations []validate.Violation `json:"violations"`
}

// checkSchema judges every JSON value of the inputs (files, "-" or none for stdin) against a bare JSON Schema and
// writes one verdict per line to verdictsFile ("-" for stdout), in order. It streams: memory is bounded by the largest
// value. Exit codes: 0 all valid, 1 some invalid or an input broken off, 2 the schema or a file cannot be used.
//
// A line holds one value, or several side by side; a value may also span lines. A line that is neither whole values
// nor the beginning of a value that its next lines complete is one invalid value, and the line after it starts
// afresh: one bad line never takes its neighbours with it. Blank lines are no values.
func (a *app) checkSchema(ctx context.Context, schemaFile, verdictsFile string, inputs []string) (err error) {
	c, err := contract.FromJSONSchema(schemaFile)
	if err != nil {
		return exit(exitUsage, fmt.Errorf("read schema %s: %w", schemaFile, err))
	}
	v, err := validate.Compile(c, columns.NewLayout(c), validate.Options{MaxRecordBytes: maxValueBytes})
	if err != nil {
		return exit(exitUsage, fmt.Errorf("read schema %s: %w", schemaFile, err))
	}
	out := a.stdout
	if verdictsFile != "-" && verdictsFile != "" {
		f, err := os.Create(verdictsFile)
		if err != nil {
			return exit(exitUsage, fmt.Errorf("write verdicts: %w", err))
		}
		defer func() {
			if closeErr := f.Close(); closeErr != nil {
				err = errors.Join(err, fmt.Errorf("write verdicts: %w", closeErr))
			}
		}()
		out = f
	}
	j := newSchemaJudge(v, out)
	if len(inputs) == 0 {
		inputs = []string{"-"}
	}
	for _, name := range inputs {
		if err := a.judgeInput(ctx, j, name); err != nil {
			return errors.Join(err, j.out.Flush())
		}
	}
	if err := j.out.Flush(); err != nil {
		return fmt.Errorf("write verdicts: %w", err)
	}
	fmt.Fprintf(a.stderr, "%d values: %d valid, %d invalid\n", j.n, j.n-j.invalid, j.invalid)
	if j.invalid > 0 {
		return exit(exitFindings, nil)
	}
	return nil
}

func (a *app) judgeInput(ctx context.Context, j *schemaJudge, name string) error {
	in := a.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return exit(exitUsage, fmt.Errorf("read values: %w", err))
		}
		defer f.Close()
		in = f
	}
	values := newValueReader(in, maxValueBytes)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		value, err := values.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read values of %s: %w", name, err)
		}
		if err := j.judge(value); err != nil {
			return fmt.Errorf("write verdicts: %w", err)
		}
	}
}

// schemaJudge writes verdicts and counts them.
type schemaJudge struct {
	validator  *validate.Validator
	out        *bufio.Writer
	encoder    *json.Encoder
	n, invalid int
}

func newSchemaJudge(v *validate.Validator, out io.Writer) *schemaJudge {
	j := &schemaJudge{validator: v, out: bufio.NewWriter(out)}
	j.encoder = json.NewEncoder(j.out)
	j.encoder.SetEscapeHTML(false)
	return j
}

func (j *schemaJudge) judge(value []byte) error {
	j.n++
	line := verdict{N: j.n, Verdict: "valid", Violations: []validate.Violation{}}
	if vs := j.validator.Check(value, nil); len(vs) > 0 {
		j.invalid++
		line.Verdict, line.Violations = "invalid", vs
	}
	return j.encoder.Encode(line)
}
