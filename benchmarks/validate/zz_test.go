package main
import ("testing";"fmt";"math/rand/v2";"path/filepath";"time";"os";"strings")
func TestZZ(t *testing.T){ for _, s := range shapes() { if !strings.Contains(os.Getenv("SHAPES"),s.name) {continue}
 files,_ := s.write(t.TempDir(), filepath.Join("..",".."))
 base := map[int]float64{}
 for _, every := range []int{10,1} {
 for k := -2; k<len(s.faults); k++ {
  best:=1e9; what:=""
  for range 9 {
  check,_ := weirCheck(files.weir)
  var sets [2][][]byte
  for d := range 2 { recs,_ := s.records(rand.New(rand.NewPCG(uint64(d),7)),3000); r:=rand.New(rand.NewPCG(uint64(d),9)); pick:=rand.New(rand.NewPCG(uint64(d),11))
   for _,o := range recs { line := []byte(nil)
    switch { case pick.IntN(every)!=0: line=render(nil,o)
    case k==-2: what="valid"; line=render(nil,o)
    case k==-1: what="truncated"; line=render(nil,o); line=line[:1+r.IntN(len(line)-1)]
    default: what=fmt.Sprint(s.faults[k].what," ",s.faults[k].weight); s.faults[k].apply(r,o); line=render(nil,o)}
    sets[d]=append(sets[d],line)} }
  for _,l := range sets[0] {check(l)}
  t0:=time.Now(); for _,l := range sets[1] {check(l)}
  best=min(best,float64(time.Since(t0).Nanoseconds())/float64(len(sets[1])))
  }
  if k== -2 { base[0]=best }
  fmt.Printf("%s 1/%d %-40s %.0f excess per invalid %.0f\n",s.name,every,what,best,(best-base[0])*float64(every))
 }}}}
