//go:build !linux

package kafkatest

import "os/exec"

// dieWithParent needs Linux; elsewhere a test binary that is killed leaves its broker behind.
func dieWithParent(*exec.Cmd) {}
