package config

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

func TestNoPrintingShowsASecret(t *testing.T) {
	const canary = "CANARY-4711"
	holder := struct {
		Password Secret
		Pointer  *Secret
		Nested   map[string]Secret
	}{NewSecret(canary), &Secret{canary}, map[string]Secret{"a": NewSecret(canary)}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		fmt.Fprintf(&out, verb+"\n", holder)
		fmt.Fprintf(&out, verb+"\n", holder.Password)
		fmt.Fprintf(&out, verb+"\n", holder.Pointer)
	}
	if err := json.NewEncoder(&out).Encode(holder); err != nil {
		t.Fatal(err)
	}
	if err := yaml.NewEncoder(&out).Encode(holder); err != nil {
		t.Fatal(err)
	}
	for _, h := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		slog.New(h).Info("m", "holder", holder, "secret", holder.Password, "pointer", holder.Pointer)
	}
	hex := fmt.Sprintf("%x", canary)
	if s := out.String(); strings.Contains(s, canary) || strings.Contains(s, hex) || strings.Contains(s, "67, 65") || strings.Contains(s, "67 65") {
		t.Errorf("a secret is shown:\n%s", s)
	}
	if got := holder.Password.Reveal(); got != canary {
		t.Errorf("Reveal: got %q, want the text", got)
	}
	if got := (Secret{}).String(); got != "" {
		t.Errorf("no secret: got %q, want nothing", got)
	}
}

func TestVariablesExpandAsInAShell(t *testing.T) {
	env := map[string]string{"A": "x", "EMPTY": "", "BRACES": "${A}"}
	lookup := func(n string) (string, bool) { v, ok := env[n]; return v, ok }
	for _, test := range []struct {
		text, want string
		missing    []string
		malformed  bool
	}{
		{text: "plain", want: "plain"},
		{text: "${A}", want: "x"},
		{text: "a${A}b${A}c", want: "axbxc"},
		{text: "${GONE:-y}", want: "y"},
		{text: "${GONE:-}", want: ""},
		{text: "${EMPTY}", want: ""},
		{text: "${EMPTY:-y}", want: "y"},
		{text: "${BRACES}", want: "${A}"}, // what a variable holds is not expanded again
		{text: "$${A}", want: "${A}"},
		{text: "$A $ $$", want: "$A $ $$"},
		{text: "${GONE}${LOST}", missing: []string{"GONE", "LOST"}},
		{text: "${A", malformed: true},
		{text: "${}", malformed: true},
		{text: "${1A}", malformed: true},
	} {
		got, missing, malformed := expand(test.text, lookup)
		if got != test.want || !slices.Equal(missing, test.missing) || malformed != test.malformed {
			t.Errorf("%q: got %q, missing %v, malformed %v; want %q, %v, %v", test.text, got, missing, malformed, test.want, test.missing, test.malformed)
		}
	}
}

func TestSecretsComeFromFilesWithoutTheNewline(t *testing.T) {
	for content, want := range map[string]string{"CANARY\n": "CANARY", "CANARY\r\n": "CANARY", "CANARY": "CANARY", " CANARY \n\n": " CANARY \n"} {
		c := mustLoad(t, "weir.yaml", "kafka: {brokers: ['a:1'], sasl: {mechanism: SCRAM-SHA-512, user: file:user, password: file:pw}}\n"+small,
			"pw", content, "user", "u\n")
		if got := c.Kafka.SASL.Password.Reveal(); got != want {
			t.Errorf("%q: got %q, want %q", content, got, want)
		}
		if c.Kafka.SASL.User != "u" || len(c.Warnings) != 0 {
			t.Errorf("got user %q, warnings %v, want u and none", c.Kafka.SASL.User, c.Warnings)
		}
	}
}

func TestSecretFilesThatCannotBeAreFaults(t *testing.T) {
	file := "kafka: {brokers: ['a:1'], sasl: {mechanism: SCRAM-SHA-512, user: u, password: file:pw}}\n" + small
	if got := messages(t, "weir.yaml", file); !strings.Contains(got, "pw: no such file") {
		t.Errorf("missing: got %s", got)
	}
	if got := messages(t, "weir.yaml", file, "pw", "\n"); !strings.Contains(got, "pw is empty") {
		t.Errorf("empty: got %s", got)
	}
	if got := messages(t, "weir.yaml", file, "pw", strings.Repeat("x", maxSecretFile+1)); !strings.Contains(got, "larger than 1 MiB") {
		t.Errorf("large: got %s", got)
	}
}

