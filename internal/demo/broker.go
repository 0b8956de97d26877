package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"

	"weir/internal/kafka"
)

// Broker is an in-process broker on loopback. Its data is lost when it is closed.
type Broker struct{ cluster *kfake.Cluster }

// StartBroker starts one on a free port of 127.0.0.1, or on port when it is not 0.
func StartBroker(port int) (*Broker, error) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(port))
	if err != nil {
		return nil, fmt.Errorf("start in-process broker: %w", err)
	}
	return &Broker{c}, nil
}

// Addr is the broker's address, "127.0.0.1:41873".
func (b *Broker) Addr() string { return b.cluster.ListenAddrs()[0] }

// Close ends the broker.
func (b *Broker) Close() { b.cluster.Close() }

// CreateTopics creates the topics of a run, none of which may exist yet: after an error none is left of those
// it created. The flights never expire: their timestamps say when they were produced, but a demo may be kept.
func CreateTopics(ctx context.Context, c kafka.Config, n Names, partitions int) error {
	cl, err := kafka.NewClient(ctx, c)
	if err != nil {
		return err
	}
	defer cl.Close()
	forever := map[string]string{"retention.ms": "-1", "cleanup.policy": "delete"}
	topics := kafka.Own(n.Group, kafka.OwnPartitions)
	for _, name := range []string{n.Input, n.Output, n.Dead} {
		topics = append(topics, kafka.NewTopic{Name: name, Partitions: partitions, Replication: -1, Configs: forever})
	}
	created, err := kafka.Create(ctx, cl, topics)
	if err == nil && len(created) < len(topics) {
		err = fmt.Errorf("topics of an earlier run exist (%d of %d): choose another --prefix or delete them", len(topics)-len(created), len(topics))
	}
	if err != nil && len(created) > 0 {
		_, errDelete := kadm.NewClient(cl).DeleteTopics(ctx, created...)
		err = errors.Join(err, errDelete)
	}
	return err
}

// Delete removes the topics and the groups of a run.
func Delete(ctx context.Context, c kafka.Config, n Names) error {
	cl, err := kafka.NewClient(ctx, c)
	if err != nil {
		return err
	}
	defer cl.Close()
	adm := kadm.NewClient(cl)
	topics, err := adm.DeleteTopics(ctx, n.All()...)
	if err == nil {
		err = topics.Error()
	}
	groups, errGroups := adm.DeleteGroups(ctx, n.Group, n.Group+".monitor")
	if errGroups == nil {
		errGroups = groups.Error()
	}
	if err := errors.Join(err, errGroups); err != nil {
		return fmt.Errorf("delete topics and groups of the demo: %w", err)
	}
	return nil
}

// Prefix names the topics of a run on a shared broker after the moment it began.
func Prefix(now time.Time) string { return now.UTC().Format("demo-20060102-150405.") }
