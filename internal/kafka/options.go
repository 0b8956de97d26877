package kafka

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
	"github.com/twmb/franz-go/plugin/kslog"
)

// Config is how to reach a cluster.
type Config struct {
	Brokers  []string     // host:port
	ClientID string       // default "weir"
	TLS      *TLS         // nil: no TLS
	SASL     *SASL        // nil: no authentication but what TLS brings
	Log      *slog.Logger // nil: nothing is logged
}

// TLS is version 1.2 or later with the broker's name verified. CA, Cert and Key are PEM text or the path of a file
// that holds it; a file of Cert and Key is read again at each connection, so that a renewed certificate is used
// without a restart.
type TLS struct {
	CA         string // authorities to trust instead of the system's
	Cert, Key  string // client certificate, for mTLS; both or none
	ServerName string // name to verify instead of the broker's address

	// InsecureSkipVerify accepts any certificate. For development only: each client logs a warning.
	InsecureSkipVerify bool
}

// SASL is user and password by one of PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512.
type SASL struct {
	Mechanism      string
	User, Password string
	AllowPlaintext bool // PLAIN without TLS, which shows the password to the network
}

// String leaves the password out.
func (s SASL) String() string { return fmt.Sprintf("%s as %s", s.Mechanism, s.User) }

// GoString leaves the password out.
func (s SASL) GoString() string { return s.String() }

// LogValue leaves the password out.
func (s SASL) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Options are the kgo options for the connection: brokers, TLS, SASL, client id, logger. Every fault of the
// configuration is reported at once.
func (c Config) Options() ([]kgo.Opt, error) {
	var errs []error
	if len(c.Brokers) == 0 {
		errs = append(errs, errors.New("no brokers given"))
	}
	opts := []kgo.Opt{kgo.SeedBrokers(c.Brokers...), kgo.ClientID(cmp.Or(c.ClientID, "weir"))}
	if c.Log != nil {
		opts = append(opts, kgo.WithLogger(quiet{kslog.New(c.Log)}))
	}
	if c.TLS != nil {
		t, err := c.TLS.config()
		if err != nil {
			errs = append(errs, err)
		} else {
			opts = append(opts, kgo.DialTLSConfig(t))
		}
		if c.TLS.InsecureSkipVerify && c.Log != nil {
			c.Log.Warn("TLS certificates of the brokers are NOT verified: anybody in between can read and change records; for development only")
		}
	}
	if c.SASL != nil {
		m, err := c.SASL.mechanism(c.TLS != nil)
		if err != nil {
			errs = append(errs, err)
		} else {
			opts = append(opts, kgo.SASL(m))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("configure connection: %w", err)
	}
	return opts, nil
}

func (t *TLS) config() (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName, InsecureSkipVerify: t.InsecureSkipVerify}
	if t.CA != "" {
		pem, err := readPEM(t.CA)
		if err != nil {
			return nil, fmt.Errorf("read tls.ca: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("read tls.ca: no certificate in it")
		}
	}
	switch {
	case t.Cert == "" && t.Key == "":
		return cfg, nil
	case t.Cert == "" || t.Key == "":
		return nil, errors.New("tls.cert and tls.key go together: one of them is missing")
	}
	pair := func() (*tls.Certificate, error) {
		cert, err := readPEM(t.Cert)
		if err != nil {
			return nil, fmt.Errorf("read tls.cert: %w", err)
		}
		key, err := readPEM(t.Key)
		if err != nil {
			return nil, fmt.Errorf("read tls.key: %w", err)
		}
		c, err := tls.X509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("read tls.cert and tls.key: %w", err)
		}
		return &c, nil
	}
	if _, err := pair(); err != nil {
		return nil, err
	}
	cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return pair() }
	return cfg, nil
}

func readPEM(textOrPath string) ([]byte, error) {
	if strings.Contains(textOrPath, "-----BEGIN") {
		return []byte(textOrPath), nil
	}
	return os.ReadFile(textOrPath)
}

func (s *SASL) mechanism(encrypted bool) (sasl.Mechanism, error) {
	if s.User == "" || s.Password == "" {
		return nil, errors.New("sasl needs a user and a password")
	}
	switch strings.ToUpper(s.Mechanism) {
	case "PLAIN":
		if !encrypted && !s.AllowPlaintext {
			return nil, errors.New("SASL PLAIN without TLS shows the password to the network: turn TLS on, or use SCRAM-SHA-512")
		}
		return plain.Auth{User: s.User, Pass: s.Password}.AsMechanism(), nil
	case "SCRAM-SHA-256":
		return scram.Auth{User: s.User, Pass: s.Password}.AsSha256Mechanism(), nil
	case "SCRAM-SHA-512":
		return scram.Auth{User: s.User, Pass: s.Password}.AsSha512Mechanism(), nil
	}
	return nil, fmt.Errorf("sasl mechanism %q is not one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512", s.Mechanism)
}

// quiet lowers what kgo calls info, which is a line per transaction, to debug.
type quiet struct{ *kslog.Logger }

func (q quiet) Level() kgo.LogLevel {
	if l := q.Logger.Level(); l != kgo.LogLevelInfo {
		return l
	}
	return kgo.LogLevelWarn
}

func (q quiet) Log(level kgo.LogLevel, msg string, keyvals ...any) {
	if level == kgo.LogLevelInfo {
		level = kgo.LogLevelDebug
	}
	q.Logger.Log(level, msg, keyvals...)
}
