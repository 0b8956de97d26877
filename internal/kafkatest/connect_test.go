package kafkatest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/kafka"
)

// connects is nil when a client can be opened.
func connects(ctx context.Context, c kafka.Config) error {
	cl, err := kafka.NewClient(ctx, c)
	if err == nil {
		cl.Close()
	}
	return err
}

// refused fails the test unless connecting fails within seconds, as a ConnectionError with the hint and no password.
func refused(t *testing.T, c kafka.Config, hint string) {
	t.Helper()
	began := time.Now()
	err := connects(t.Context(), c)
	var ce *kafka.ConnectionError
	if !errors.As(err, &ce) || !strings.Contains(ce.Hint, hint) {
		t.Errorf("error %v, want a ConnectionError with the hint %q", err, hint)
	}
	if err != nil && c.SASL != nil && strings.Contains(err.Error(), c.SASL.Password) {
		t.Errorf("error %q shows the password", err)
	}
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestKafkaSecuredConnectionsWorkOrSayWhyNot(t *testing.T) {
	s := OwnSecured(t)
	t.Run("mTLS", func(t *testing.T) {
		if err := connects(t.Context(), s.Certified(t, User)); err != nil {
			t.Error(err)
		}
	})
	for _, m := range Mechanisms {
		t.Run(m, func(t *testing.T) {
			if err := connects(t.Context(), s.SignedIn(m)); err != nil {
				t.Error(err)
			}
		})
	}

	stranger, mtls, sasl := NewAuthority(t), s.Certified(t, User), s.SignedIn("SCRAM-SHA-512")
	with := func(c kafka.Config, change func(*kafka.TLS)) kafka.Config {
		changed := *c.TLS
		change(&changed)
		c.TLS = &changed
		return c
	}
	as := func(mechanism, user, password string) kafka.Config {
		c := s.SignedIn(mechanism)
		c.SASL.User, c.SASL.Password = user, password
		return c
	}
	at := func(addr string, c kafka.Config) kafka.Config {
		c.Brokers = []string{addr}
		return c
	}
	plain := kafka.Config{ClientID: "kafkatest"}
	scramOnly := kafka.Config{SASL: sasl.SASL}
	for name, c := range map[string]struct {
		config kafka.Config
		hint   string
	}{
		"wrong PLAIN password":          {as("PLAIN", User, "wr0ng-secret"), `the broker refused user "weir" by PLAIN`},
		"wrong SCRAM-256 password":      {as("SCRAM-SHA-256", User, "wr0ng-secret"), `the broker refused user "weir" by SCRAM-SHA-256`},
		"wrong SCRAM-512 password":      {as("SCRAM-SHA-512", User, "wr0ng-secret"), `the broker refused user "weir" by SCRAM-SHA-512`},
		"unknown user":                  {as("SCRAM-SHA-512", "nobody", "wr0ng-secret"), `the broker refused user "nobody"`},
		"no client certificate":         {with(mtls, func(t *kafka.TLS) { t.Cert, t.Key = "", "" }), "client certificate"},
		"client certificate of others":  {with(mtls, func(c *kafka.TLS) { c.Cert, c.Key = stranger.Certify(t, User) }), "client certificate"},
		"expired client certificate":    {with(mtls, func(c *kafka.TLS) { c.Cert, c.Key = s.Authority.Expired(t, User) }), "client certificate"},
		"untrusted authority":           {with(sasl, func(t *kafka.TLS) { t.CA = stranger.PEM }), "set tls.ca"},
		"system's authorities":          {with(mtls, func(t *kafka.TLS) { t.CA = "" }), "set tls.ca"},
		"wrong server name":             {with(sasl, func(t *kafka.TLS) { t.ServerName = "other.example" }), "for another name"},
		"TLS on a plain port":           {at(s.Brokers[0], mtls), "may not speak TLS"},
		"SASL over TLS on a plain port": {at(s.Brokers[0], sasl), "may not speak TLS"},
		"SASL on a plain port":          {at(s.Brokers[0], scramOnly), "does not ask for SASL"},
		"plain on an mTLS port":         {at(s.MTLS, plain), "TLS"},
		"plain on a SASL_SSL port":      {at(s.SASL, plain), "TLS"},
		"SASL without TLS":              {at(s.SASL, scramOnly), "TLS"},
		"SASL on an mTLS port":          {at(s.MTLS, with(kafka.Config{TLS: mtls.TLS, SASL: sasl.SASL}, func(*kafka.TLS) {})), "does not ask for SASL"},
		"TLS without SASL where asked":  {at(s.SASL, kafka.Config{TLS: sasl.TLS}), "SASL"},
		"client certificate, no SASL":   {at(s.SASL, mtls), "SASL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused(t, c.config, c.hint)
		})
	}
}

func TestClientCertificateIsShownToTheBroker(t *testing.T) {
	broker, clients, stranger := NewAuthority(t), NewAuthority(t), NewAuthority(t)
	c := Fake(t, kfake.TLS(serverTLS(t, broker, clients)))
	config := func(cert, key string) kafka.Config {
		return kafka.Config{Brokers: c.Brokers, TLS: &kafka.TLS{CA: broker.PEM, Cert: cert, Key: key}}
	}
	if err := connects(t.Context(), config(clients.Certify(t, User))); err != nil {
		t.Errorf("with a certificate of the right authority: %v", err)
	}
	refused(t, config("", ""), "client certificate")
	refused(t, config(stranger.Certify(t, User)), "client certificate")
	refused(t, config(clients.Expired(t, User)), "client certificate")
}

func TestNewClientRefusesAnExpiredBroker(t *testing.T) {
	authority := NewAuthority(t)
	expired := pair(t)(authority.Expired(t, "kfake"))
	c := Fake(t, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{expired}}))
	refused(t, kafka.Config{Brokers: c.Brokers, TLS: &kafka.TLS{CA: authority.PEM}}, "not valid, by date or use")
}

func TestRenewedClientCertificateNeedsNoRestart(t *testing.T) {
	authority := NewAuthority(t)
	c := Fake(t, kfake.TLS(serverTLS(t, authority, authority)))
	dir := t.TempDir()
	config := kafka.Config{Brokers: c.Brokers, TLS: &kafka.TLS{CA: authority.PEM, Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}}
	install := func(cert, key string) {
		t.Helper()
		if err := errors.Join(os.WriteFile(config.TLS.Cert, []byte(cert), 0o600), os.WriteFile(config.TLS.Key, []byte(key), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	install(authority.Expired(t, User))
	opts, err := config.Options()
	if err != nil {
		t.Fatal(err)
	}
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if err := cl.Ping(t.Context()); err == nil {
		t.Fatal("the expired certificate was taken")
	}
	install(authority.Certify(t, User))
	if err := cl.Ping(t.Context()); err != nil {
		t.Errorf("the same client with the renewed certificate: %v", err)
	}
}

// serverTLS is a broker's side of mTLS.
func serverTLS(t *testing.T, broker, clients *Authority) *tls.Config {
	t.Helper()
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM([]byte(clients.PEM))
	return &tls.Config{Certificates: []tls.Certificate{pair(t)(broker.Certify(t, "kfake"))}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: trusted}
}

// pair makes a tls.Certificate of PEM.
func pair(t *testing.T) func(cert, key string) tls.Certificate {
	return func(cert, key string) tls.Certificate {
		t.Helper()
		p, err := tls.X509KeyPair([]byte(cert), []byte(key))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
}
