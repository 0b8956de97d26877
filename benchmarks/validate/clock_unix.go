//go:build unix

package main

import (
	"syscall"
	"time"
)

// cpuTime is what the process has used of the processor, all threads and the kernel on their behalf included.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // the arguments are constant
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
