// Package kafkatest gives tests a Kafka: an in-process fake (kfake), or a real Apache Kafka (KRaft, one node, its own
// ports and folder) fetched once from Maven artifacts pinned in pom.xml. It also audits what a gateway did: every
// committed input record must be in the output or among the dead letters exactly once, unchanged and in order.
// It is for tests only and is no way to run a broker anybody needs.
package kafkatest

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"weir/internal/kafka"
)

// Cluster is a broker under test.
type Cluster struct {
	Name    string         // "kfake" or "kafka"
	Brokers []string       // host:port
	Fake    *kfake.Cluster // for faults; nil on a real broker
	Broker  *Broker        // for faults; nil on kfake and where KAFKA_BROKERS names a broker not ours
}

// Config is how to reach the cluster.
func (c *Cluster) Config() kafka.Config {
	return kafka.Config{Brokers: c.Brokers, ClientID: "kafkatest"}
}

// Fake starts an in-process cluster of one broker on loopback, ended with the test.
func Fake(t testing.TB, opts ...kfake.Opt) *Cluster {
	t.Helper()
	fake, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, opts...)...)
	if err != nil {
		t.Fatalf("start kfake: %v", err)
	}
	t.Cleanup(fake.Close)
	return &Cluster{Name: "kfake", Brokers: fake.ListenAddrs(), Fake: fake}
}

// Real is the real Kafka of this test binary: the brokers of KAFKA_BROKERS (comma separated), else one shared broker
// that is started by the first test that asks and dies with the binary. Topics outlive a test, so their names should
// come from Topic. It skips, loudly, where nobody asked for real brokers.
func Real(t testing.TB) *Cluster {
	t.Helper()
	if !wanted() {
		t.Skip("SKIPPED: needs a real Kafka. Run with WEIR_KAFKA=1 (starts Apache Kafka; needs Java 17 and Maven), or KAFKA_BROKERS=host:port, or `make test-kafka`")
	}
	if brokers := os.Getenv("KAFKA_BROKERS"); brokers != "" {
		return &Cluster{Name: "kafka", Brokers: strings.Split(brokers, ",")}
	}
	needJava(t)
	b, err := shared()
	if err != nil {
		t.Fatalf("start Kafka: %v", err)
	}
	return &Cluster{Name: "kafka", Brokers: []string{b.Addr}, Broker: b}
}

// Own starts a real broker for this test alone, for faults that would disturb others, and ends it with the test. It
// skips and fails as Real does; KAFKA_BROKERS is not used.
func Own(t testing.TB) *Cluster {
	t.Helper()
	needOwn(t)
	b, err := Start(context.Background(), t.TempDir())
	if err != nil {
		t.Fatalf("start Kafka: %v", err)
	}
	t.Cleanup(b.Stop)
	return &Cluster{Name: "kafka", Brokers: []string{b.Addr}, Broker: b}
}

func needOwn(t testing.TB) {
	t.Helper()
	if !wanted() {
		t.Skip("SKIPPED: needs a real Kafka of its own. Run with WEIR_KAFKA=1 (needs Java 17 and Maven), or `make test-kafka`")
	}
	needJava(t)
}

// Each runs a test on kfake and on a real Kafka, as sub-tests of these names.
func Each(t *testing.T, run func(t *testing.T, c *Cluster)) {
	t.Run("kfake", func(t *testing.T) { run(t, Fake(t)) })
	t.Run("kafka", func(t *testing.T) { run(t, Real(t)) })
}

// wanted says whether somebody asked for real brokers.
func wanted() bool {
	return os.Getenv("WEIR_KAFKA") == "1" || os.Getenv("CI") == "true" || os.Getenv("KAFKA_BROKERS") != ""
}

// Topic is a name no other test of a shared broker has.
func Topic(t testing.TB, name string) string {
	clean := strings.NewReplacer("/", ".", " ", "_", "=", "_", "#", "_").Replace(t.Name())
	return fmt.Sprintf("%s.%s.%x", clean, name, time.Now().UnixNano())
}

// Client is a client of the cluster, closed with the test.
func (c *Cluster) Client(t testing.TB, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kafka.NewClient(t.Context(), c.Config(), opts...)
	if err != nil {
		t.Fatalf("open client: %v", err)
	}
	t.Cleanup(cl.Close)
	return cl
}

// CreateTopic creates a topic that keeps records of any age. configs are "key=value".
func (c *Cluster) CreateTopic(t testing.TB, name string, partitions int, configs ...string) {
	t.Helper()
	never := "-1"
	all := map[string]*string{"retention.ms": &never}
	for _, kv := range configs {
		k, v, _ := strings.Cut(kv, "=")
		all[k] = &v
	}
	if _, err := kadm.NewClient(c.Client(t)).CreateTopic(t.Context(), int32(partitions), 1, all, name); err != nil {
		t.Fatalf("create topic %s: %v", name, err)
	}
}

// Produce writes records, outside of any transaction, each to its Partition.
func (c *Cluster) Produce(t testing.TB, records ...*kgo.Record) {
	t.Helper()
	cl := c.Client(t, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err := cl.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatalf("produce: %v", err)
	}
}

// ReadAll returns every committed record of a topic by partition, up to the end at the time of the call.
func (c *Cluster) ReadAll(t testing.TB, topic string) map[int32][]*kgo.Record {
	t.Helper()
	all := map[int32][]*kgo.Record{}
	err := kafka.Read(t.Context(), c.Config(), topic, nil, func(r *kgo.Record) error {
		all[r.Partition] = append(all[r.Partition], r)
		return nil
	})
	if err != nil {
		t.Fatalf("read %s: %v", topic, err)
	}
	return all
}

// FailProduce refuses the next n produce requests of a topic. These faults are for kfake only.
func (c *Cluster) FailProduce(topic string, n int, f kfake.Fault) *kfake.FaultHandle {
	f.Keys, f.Topic, f.Count = []kmsg.Key{kmsg.Produce}, topic, n
	return c.Fake.Fault(f)
}

// FailTxnOffsetCommit refuses the next n offset commits of transactions of a group.
func (c *Cluster) FailTxnOffsetCommit(group string, n int, f kfake.Fault) *kfake.FaultHandle {
	f.Keys, f.Group, f.Count = []kmsg.Key{kmsg.TxnOffsetCommit}, group, n
	return c.Fake.Fault(f)
}

// FailEndTxn refuses the next n ends of transactions of a transactional id ("": any).
func (c *Cluster) FailEndTxn(txnID string, n int, f kfake.Fault) *kfake.FaultHandle {
	f.Keys, f.TxnID, f.TopLevel, f.Count = []kmsg.Key{kmsg.EndTxn}, txnID, true, n
	return c.Fake.Fault(f)
}
