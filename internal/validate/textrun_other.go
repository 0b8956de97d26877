//go:build !amd64

package validate

const hasBlocks = false

func runOfBlocks(_, _ *byte, _ int) (size, continuing, beyond int) { return 0, 0, 0 }
