package demo

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"weir/contracts"
	"weir/internal/columns"
	"weir/internal/contract"
	"weir/internal/profile"
	"weir/internal/validate"
)

// contractFile is the version of the flights contract that the demo enforces, within a folder of contracts.
const contractFile = "flights/1.0.0.odcs.yaml"

// Prepare writes the flights contract into dir ("contracts/flights/…" below it), builds the baseline from January,
// writes it beside the contract and returns both as the stages load them.
func Prepare(dir string, january []Flight) (*contract.Contract, *profile.Baseline, error) {
	folder := filepath.Join(dir, "contracts")
	if err := writeContracts(folder); err != nil {
		return nil, nil, fmt.Errorf("write the demo's contract: %w", err)
	}
	c, err := contract.Load(filepath.Join(folder, filepath.FromSlash(contractFile)))
	if err != nil {
		return nil, nil, err
	}
	b, err := buildBaseline(c, january)
	if err != nil {
		return nil, nil, err
	}
	file := filepath.Join(profile.BaselineFolder(c), BaselineID+".json")
	if err := writeFile(file, b.Encode()); err != nil {
		return nil, nil, fmt.Errorf("write the demo's baseline: %w", err)
	}
	return c, b, nil
}

// writeContracts copies the embedded contracts, without baselines: the demo makes its own.
func writeContracts(folder string) error {
	return fs.WalkDir(contracts.Flights, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(name, "/baselines/") {
			return err
		}
		body, err := contracts.Flights.ReadFile(name)
		if err != nil {
			return err
		}
		return writeFile(filepath.Join(folder, filepath.FromSlash(name)), body)
	})
}

func writeFile(name string, body []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, body, 0o644)
}

// batchRows is how many records are counted at a time.
const batchRows = 4096

func buildBaseline(c *contract.Contract, january []Flight) (*profile.Baseline, error) {
	layout := columns.NewLayout(c)
	v, err := validate.Compile(c, layout, validate.Options{})
	if err != nil {
		return nil, err
	}
	builder, batch, row := profile.NewBaselineBuilder(c, layout), layout.NewBatch(), layout.NewRow()
	flush := func() error {
		rows := batch.Finish()
		defer rows.Record.Release()
		return builder.Add(rows)
	}
	for i, f := range january {
		if vs := v.Check(f.Value, row); validate.Rejects(vs) {
			return nil, fmt.Errorf("flight %d of January breaks the contract: %s", i, vs[0].Message)
		}
		batch.Append(row)
		if batch.Len() == batchRows {
			if err := flush(); err != nil {
				return nil, err
			}
		}
	}
	if err := flush(); err != nil {
		return nil, err
	}
	return builder.Build(BaselineID)
}
