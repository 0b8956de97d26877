package kafkatest

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/kafka"
)

func TestKafkaPreflightSeesTheClustersTopicsAsTheyAre(t *testing.T) {
	Each(t, func(t *testing.T, c *Cluster) {
		in, out, dead, group := Topic(t, "in"), Topic(t, "out"), Topic(t, "dead"), Topic(t, "group")
		c.CreateTopic(t, in, 2)
		c.CreateTopic(t, out, 3, "retention.ms=604800000", "message.timestamp.type=LogAppendTime")
		c.Produce(t, &kgo.Record{Topic: in, Timestamp: time.Date(2013, 1, 1, 0, 0, 0, 0, time.UTC)})
		wants := append(kafka.RouteWants("r", in, out, dead), kafka.OwnWants(group)...)
		found, err := kafka.Preflight(t.Context(), c.Config(), wants)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, f := range found {
			all = append(all, f.String())
		}
		got := strings.Join(all, "\n")
		for _, want := range []string{
			"error: route r: topic " + out + " has 3 partitions, " + in + " has 2",
			"warning: route r: topic " + out + " keeps records for 7 days",
			"begins with a record of 2013-01-01",
			"message.timestamp.type=LogAppendTime",
			"error: route r: topic " + dead + " does not exist",
			"error: topic " + kafka.TopicsOf(group).State + " does not exist",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("findings:\n%s\nwant %q among them", got, want)
			}
		}
	})
}

func TestKafkaMissingTopicsOnceCreatedSatisfyThePreflight(t *testing.T) {
	Each(t, func(t *testing.T, c *Cluster) {
		in, out, dead, group := Topic(t, "in"), Topic(t, "out"), Topic(t, "dead"), Topic(t, "group")
		c.CreateTopic(t, in, 3, "max.message.bytes=2000000")
		wants := append(kafka.RouteWants("r", in, out, dead), kafka.OwnWants(group)...)
		cl := c.Client(t)
		missing, unplanned, err := kafka.Missing(t.Context(), cl, group, 2, wants)
		if err != nil || len(unplanned) > 0 {
			t.Fatalf("missing: unplanned %v, error %v", unplanned, err)
		}
		if got, want := len(missing), 6; got != want {
			t.Fatalf("%d topics are missing, want %d: %v", got, want, missing)
		}
		if o := missing[0]; o.Name != out || o.Partitions != 3 || o.Configs["max.message.bytes"] != "2000000" || o.Configs["retention.ms"] != "-1" {
			t.Errorf("the output is planned as %+v, want partitions, size and retention of the input", o)
		}
		created, err := kafka.Create(t.Context(), cl, missing)
		if err != nil || len(created) != 6 {
			t.Fatalf("created %v, %v, want all six", created, err)
		}
		found, err := kafka.Preflight(t.Context(), c.Config(), wants)
		if err != nil || len(found) > 0 {
			t.Errorf("findings %v, error %v, want none", found, err)
		}
		if again, err := kafka.Create(t.Context(), cl, missing); err != nil || len(again) > 0 {
			t.Errorf("created again: %v, %v, want nothing", again, err)
		}
	})
}

func TestKafkaEnsureOwnGivesTheStateThePartitionsOfTheProfiles(t *testing.T) {
	Each(t, func(t *testing.T, c *Cluster) {
		group := Topic(t, "group")
		own := kafka.TopicsOf(group)
		c.CreateTopic(t, own.Profiles, 3)
		cl := c.Client(t)
		created, err := kafka.EnsureOwn(t.Context(), cl, group, 0)
		if err != nil || len(created) != 3 {
			t.Fatalf("created %v, %v, want the three that were missing", created, err)
		}
		counts, err := kafka.Partitions(t.Context(), cl, own.Profiles, own.State, "nowhere")
		if err != nil || counts[own.Profiles] != 3 || counts[own.State] != 3 || len(counts) != 2 {
			t.Errorf("partitions %v, %v, want 3 of profiles and state, and no other topic", counts, err)
		}
	})
}

// A client that cannot connect says what to look at, within seconds, and never shows the password.
func TestNewClientSaysWhyItCannotConnect(t *testing.T) {
	secured := Fake(t, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", "admin", "right"))
	plain := Fake(t, kfake.EnableSASL(), kfake.Superuser("PLAIN", "admin", "right"))
	open := Fake(t)
	user := func(password string) *kafka.SASL {
		return &kafka.SASL{Mechanism: "SCRAM-SHA-256", User: "admin", Password: password}
	}
	for name, c := range map[string]struct {
		config kafka.Config
		want   string
	}{
		"down":  {kafka.Config{Brokers: []string{closedPort(t)}}, "nothing listens there"},
		"name":  {kafka.Config{Brokers: []string{"no-such-host.invalid:9092"}}, "cannot be resolved"},
		"SCRAM": {kafka.Config{Brokers: secured.Brokers, SASL: user("wr0ng-secret")}, `"admin" signed in by SCRAM-SHA-256: check user, password`},
		"PLAIN": {kafka.Config{Brokers: plain.Brokers, SASL: &kafka.SASL{Mechanism: "PLAIN", User: "admin", Password: "wr0ng-secret", AllowPlaintext: true}},
			"check user, password"},
		"no SASL":   {kafka.Config{Brokers: secured.Brokers}, "SASL"},
		"no TLS":    {kafka.Config{Brokers: open.Brokers, TLS: &kafka.TLS{}}, "TLS"},
		"blackhole": {kafka.Config{Brokers: []string{silentPort(t)}}, "no answer within 5s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			cl, err := kafka.NewClient(t.Context(), c.config)
			if err == nil {
				cl.Close()
				t.Fatal("no error")
			}
			var refused *kafka.ConnectionError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q, want a ConnectionError with %q", err, c.want)
			}
			if strings.Contains(err.Error(), "wr0ng-secret") {
				t.Errorf("error %q shows the password", err)
			}
			if took := time.Since(began); took > 8*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
	cl, err := kafka.NewClient(t.Context(), kafka.Config{Brokers: secured.Brokers, SASL: user("right")})
	if err != nil {
		t.Fatalf("the right password: %v", err)
	}
	cl.Close()
}

func closedPort(t *testing.T) string {
	t.Helper()
	ports, err := freePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", ports[0])
}

// silentPort accepts connections and never answers.
func silentPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

func TestNewClientVerifiesTheBrokersCertificate(t *testing.T) {
	authority := NewAuthority(t)
	ca, cert := authority.PEM, pair(t)(authority.Certify(t, "kfake"))
	c := Fake(t, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{cert}}))
	connect := func(tls *kafka.TLS) error {
		return connects(t.Context(), kafka.Config{Brokers: c.Brokers, TLS: tls})
	}
	if err := connect(&kafka.TLS{CA: ca}); err != nil {
		t.Errorf("with the right authority: %v", err)
	}
	if err := connect(&kafka.TLS{}); err == nil || !strings.Contains(err.Error(), "set tls.ca") {
		t.Errorf("without the authority: %v, want a hint at tls.ca", err)
	}
	if err := connect(&kafka.TLS{CA: ca, ServerName: "another.example"}); err == nil || !strings.Contains(err.Error(), "for another name") {
		t.Errorf("with another name: %v, want a hint at the name", err)
	}
	if err := connect(&kafka.TLS{InsecureSkipVerify: true}); err != nil {
		t.Errorf("unverified on purpose: %v", err)
	}
}
