package kafkatest

import (
	"flag"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	flag.Parse()
	flag.Set("test.parallel", "24") // the parallel tests wait for timeouts more than they work
	os.Exit(Main(m))
}
