package main
import ("testing";"math/rand/v2";"path/filepath";"os";"strings")
func BenchmarkYY(b *testing.B){ for _, s := range shapes() { if s.name!=os.Getenv("SHAPE") {continue}
 files,_ := s.write(b.TempDir(), filepath.Join("..",".."))
 for k := range s.faults { if !strings.Contains(s.faults[k].what, os.Getenv("FAULT")) {continue}
  check,_ := weirCheck(files.weir)
  recs,_ := s.records(rand.New(rand.NewPCG(1,7)),30000); r:=rand.New(rand.NewPCG(1,9))
  var lines [][]byte
  for _,o := range recs { s.faults[k].apply(r,o); lines=append(lines,render(nil,o)) }
  b.Run(s.faults[k].what, func(b *testing.B){ b.ReportAllocs(); for i:=0;b.Loop();i++ { check(lines[i%len(lines)]) } })
 }}}
