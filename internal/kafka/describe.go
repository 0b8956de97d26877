package kafka

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// topic is what a cluster tells of one topic.
type topic struct {
	err        error // why nothing else is known, kerr.UnknownTopicOrPartition when it does not exist
	partitions int
	allowed    map[string]bool   // operations this user may do; nil when the broker does not tell
	configs    map[string]string // effective values
	hidden     error             // why configs is empty
}

func (t topic) number(key string) (int64, bool) {
	n, err := strconv.ParseInt(t.configs[key], 10, 64)
	return n, err == nil
}

// describe reads partitions, permissions and configuration of topics; "" and doubles are left out.
func describe(ctx context.Context, cl *kgo.Client, names []string) (map[string]topic, error) {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	names = slices.DeleteFunc(names, func(n string) bool { return n == "" })
	topics := make(map[string]topic, len(names))
	if len(names) == 0 {
		return topics, nil
	}
	req := kmsg.NewPtrMetadataRequest()
	req.IncludeTopicAuthorizedOperations = true
	for _, n := range names {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = &n
		req.Topics = append(req.Topics, t)
	}
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		return nil, fmt.Errorf("describe topics: %w", err)
	}
	var exist []string
	for _, t := range resp.Topics {
		if t.Topic == nil {
			continue
		}
		topics[*t.Topic] = topic{err: kerr.ErrorForCode(t.ErrorCode), partitions: len(t.Partitions), allowed: operations(t.AuthorizedOperations)}
		if t.ErrorCode == 0 {
			exist = append(exist, *t.Topic)
		}
	}
	return topics, addConfigs(ctx, cl, topics, exist)
}

func addConfigs(ctx context.Context, cl *kgo.Client, topics map[string]topic, names []string) error {
	if len(names) == 0 {
		return nil
	}
	configs, err := kadm.NewClient(cl).DescribeTopicConfigs(ctx, names...)
	if err != nil {
		return fmt.Errorf("describe topic configurations: %w", err)
	}
	for _, rc := range configs {
		t := topics[rc.Name]
		t.hidden, t.configs = rc.Err, map[string]string{}
		for _, c := range rc.Configs {
			t.configs[c.Key] = c.MaybeValue()
		}
		topics[rc.Name] = t
	}
	return nil
}

// operations unpacks the broker's bit field of ACL operations, by their codes.
func operations(bits int32) map[string]bool {
	const untold = -1 << 31
	if bits == untold || bits == 0 {
		return nil
	}
	allowed := map[string]bool{}
	for code, name := range map[kmsg.ACLOperation]string{
		kmsg.ACLOperationRead: "Read", kmsg.ACLOperationWrite: "Write",
		kmsg.ACLOperationDescribe: "Describe", kmsg.ACLOperationDescribeConfigs: "DescribeConfigs",
	} {
		allowed[name] = bits&(1<<code) != 0
	}
	return allowed
}

// oldestRecords is the time of the first record of each input topic that exists and holds any.
func oldestRecords(ctx context.Context, cl *kgo.Client, wants []Want, topics map[string]topic) (map[string]time.Time, error) {
	oldest := map[string]time.Time{}
	var inputs []string
	for _, w := range wants {
		if t := topics[w.Topic]; w.Role == Input && t.err == nil && (t.allowed == nil || t.allowed["Describe"]) {
			inputs = append(inputs, w.Topic)
		}
	}
	if len(inputs) == 0 {
		return oldest, nil
	}
	listed, err := kadm.NewClient(cl).ListOffsetsAfterMilli(ctx, 0, inputs...)
	if err != nil {
		return nil, fmt.Errorf("look up the oldest records: %w", err)
	}
	listed.Each(func(o kadm.ListedOffset) {
		at := time.UnixMilli(o.Timestamp)
		if have, ok := oldest[o.Topic]; o.Err == nil && o.Timestamp >= 0 && (!ok || at.Before(have)) {
			oldest[o.Topic] = at
		}
	})
	return oldest, nil
}
