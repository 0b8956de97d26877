package kafkatest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"weir/internal/kafka"
)

// granted are the permissions that kafka-acls.sh commands would add, each with one operation.
func granted(t *testing.T, commands []string) (acls []kmsg.CreateACLsRequestCreation) {
	t.Helper()
	for _, command := range commands {
		acl := kmsg.NewCreateACLsRequestCreation()
		acl.Host, acl.PermissionType = "*", kmsg.ACLPermissionTypeAllow
		var operations []kmsg.ACLOperation
		args := strings.Fields(command)[1:]
		for len(args) > 0 {
			flag, value := args[0], ""
			if args = args[1:]; flag != "--add" {
				value, args = args[0], args[1:]
			}
			switch flag {
			case "--add", "--bootstrap-server":
			case "--allow-principal":
				acl.Principal = value
			case "--operation":
				op, err := kmsg.ParseACLOperation(value)
				if err != nil {
					t.Fatal(err)
				}
				operations = append(operations, op)
			case "--topic":
				acl.ResourceType, acl.ResourceName = kmsg.ACLResourceTypeTopic, value
			case "--group":
				acl.ResourceType, acl.ResourceName = kmsg.ACLResourceTypeGroup, value
			case "--transactional-id":
				acl.ResourceType, acl.ResourceName = kmsg.ACLResourceTypeTransactionalId, value
			case "--resource-pattern-type":
				pattern, err := kmsg.ParseACLResourcePatternType(value)
				if err != nil {
					t.Fatal(err)
				}
				acl.ResourcePatternType = pattern
			default:
				t.Fatalf("%s: this test does not know %s", command, flag)
			}
		}
		for _, op := range operations {
			acl.Operation = op
			acls = append(acls, acl)
		}
	}
	return acls
}

// grant adds permissions and waits until the broker knows them.
func (s *Secured) grant(t *testing.T, acls []kmsg.CreateACLsRequestCreation) {
	t.Helper()
	cl := s.Client(t)
	req := kmsg.NewPtrCreateACLsRequest()
	req.Creations = acls
	resp, err := req.RequestWith(t.Context(), cl)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range resp.Results {
		if err := kerr.ErrorForCode(r.ErrorCode); err != nil {
			t.Fatal(err)
		}
	}
	for _, acl := range acls {
		ask := kmsg.NewPtrDescribeACLsRequest()
		ask.ResourceType, ask.ResourceName, ask.ResourcePatternType = acl.ResourceType, &acl.ResourceName, acl.ResourcePatternType
		ask.Principal, ask.Operation, ask.PermissionType = &acl.Principal, acl.Operation, acl.PermissionType
		for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			got, err := ask.RequestWith(t.Context(), cl)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Resources) > 0 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("the broker does not know %+v", acl)
			}
		}
	}
}

// route is a route of one session whose user may do what was granted and nothing else.
type route struct {
	*bench
	dead  string
	user  kafka.Config
	wants []kafka.Want
	acls  []kmsg.CreateACLsRequestCreation // as `weir setup` prints them
}

func newRoute(t *testing.T, s *Secured, user kafka.Config, principal string) *route {
	t.Helper()
	r := &route{bench: newBench(t, s.Cluster, 2), dead: Topic(t, "dead"), user: user}
	s.CreateTopic(t, r.dead, 2)
	if _, err := kafka.EnsureOwn(t.Context(), s.Client(t), r.group, 2); err != nil {
		t.Fatal(err)
	}
	r.fill(t, 4, 2)
	r.wants = append(kafka.RouteWants("r", r.in, r.out, r.dead), kafka.OwnWants(r.group)...)
	r.acls = granted(t, kafka.Grants(s.Brokers[0], "", principal, r.group, []string{r.group, r.group + ".monitor"}, r.wants))
	return r
}

// cycle opens a session, polls the four records and commits them to every topic a gateway writes, and leaves. It
// returns the first error of any kind; a user who waits for ever is one, too.
func (r *route) cycle(t *testing.T, latest bool) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	c := r.config("0")
	c.Config, c.Outputs = r.user, []string{r.out, r.dead, kafka.TopicsOf(r.group).Profiles}
	if latest {
		c.Latest = c.Topics
	}
	s, err := kafka.Open(ctx, c)
	if err != nil {
		return err
	}
	defer s.Close(context.Background(), true)
	var out []*kgo.Record
	for len(out) < 4 && ctx.Err() == nil && !latest {
		p, err := s.Poll(ctx, 1000)
		switch {
		case err != nil:
			return err
		case len(p.Faults) > 0:
			return &p.Faults[0]
		case len(p.Degraded) > 0:
			return p.Degraded[0]
		}
		out = append(out, r.forward(p.Records)...)
	}
	if ctx.Err() != nil {
		return errors.New("HANGS: no records and no error")
	}
	own := kafka.TopicsOf(r.group)
	for _, topic := range []string{r.dead, own.Profiles, own.Reports, own.Events, own.State} {
		out = append(out, &kgo.Record{Topic: topic, Key: []byte("k"), Value: []byte("v")})
	}
	ok, err := s.Commit(ctx, out, nil)
	if err == nil && !ok {
		err = errors.New("NOT COMMITTED and no error")
	}
	if err == nil {
		_, err = s.Committed(ctx)
	}
	if err == nil {
		_, err = s.EndOffsets(ctx, r.in)
	}
	return err
}

