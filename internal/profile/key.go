package profile

import "cmp"

// Compare orders keys by contract, version, digest, grid and window.
func (k Key) Compare(o Key) int {
	return cmp.Or(
		cmp.Compare(k.Contract.Name, o.Contract.Name),
		cmp.Compare(k.Contract.Version, o.Contract.Version),
		cmp.Compare(k.Digest, o.Digest),
		cmp.Compare(k.Grid, o.Grid),
		cmp.Compare(k.Window.Start, o.Window.Start),
		cmp.Compare(k.Window.End, o.Window.End),
	)
}
