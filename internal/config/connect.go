package config

import (
	"cmp"
	"log/slog"

	"weir/internal/kafka"
)

// Client is the configuration as package kafka wants it. Certificates and keys that came from files are passed on by
// path, so that renewed ones are used without a restart.
func (k Kafka) Client(log *slog.Logger) kafka.Config {
	c := kafka.Config{Brokers: k.Brokers, ClientID: k.ClientID, Log: log}
	if t := k.TLS; t.Enabled {
		c.TLS = &kafka.TLS{
			CA:                 cmp.Or(t.CA.File, t.CA.Text),
			Cert:               cmp.Or(t.Cert.File, t.Cert.Text),
			Key:                cmp.Or(t.KeyFile, t.Key.Reveal()),
			ServerName:         t.ServerName,
			InsecureSkipVerify: t.InsecureSkipVerify,
		}
	}
	if s := k.SASL; s.Mechanism != "" {
		c.SASL = &kafka.SASL{Mechanism: s.Mechanism, User: s.User, Password: s.Password.Reveal(), AllowPlaintext: s.AllowPlaintext}
	}
	return c
}
