package gate

import (
	"fmt"
	"sync"

	"weir/internal/columns"
	"weir/internal/profile"
	"weir/internal/validate"
	"weir/internal/window"
)

// Catalog holds what Judge needs of every route, compiled. It does not change; a new configuration is a new Catalog.
type Catalog struct {
	routes map[string]*route // by input topic
}

// route is a Route compiled. Its pools make judging the partitions of a cycle in parallel free of allocation per cycle.
type route struct {
	Route
	layout    *columns.Layout
	validator *validate.Validator
	grid      *profile.Grid
	gridID    profile.Digest
	rows      sync.Pool // *columns.Row
	batches   sync.Pool // *columns.Batch
}

// NewCatalog compiles the routes. An error names the route and its contract.
func NewCatalog(routes []Route) (*Catalog, error) {
	c := &Catalog{routes: make(map[string]*route, len(routes))}
	memory := validate.NewMemory(validate.DefaultMemory) // a process has one catalog
	for _, r := range routes {
		r = r.withDefaults()
		layout := columns.NewLayout(r.Contract)
		v, err := validate.Compile(r.Contract, layout, validate.Options{
			UnknownFields: r.UnknownFields, MaxRecordBytes: r.MaxRecordBytes, Memory: memory, Doubt: r.Doubt,
		})
		if err != nil {
			return nil, fmt.Errorf("route %s: compile contract %s: %w", r.Name, r.Contract.ID, err)
		}
		grid := profile.DefaultGrid(layout)
		if r.Baseline != nil {
			grid = r.Baseline.Grid(layout)
		}
		c.routes[r.Input] = &route{
			Route: r, layout: layout, validator: v, grid: grid, gridID: grid.Digest(),
			rows:    sync.Pool{New: func() any { return layout.NewRow() }},
			batches: sync.Pool{New: func() any { return layout.NewBatch() }},
		}
	}
	return c, nil
}

// key names the profile of a window under this route.
func (r *route) key(w window.Window) profile.Key {
	return profile.Key{Contract: r.Contract.ID, Digest: r.Contract.Digest, Grid: r.gridID, Window: w}
}
