package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/internal/kafka"
	"weir/internal/kafkatest"
)

// setupFile is a configuration of two routes on a cluster: one enforces, one observes.
func setupFile(t *testing.T, c *kafkatest.Cluster) (file, in, seen string) {
	t.Helper()
	in, seen = kafkatest.Topic(t, "in"), kafkatest.Topic(t, "seen")
	text := fmt.Sprintf(`kafka: {brokers: [%q]}
group: weir-setup
contracts: .
routes:
  - {name: one, input: %s, contract: flights@1.0.0, mode: enforce, output: %s.out, dead_letters: %s.dead}
  - {name: two, input: %s, contract: flights@1.0.0, mode: observe}
`, c.Brokers[0], in, in, in, seen)
	file = filepath.Join(t.TempDir(), "weir.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, in, seen
}

func runWeir(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(context.Background(), args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

func TestSetupPrintsWhatIsMissingAsKafkaCommands(t *testing.T) {
	c := kafkatest.Fake(t)
	file, in, seen := setupFile(t, c)
	c.CreateTopic(t, in, 3, "max.message.bytes=2000000")
	c.CreateTopic(t, seen, 2)
	code, out, errs := runWeir("setup", "-c", file)
	if code != exitDone {
		t.Fatalf("exit %d, want 0: %s%s", code, out, errs)
	}
	for _, want := range []string{
		"# 6 topics missing",
		"--create --topic " + in + ".out --partitions 3 --config cleanup.policy=delete --config max.message.bytes=2000000 --config retention.ms=-1",
		"--create --topic weir-setup.state --partitions 4 --config cleanup.policy=compact",
		"--allow-principal User:weir --operation Read --operation Describe --operation DescribeConfigs --topic " + seen,
		"--operation Read --operation Describe --group weir-setup.monitor",
		"--transactional-id weir-setup. --resource-pattern-type prefixed",
		"# kafka-acls.sh --bootstrap-server " + c.Brokers[0] + " --add --allow-principal User:READER",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("setup prints:\n%s\nwant %q in it", out, want)
		}
	}
	if strings.Contains(out, seen+".dead") {
		t.Error("setup plans dead letters for a route that only observes")
	}
}

func TestSetupApplyCreatesTheTopicsOnce(t *testing.T) {
	c := kafkatest.Fake(t)
	file, in, seen := setupFile(t, c)
	c.CreateTopic(t, in, 3)
	c.CreateTopic(t, seen, 2)
	code, _, errs := runWeir("setup", "-c", file, "--apply", "--partitions", "2")
	if code != exitDone || strings.Count(errs, "created topic") != 6 {
		t.Fatalf("exit %d, %q, want 0 and six topics created", code, errs)
	}
	counts, err := kafka.Partitions(t.Context(), c.Client(t), in+".dead", "weir-setup.profiles")
	if err != nil || counts[in+".dead"] != 3 || counts["weir-setup.profiles"] != 2 {
		t.Errorf("partitions %v, %v, want 3 of the dead letters and 2 of the profiles", counts, err)
	}
	code, out, errs := runWeir("setup", "-c", file)
	if code != exitDone || !strings.Contains(out, "# No topic is missing.") || errs != "" {
		t.Errorf("a second time: exit %d, %s%s, want nothing missing", code, out, errs)
	}
}

func TestSetupNeverCreatesInputs(t *testing.T) {
	c := kafkatest.Fake(t)
	file, in, seen := setupFile(t, c)
	c.CreateTopic(t, seen, 2)
	if _, out, _ := runWeir("setup", "-c", file); !strings.Contains(out, "# 7 topics missing; weir setup -c "+file+" --apply creates the first 4,") {
		t.Errorf("setup prints:\n%s\nwant all seven counted", out)
	}
	code, out, errs := runWeir("setup", "-c", file, "--apply")
	if code != exitFindings {
		t.Errorf("exit %d, want 1", code)
	}
	if strings.Contains(errs, "--partitions") || !strings.Contains(errs, "create the input "+in+" first") {
		t.Errorf("setup says %q, want the input to come first", errs)
	}
	if !strings.Contains(out, "# Topic "+in+".out (output of route one) is missing and is planned once its input "+in+" exists.") {
		t.Errorf("setup prints:\n%s\nwant the output named as not planned", out)
	}
	if !strings.Contains(errs, "topic "+in+" does not exist") {
		t.Errorf("setup says %q, want the missing input named", errs)
	}
	counts, err := kafka.Partitions(t.Context(), c.Client(t), in, in+".out")
	if err != nil || len(counts) != 0 {
		t.Errorf("partitions %v, %v, want neither topic", counts, err)
	}
}

func TestSetupExitsWithTheConnectionsCodeWhenTheBrokerIsDown(t *testing.T) {
	c := kafkatest.Fake(t)
	file, _, _ := setupFile(t, c)
	c.Fake.Close()
	if code, _, errs := runWeir("setup", "-c", file); code != exitConnection || !strings.Contains(errs, "nothing listens there") {
		t.Errorf("exit %d, %q, want 3 and why", code, errs)
	}
}
