// Command validate measures what a verdict on one record costs: from the bytes of the record to its violations, on one
// core, weir beside other validators in the same run, on the same records and schemas. What is timed, what is not and
// how the data is made are told in README.md; make bench-validate runs it.
//
// It starts itself again as the peers that are written in Go, so that these too run in a process of their own.
package main
