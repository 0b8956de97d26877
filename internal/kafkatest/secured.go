package kafkatest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"weir/internal/kafka"
)

// User is the user of a secured broker; its principal is User:weir. Its password differs by mechanism.
const User = "weir"

// Mechanisms are the SASL mechanisms of a secured broker.
var Mechanisms = []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}

// Password is the user's by one mechanism.
func Password(mechanism string) string { return mechanism + "-s3cret" }

// Secured is a real broker that asks who is there and lets nobody do anything that was not granted, except over the
// plain listener, whose anonymous user may do all.
type Secured struct {
	*Cluster              // over the plain listener
	MTLS, SASL string     // host:port of the listener that wants a client certificate, and of SASL over TLS
	Authority  *Authority // of the broker's certificate and of the client certificates the broker takes
}

// OwnSecured starts a secured broker for this test alone. It skips and fails as Own does.
func OwnSecured(t testing.TB) *Secured {
	t.Helper()
	needOwn(t)
	dir, authority := t.TempDir(), NewAuthority(t)
	cert, key := authority.Certify(t, "kafka")
	for name, text := range map[string]string{"keystore.pem": key + cert, "truststore.pem": authority.PEM} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	add := additions{listeners: []string{"MTLS:SSL", "SIGNIN:SASL_SSL"}, properties: secured(dir)}
	for _, m := range Mechanisms[1:] { // the PLAIN user is in the properties
		add.format = append(add.format, "--add-scram", fmt.Sprintf("%s=[name=%s,password=%s]", m, User, Password(m)))
	}
	b, err := start(context.Background(), dir, add)
	if err != nil {
		t.Fatalf("start Kafka: %v", err)
	}
	t.Cleanup(b.Stop)
	return &Secured{
		Cluster: &Cluster{Name: "kafka", Brokers: []string{b.Addr}, Broker: b},
		MTLS:    b.more["MTLS"], SASL: b.more["SIGNIN"], Authority: authority,
	}
}

func secured(dir string) string {
	const scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
	return fmt.Sprintf(`ssl.keystore.type=PEM
ssl.keystore.location=%[1]s/keystore.pem
ssl.truststore.type=PEM
ssl.truststore.location=%[1]s/truststore.pem
listener.name.mtls.ssl.client.auth=required
listener.name.signin.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.signin.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_%[2]s="%[3]s";
listener.name.signin.scram-sha-256.sasl.jaas.config=%[4]s
listener.name.signin.scram-sha-512.sasl.jaas.config=%[4]s
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:ANONYMOUS
`, dir, User, Password("PLAIN"), scram)
}

// Certified is how the holder of a client certificate for name reaches the broker; its principal is User:CN=<name>.
func (s *Secured) Certified(t testing.TB, name string) kafka.Config {
	t.Helper()
	cert, key := s.Authority.Certify(t, name)
	return kafka.Config{Brokers: []string{s.MTLS}, ClientID: "kafkatest", TLS: &kafka.TLS{CA: s.Authority.PEM, Cert: cert, Key: key}}
}

// SignedIn is how the user reaches the broker by a mechanism over TLS.
func (s *Secured) SignedIn(mechanism string) kafka.Config {
	return kafka.Config{
		Brokers: []string{s.SASL}, ClientID: "kafkatest", TLS: &kafka.TLS{CA: s.Authority.PEM},
		SASL: &kafka.SASL{Mechanism: mechanism, User: User, Password: Password(mechanism)},
	}
}
