// Package benchmarks measures weir end to end and side by side: each figure of the gate stands beside what a loop
// that only copies costs in the same run, on the same broker and records, so that it means something on another
// machine. It holds benchmarks only; those of one package's inner loops live in that package.
//
// The broker is in-process and commits in a fraction of a real one's time: ratios of throughput carry over, absolute
// figures and every latency do not.
package benchmarks
