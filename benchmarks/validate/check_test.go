package main

import (
	"fmt"
	"path/filepath"
	"testing"
)

// BenchmarkCheck is weir alone on the data of the comparison, for profiles and for benchstat. An op is a record. The records
// come again and again, so that weir soon remembers most faults: with some of them invalid, the comparison's figures count.
func BenchmarkCheck(b *testing.B) {
	for _, s := range shapes() {
		files, err := s.write(b.TempDir(), filepath.Join("..", ".."))
		if err != nil {
			b.Fatal(err)
		}
		check, err := weirCheck(files.weir)
		if err != nil {
			b.Fatal(err)
		}
		for _, percent := range shares {
			b.Run(fmt.Sprintf("shape=%s/invalid=%d", s.name, percent), func(b *testing.B) {
				d, err := s.dataset(1000, percent, measured)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(d.bytes / len(d.lines)))
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					check(d.lines[i%len(d.lines)])
				}
			})
		}
	}
}
