package config

import (
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

func readKafka(v value, k *Kafka) {
	given := v.mapping(keys{
		"brokers": func(v value) {
			v.texts(&k.Brokers)
			for _, b := range k.Brokers {
				if !isHostPort(b) {
					v.fault("write host:port, for example "+strings.TrimSuffix(b, ":")+":9092", "%q is not host:port", b)
				}
			}
			if len(k.Brokers) == 0 {
				v.fault("name at least one broker: [kafka-1:9092]", "no brokers")
			}
		},
		"client_id": func(v value) { readName(v, &k.ClientID) },
		"tls":       func(v value) { readTLS(v, &k.TLS) },
		"sasl":      func(v value) { readSASL(v, &k.SASL) },
	})
	if _, ok := given["brokers"]; !ok {
		v.fault("add brokers: [host:port]", "brokers is missing")
	}
	if s := given["sasl"]; k.SASL.Mechanism == Plain && !k.TLS.Enabled {
		if !k.SASL.AllowPlaintext {
			s.fault("add tls: {enabled: true}, use SCRAM-SHA-512, or accept it with allow_plaintext: true",
				"PLAIN without TLS shows the password to the network")
		} else {
			s.warn("add tls: {enabled: true}", "PLAIN without TLS shows the password to the network (allow_plaintext)")
		}
	}
}

func readTLS(v value, t *TLS) {
	given := v.mapping(keys{
		"enabled": func(v value) { v.boolean(&t.Enabled) },
		"ca": func(v value) {
			var ok bool
			if t.CA.File, ok = v.referenced(&t.CA.Text); ok {
				checkAuthorities(v, t.CA.Text)
			}
		},
		"cert":                 func(v value) { t.Cert.File, _ = v.referenced(&t.Cert.Text) },
		"key":                  func(v value) { t.KeyFile = v.secret(&t.Key) },
		"server_name":          func(v value) { v.text(&t.ServerName) },
		"insecure_skip_verify": func(v value) { v.boolean(&t.InsecureSkipVerify) },
	})
	_, said := given["enabled"]
	t.Enabled = t.Enabled || !said && len(given) > 0
	_, hasCert := given["cert"]
	_, hasKey := given["key"]
	switch {
	case hasCert && !hasKey:
		given["cert"].fault("add key: file:/path/to/key.pem", "a client certificate without its key")
	case hasKey && !hasCert:
		given["key"].fault("add cert: file:/path/to/cert.pem", "a key without its certificate")
	case !t.Cert.IsZero() && !t.Key.IsZero():
		checkPair(given["cert"], *t)
	}
	if t.InsecureSkipVerify {
		given["insecure_skip_verify"].warn("name the authority with ca: file:/path, and the certificate's name with server_name",
			"any server may pose as the broker")
	}
}

func readSASL(v value, s *SASL) {
	before := len(*v.faults)
	given := v.mapping(keys{
		"mechanism":       func(v value) { v.oneOf(&s.Mechanism, Plain, ScramSHA256, ScramSHA512) },
		"user":            func(v value) { _, _ = v.referenced(&s.User) },
		"password":        func(v value) { v.secret(&s.Password) },
		"allow_plaintext": func(v value) { v.boolean(&s.AllowPlaintext) },
	})
	for _, key := range []string{"mechanism", "user", "password"} {
		if _, ok := given[key]; !ok && len(given) > 0 {
			v.fault("sasl needs mechanism, user and password", "%s is missing", key)
		}
	}
	_, wasNull := given["password"].node.(*ast.NullNode)
	if _, ok := given["password"]; ok && s.Password.IsZero() && (wasNull || len(*v.faults) == before) {
		given["password"].fault("give the password as ${VARIABLE} or file:/path", "is empty")
	}
}

func readLimits(v value, l *Limits) {
	v.mapping(keys{
		"max_record_bytes": func(v value) { v.size(&l.MaxRecordBytes, 1, 1<<30) },
		"max_poll_records": func(v value) { v.count(&l.MaxPollRecords, 1, 1_000_000) },
		"commit_interval":  func(v value) { v.duration(&l.CommitInterval, time.Millisecond, 5*time.Second) },
	})
}

func readTelemetry(v value, t *Telemetry) {
	v.mapping(keys{
		"log_level": func(v value) {
			levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
			s := ""
			if v.oneOf(&s, "debug", "info", "warn", "error") {
				t.LogLevel = levels[s]
			}
		},
		"log_format": func(v value) { v.oneOf((*string)(&t.LogFormat), string(LogAuto), string(LogText), string(LogJSON)) },
	})
}

func readHTTP(v value, h *HTTP) {
	given := v.mapping(keys{
		"listen": func(v value) {
			if s := ""; v.text(&s) {
				h.Listen = s
			}
		},
		"allow_remote": func(v value) { v.boolean(&h.AllowRemote) },
	})
	at, ok := given["listen"]
	switch {
	case !ok:
	case h.Listen == "" || h.Listen == "off":
		h.Listen = ""
	case !isListen(h.Listen):
		at.fault("write host:port, for example 127.0.0.1:8080, or off", "%q is not host:port", h.Listen)
	case isLoopback(h.Listen):
	case !h.AllowRemote:
		at.fault("listen on 127.0.0.1, or say allow_remote: true; there is no login", "%s can be reached from other machines", h.Listen)
	default:
		at.warn("listen on 127.0.0.1 where nobody else needs it", "%s can be reached from other machines, and there is no login", h.Listen)
	}
}

// readName reads what becomes part of topic names, transactional ids or labels.
func readName(v value, to *string) {
	var s string
	if !v.text(&s) {
		return
	}
	if len(s) > 200 || !fitName.MatchString(s) {
		v.fault("use letters, digits, dots, dashes and underscores, at most 200, a letter or digit first", "%q is not a name", s)
		return
	}
	*to = s
}

func readTopic(v value, to *string) {
	var s string
	if !v.text(&s) {
		return
	}
	if !topicName.MatchString(s) || s == "." || s == ".." {
		v.fault("Kafka allows letters, digits, dots, dashes and underscores, at most 249", "%q is not a topic name", s)
		return
	}
	*to = s
}

func readContract(v value, to *string) {
	var s string
	if !v.text(&s) {
		return
	}
	name, version, ok := strings.Cut(s, "@")
	switch {
	case !ok && fitName.MatchString(s):
		v.fault("write "+s+"@VERSION, for example "+s+"@1.0.0", "%q names no version", s)
	case !fitName.MatchString(name) || !fitName.MatchString(version):
		v.fault("write NAME@VERSION, for example flights@1.0.0", "%q is not a contract's name and version", s)
	default:
		*to = s
	}
}

func isHostPort(s string) bool {
	host, _, err := net.SplitHostPort(s)
	return err == nil && host != "" && isListen(s) && !strings.HasSuffix(s, ":0")
}

func isListen(s string) bool {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

func isLoopback(listen string) bool {
	host, _, _ := net.SplitHostPort(listen)
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
