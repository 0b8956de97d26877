package validate

import "golang.org/x/sys/cpu"

var hasBlocks = cpu.X86.HasAVX2 && cpu.X86.HasPOPCNT

// runOfBlocks is runOf for n bytes at src, a multiple of blockBytes and not 0; dst may be nil. beyond is not 0 where there
// are bytes beyond ASCII.
//
//go:noescape
func runOfBlocks(dst, src *byte, n int) (size, continuing, beyond int)
