package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Missing lists the topics among the wants that do not exist, as they should be created: outputs and dead letters
// with the partitions, sizes and retention of their input, weir's own as Own says with n partitions. It also lists the
// wants it cannot plan for, which are inputs that do not exist and what depends on them.
func Missing(ctx context.Context, cl *kgo.Client, group string, n int, wants []Want) (topics []NewTopic, unplanned []Want, err error) {
	var names []string
	for _, w := range wants {
		names = append(names, w.Topic, w.Like)
	}
	described, err := describe(ctx, cl, names)
	if err != nil {
		return nil, nil, err
	}
	profiles := described[TopicsOf(group).Profiles]
	if profiles.err == nil && profiles.partitions > 0 {
		n = profiles.partitions // the state must follow it
	}
	own := map[string]NewTopic{}
	for _, t := range Own(group, n) {
		own[t.Name] = t
	}
	for _, w := range wants {
		if !errors.Is(described[w.Topic].err, kerr.UnknownTopicOrPartition) {
			continue
		}
		like := described[w.Like]
		t, ours := own[w.Topic]
		switch {
		case ours:
		case w.Like != "" && like.err == nil:
			t = NewTopic{Name: w.Topic, Partitions: like.partitions, Replication: -1, Configs: like.copied()}
		default:
			unplanned = append(unplanned, w)
			continue
		}
		if !slices.ContainsFunc(topics, func(o NewTopic) bool { return o.Name == t.Name }) {
			topics = append(topics, t)
		}
	}
	return topics, unplanned, nil
}

// copied is the configuration an output takes over from its input. Timestamps are the input's, so retention by them
// is, too.
func (t topic) copied() map[string]string {
	configs := map[string]string{"cleanup.policy": "delete"}
	for _, key := range []string{"max.message.bytes", "retention.ms"} {
		if v := t.configs[key]; v != "" {
			configs[key] = v
		}
	}
	return configs
}

// Command is how an operator creates the topic with Kafka's own tools. options stand behind the server, such as
// "--command-config client.properties".
func (t NewTopic) Command(server, options string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "kafka-topics.sh --bootstrap-server %s%s --create --topic %s --partitions %d", server, spaced(options), t.Name, t.Partitions)
	if t.Replication > 0 {
		fmt.Fprintf(&b, " --replication-factor %d", t.Replication)
	}
	for _, key := range slices.Sorted(maps.Keys(t.Configs)) {
		fmt.Fprintf(&b, " --config %s=%s", key, t.Configs[key])
	}
	return b.String()
}

// Grants are the commands that give a principal ("User:weir") the least it needs: to read and write the topics by
// their roles, to be a member of the groups, and to use transactional ids that begin with the group and a dot.
func Grants(server, options, principal, group string, groups []string, wants []Want) []string {
	add := func(what string, operations ...string) string {
		return fmt.Sprintf("kafka-acls.sh --bootstrap-server %s%s --add --allow-principal %s --operation %s %s",
			server, spaced(options), principal, strings.Join(operations, " --operation "), what)
	}
	byTopic := map[string][]string{}
	var order []string
	for _, w := range wants {
		if byTopic[w.Topic] == nil {
			order = append(order, w.Topic)
		}
		for _, op := range append(w.Role.operations(), "Describe", "DescribeConfigs") {
			if !slices.Contains(byTopic[w.Topic], op) {
				byTopic[w.Topic] = append(byTopic[w.Topic], op)
			}
		}
	}
	var commands []string
	for _, t := range order {
		commands = append(commands, add("--topic "+t, byTopic[t]...))
	}
	for _, g := range groups {
		commands = append(commands, add("--group "+g, "Read", "Describe"))
	}
	return append(commands, add("--transactional-id "+group+". --resource-pattern-type prefixed", "Write", "Describe"))
}

func spaced(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}