// The permissions that `weir setup` prints are enough for the preflight, a transaction over all topics, and reading
// weir's own topics back; without one of them, the error says which.
func TestKafkaPrintedGrantsAreEnoughAndAMissingOneIsNamed(t *testing.T) {
	s := OwnSecured(t)
	for name, who := range map[string]struct {
		user      kafka.Config
		principal string
	}{
		"SCRAM": {s.SignedIn("SCRAM-SHA-512"), "User:" + User},
		"mTLS":  {s.Certified(t, User), "User:CN=" + User},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRoute(t, s, who.user, who.principal)
			s.grant(t, r.acls)
			found, err := kafka.Preflight(t.Context(), r.user, r.wants)
			if err != nil || len(found) > 0 {
				t.Errorf("preflight: %v, %v, want no findings", found, err)
			}
			if err := r.cycle(t, false); err != nil {
				t.Fatal(err)
			}
			audit(t, r.bench, nil)
			for _, topic := range []string{r.in, kafka.TopicsOf(r.group).Profiles, kafka.TopicsOf(r.group).State} {
				if err := kafka.Read(t.Context(), r.user, topic, nil, func(*kgo.Record) error { return nil }); err != nil {
					t.Errorf("read %s: %v", topic, err)
				}
			}
		})
	}
	t.Run("first start at the end", func(t *testing.T) {
		t.Parallel()
		r := newRoute(t, s, s.SignedIn("SCRAM-SHA-256"), "User:"+User)
		s.grant(t, r.acls)
		if err := r.cycle(t, true); err != nil {
			t.Fatal(err)
		}
	})

	const topic, group, txn = kmsg.ACLResourceTypeTopic, kmsg.ACLResourceTypeGroup, kmsg.ACLResourceTypeTransactionalId
	const read, write = kmsg.ACLOperationRead, kmsg.ACLOperationWrite
	for name, missing := range map[string]struct {
		resource  kmsg.ACLResourceType
		operation kmsg.ACLOperation // 0: every one
		of        func(*route) string
		want      string // %: the name of the resource
	}{
		"write on output":           {topic, write, func(r *route) string { return r.out }, "grant Write and Describe on topic %"},
		"write on dead letters":     {topic, write, func(r *route) string { return r.dead }, "grant Write and Describe on topic %"},
		"write on profiles":         {topic, write, func(r *route) string { return kafka.TopicsOf(r.group).Profiles }, "grant Write and Describe on topic %"},
		"write on transactional id": {txn, write, func(r *route) string { return r.group + "." }, "grant Write and Describe on transactional ids with prefix %"},
		"read on group":             {group, read, func(r *route) string { return r.group }, "grant Read and Describe on group %"},
		"read on input":             {topic, read, func(r *route) string { return r.in }, "grant Read and Describe on topic %"},
		"all on output":             {topic, 0, func(r *route) string { return r.out }, "grant Write and Describe on topic %"},
		"all on transactional id":   {txn, 0, func(r *route) string { return r.group + "." }, "grant Write and Describe on transactional ids with prefix %"},
		"all on group":              {group, 0, func(r *route) string { return r.group }, "grant Read and Describe on group %"},
		"all on input":              {topic, 0, func(r *route) string { return r.in }, "grant Read and Describe on topic %"},
	} {
		t.Run("without "+name, func(t *testing.T) {
			t.Parallel()
			r := newRoute(t, s, s.SignedIn("SCRAM-SHA-512"), "User:"+User)
			of := missing.of(r)
			left := slices.DeleteFunc(slices.Clone(r.acls), func(a kmsg.CreateACLsRequestCreation) bool {
				return a.ResourceType == missing.resource && a.ResourceName == of && (missing.operation == 0 || a.Operation == missing.operation)
			})
			if len(left) == len(r.acls) {
				t.Fatalf("nothing was taken from %s", of)
			}
			s.grant(t, left)
			began := time.Now()
			err := r.cycle(t, false)
			want := strings.ReplaceAll(missing.want, "%", of)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %q in it", err, want)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("took %s", took)
			}
			for _, topic := range []string{r.out, r.dead} {
				if got := r.ReadAll(t, topic); len(got) > 0 {
					t.Errorf("records in %s, want a transaction that writes to all topics or none", topic)
				}
			}
			if missing.resource != topic {
				return
			}
			found, err := kafka.Preflight(t.Context(), r.user, r.wants)
			if err != nil || len(found) != 1 || found[0].Topic != of || found[0].Severity != kafka.Error || !strings.Contains(found[0].Remedy, "kafka-acls.sh") {
				t.Errorf("preflight: %v, %v, want one error on %s with the grant as remedy", found, err, of)
			}
		})
	}
}

func TestCommitSaysWhichTopicItMayNotWrite(t *testing.T) {
	c := Fake(t)
	b := newBench(t, c, 1)
	b.fill(t, 1, 1)
	s := b.open(t, b.config("0"))
	_, records := poll(t, s, 1)
	c.FailProduce(b.out, 1, kfake.Fault{Err: kerr.TopicAuthorizationFailed})
	_, err := s.Commit(t.Context(), b.forward(records), nil)
	var refused *kafka.ProduceError
	if want := "grant Write and Describe on topic " + b.out; !errors.As(err, &refused) || !errors.Is(err, kerr.TopicAuthorizationFailed) || !strings.Contains(err.Error(), want) {
		t.Errorf("commit: %v, want a ProduceError with %q", err, want)
	}
}