// certificate makes a self-signed certificate and its key, PEM.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	kder, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: kder}))
}

func TestClientCertificatesArePassedOnByPath(t *testing.T) {
	cert, key := certificate(t)
	file := "kafka: {brokers: ['a:1', 'b:2'], client_id: x, tls: {ca: file:ca.pem, cert: file:ca.pem, key: file:key.pem, server_name: n}}\n" + small
	c := mustLoad(t, "weir.yaml", file, "ca.pem", cert, "key.pem", key)
	k := c.Kafka.Client(nil)
	if k.TLS == nil || !strings.HasSuffix(k.TLS.Cert, "/ca.pem") || !strings.HasSuffix(k.TLS.Key, "/key.pem") || k.TLS.ServerName != "n" {
		t.Errorf("got %+v, want paths", k.TLS)
	}
	if k.SASL != nil || k.ClientID != "x" || !slices.Equal(k.Brokers, []string{"a:1", "b:2"}) {
		t.Errorf("got %+v", k)
	}
	if _, err := k.Options(); err != nil {
		t.Errorf("Options: got %v, want none", err)
	}
	_, other := certificate(t)
	if got := messages(t, "weir.yaml", file, "ca.pem", cert, "key.pem", other); !strings.Contains(got, "do not work together") {
		t.Errorf("another key: got %s", got)
	}
}

func TestCertificatesMayStandInTheFile(t *testing.T) {
	cert, key := certificate(t)
	block := func(s string) string {
		return "|\n      " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n      ") + "\n"
	}
	c := mustLoad(t, "weir.yaml", "kafka:\n  brokers: ['a:1']\n  tls:\n    cert: "+block(cert)+"    key: "+block(key)+small)
	if k := c.Kafka.Client(nil); !strings.Contains(k.TLS.Cert, "BEGIN CERTIFICATE") || !strings.Contains(k.TLS.Key, "BEGIN PRIVATE KEY") {
		t.Errorf("got %v, want the texts", k.TLS.ServerName)
	}
	for _, w := range c.Warnings {
		if strings.Contains(w.String(), strings.Split(key, "\n")[1]) {
			t.Errorf("a warning shows the key:\n%s", w)
		}
	}
}

func TestTLSIsOnWhenAnythingIsSaidAboutIt(t *testing.T) {
	for tls, want := range map[string]bool{"": false, ", tls: {}": false, ", tls: {enabled: true}": true, ", tls: {server_name: n}": true,
		", tls: {enabled: false, server_name: n}": false, ", tls: ": false} {
		c := mustLoad(t, "weir.yaml", "kafka: {brokers: ['a:1']"+tls+"}\n"+small)
		if got := c.Kafka.Client(nil).TLS != nil; got != want {
			t.Errorf("%q: got %v, want %v", tls, got, want)
		}
	}
}

func TestSASLReachesTheClient(t *testing.T) {
	t.Setenv("WEIR_TEST_PW", "CANARY")
	c := mustLoad(t, "weir.yaml", "kafka: {brokers: 'a:1, b:2', tls: {enabled: true}, sasl: {mechanism: PLAIN, user: u, password: '${WEIR_TEST_PW}'}}\n"+small)
	s := c.Kafka.Client(nil).SASL
	if s == nil || s.Mechanism != Plain || s.User != "u" || s.Password != "CANARY" || s.AllowPlaintext {
		t.Errorf("got %v", s)
	}
	if got := c.Kafka.Brokers; !slices.Equal(got, []string{"a:1", "b:2"}) {
		t.Errorf("brokers from one text: got %v", got)
	}
}

func TestSizesReadAndPrint(t *testing.T) {
	for text, want := range map[string]Size{"1 MiB": 1 << 20, "512KiB": 512 << 10, "1000": 1000, "1 MB": 1e6, "3 GiB": 3 << 30} {
		got, err := parseSize(text)
		if err != nil || got != want {
			t.Errorf("%q: got %d, %v, want %d", text, got, err, want)
		}
		if back, err := parseSize(got.String()); err != nil || back != got {
			t.Errorf("%q printed as %q: got %d, %v", text, got, back, err)
		}
	}
}
