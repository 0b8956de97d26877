package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// connectTimeout bounds how long NewClient waits for the first answer of any broker.
const connectTimeout = 5 * time.Second

// NewClient is a client of a cluster that has proven to answer this configuration. A configuration that cannot work is returned
// as it is, a cluster that does not answer or refuses within a few seconds as a *ConnectionError.
func NewClient(ctx context.Context, c Config, opts ...kgo.Opt) (*kgo.Client, error) {
	base, err := c.Options()
	if err != nil {
		return nil, err
	}
	if err := probe(ctx, c, base); err != nil {
		return nil, err
	}
	cl, err := kgo.NewClient(append(base, opts...)...)
	if err != nil {
		return nil, fmt.Errorf("configure client: %w", err)
	}
	return cl, nil
}

// probe asks the cluster one question with a client of its own, whose patience would be too short for work.
func probe(ctx context.Context, c Config, base []kgo.Opt) error {
	cl, err := kgo.NewClient(append(base[:len(base):len(base)], kgo.DialTimeout(connectTimeout), kgo.RequestTimeoutOverhead(connectTimeout))...)
	if err != nil {
		return fmt.Errorf("configure client: %w", err)
	}
	defer cl.Close()
	pingCtx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	err = cl.Ping(pingCtx)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return &ConnectionError{Brokers: c.Brokers, Err: err, Hint: connectHint(err, c)}
}

// connectHint guesses from an error what an operator should look at.
func connectHint(err error, c Config) string {
	var (
		dns      *net.DNSError
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
		header   tls.RecordHeaderError
		op       *net.OpError
	)
	text := err.Error() // kgo tells at what stage it was hung up on in words only
	switch {
	case errors.Is(err, kerr.SaslAuthenticationFailed):
		return fmt.Sprintf("the broker refused user %q by %s: check user, password and mechanism", c.SASL.User, c.SASL.Mechanism)
	case errors.Is(err, kerr.UnsupportedSaslMechanism):
		return fmt.Sprintf("the broker does not offer %s", c.SASL.Mechanism)
	case errors.As(err, &unknown):
		return "the broker's certificate is signed by an authority this machine does not know: set tls.ca"
	case errors.As(err, &hostname):
		return "the broker's certificate is for another name: check the address, or set tls.server_name"
	case errors.As(err, &invalid):
		return "the broker's certificate is not valid, by date or use"
	case errors.As(err, &header):
		return "the broker does not speak TLS on this port: another port, or tls.enabled: false"
	case c.TLS != nil && strings.Contains(text, "immediately after a dial"):
		return "the broker hung up at the first word of TLS: it may not speak TLS on this port (another port, or tls.enabled: false)"
	case c.TLS == nil && strings.Contains(text, "tls alert record"):
		return "this port wants TLS: another port, or tls.enabled: true"
	case errors.Is(err, kerr.IllegalSaslState):
		return "this port does not ask for SASL: another port, or no sasl settings"
	case c.TLS != nil && errors.As(err, &op) && op.Op == "remote error": // crypto/tls's name for an alert it received
		return alertHint(text, c.TLS)
	case errors.As(err, &dns):
		return "the name cannot be resolved: check the broker's address"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there: is the broker running, and is this its address?"
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return hungUpHint(c)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("no answer within %s: is a firewall in between, or does this port want TLS?", connectTimeout)
	}
	return ""
}

// alertHint is for a TLS handshake that the broker ended with an alert.
func alertHint(alert string, t *TLS) string {
	switch {
	case strings.Contains(alert, "protocol version"):
		return "the broker speaks no TLS of version 1.2 or later"
	case t.Cert == "":
		return "the broker ended the TLS handshake: it may ask for a client certificate (tls.cert, tls.key)"
	}
	return "the broker did not take the client certificate: is tls.cert signed by an authority the broker trusts, and not expired?"
}

// hungUpHint is for a broker that ended the connection without a word. With TLS 1.3 that may be about the client
// certificate: the broker's alert is lost when our first request has crossed it.
func hungUpHint(c Config) string {
	switch {
	case c.SASL != nil && c.TLS == nil:
		return fmt.Sprintf("the broker hung up while %q signed in by %s: check user, password and mechanism, and whether this port wants TLS", c.SASL.User, c.SASL.Mechanism)
	case c.SASL != nil:
		return fmt.Sprintf("the broker hung up while %q signed in by %s: check user, password and mechanism, and whether this port wants a client certificate", c.SASL.User, c.SASL.Mechanism)
	case c.TLS == nil:
		return "the broker hung up at once: does this port want TLS or SASL?"
	}
	return "the broker hung up after the TLS handshake: does this port want SASL, or another client certificate (tls.cert, tls.key)?"
}
