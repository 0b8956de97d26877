package web

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"weir/internal/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a server for one test and returns its address; the server has ended when the test has.
func serve(t *testing.T, s *telemetry.Status) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	addr, ended := make(chan string, 1), make(chan error, 1)
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "figures\n") })
	go func() {
		ended <- Serve(ctx, "127.0.0.1:0", Options{Status: s, Metrics: metrics, Log: slog.New(slog.DiscardHandler),
			Listening: func(a net.Addr) { addr <- a.String() }})
	}()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve after its context ended: got %v, want nil", err)
		}
	})
	select {
	case a := <-addr:
		return a
	case err := <-ended:
		t.Fatalf("Serve: %v", err)
		return ""
	}
}

func ask(t *testing.T, method, addr, path, host string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+addr+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		r.Host = host
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func TestReadyzIs503UntilEveryStageIsReadyAndWhileDraining(t *testing.T) {
	s := telemetry.NewStatus()
	addr := serve(t, s)
	check := func(moment string, want int) {
		t.Helper()
		if resp, body := ask(t, "GET", addr, "/readyz", ""); resp.StatusCode != want {
			t.Errorf("/readyz %s: got %d, want %d\n%s", moment, resp.StatusCode, want, body)
		}
	}
	check("before any stage", 503)
	s.SetStage("gate", true, "")
	s.SetStage("monitor", false, "reading state")
	check("with one of two stages", 503)
	s.SetStage("monitor", true, "")
	s.SetRoute("flights.raw", telemetry.Stopped, "contract refused")
	check("with a stopped route", 200)
	s.Draining()
	check("while draining", 503)
	if resp, body := ask(t, "GET", addr, "/livez", ""); resp.StatusCode != 200 || body != "ok\n" {
		t.Errorf("/livez while draining: got %d %q, want 200 ok", resp.StatusCode, body)
	}
}

func TestReadyzTellsEachRouteWithReason(t *testing.T) {
	s := telemetry.NewStatus()
	s.SetStage("gate", true, "")
	s.SetRoute("orders.raw", telemetry.Waiting, "output orders.features is gone")
	_, body := ask(t, "GET", serve(t, s), "/readyz", "")
	var got telemetry.Health
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatalf("/readyz is not JSON: %v\n%s", err, body)
	}
	r := got.Routes["orders.raw"]
	if r.State != telemetry.Waiting || r.Reason != "output orders.features is gone" || r.Since.IsZero() {
		t.Errorf("route: got %+v, want waiting with reason and since", r)
	}
}

func TestForeignHostNamesAreRefusedOnTheLoopback(t *testing.T) {
	addr := serve(t, telemetry.NewStatus())
	for host, want := range map[string]int{
		"": 200, "localhost": 200, "localhost:8080": 200, "127.0.0.1:1": 200, "[::1]:8080": 200, "[::1]": 200,
		"evil.example": 421, "evil.example:8080": 421, "127.0.0.1.evil.example": 421, "10.0.0.1": 421,
	} {
		if resp, _ := ask(t, "GET", addr, "/livez", host); resp.StatusCode != want {
			t.Errorf("Host %q: got %d, want %d", host, resp.StatusCode, want)
		}
	}
}

func TestEveryAnswerCarriesSecurityHeaders(t *testing.T) {
	addr := serve(t, telemetry.NewStatus())
	for _, path := range []string{"/livez", "/readyz", "/metrics", "/nothing"} {
		resp, _ := ask(t, "GET", addr, path, "")
		if got := resp.Header.Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("%s: X-Content-Type-Options: got %q, want nosniff", path, got)
		}
		if got := resp.Header.Get("Content-Security-Policy"); !strings.Contains(got, "frame-ancestors 'none'") {
			t.Errorf("%s: Content-Security-Policy: got %q, want frame-ancestors 'none' in it", path, got)
		}
	}
}

func TestOnlyReadsAreAnswered(t *testing.T) {
	addr := serve(t, telemetry.NewStatus())
	for _, method := range []string{"POST", "PUT", "DELETE"} {
		if resp, _ := ask(t, method, addr, "/metrics", ""); resp.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("%s /metrics: got %d, want 405", method, resp.StatusCode)
		}
	}
	if resp, body := ask(t, "GET", addr, "/metrics", ""); resp.StatusCode != 200 || body != "figures\n" {
		t.Errorf("GET /metrics: got %d %q, want the handler's answer", resp.StatusCode, body)
	}
}

func TestAddressesOthersCanReachNeedPermission(t *testing.T) {
	o := Options{Status: telemetry.NewStatus(), Metrics: http.NotFoundHandler(), Log: slog.New(slog.DiscardHandler)}
	if err := Serve(t.Context(), "0.0.0.0:0", o); err == nil || !strings.Contains(err.Error(), "allow_remote") {
		t.Errorf("without permission: got %v, want an error naming allow_remote", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	o.AllowRemote, o.Listening = true, func(net.Addr) { cancel() }
	if err := Serve(ctx, "0.0.0.0:0", o); err != nil {
		t.Errorf("with permission: got %v, want nil", err)
	}
}

func TestAnAddressInUseIsNamed(t *testing.T) {
	addr := serve(t, telemetry.NewStatus())
	o := Options{Status: telemetry.NewStatus(), Metrics: http.NotFoundHandler(), Log: slog.New(slog.DiscardHandler)}
	if err := Serve(t.Context(), addr, o); err == nil || !strings.Contains(err.Error(), addr) {
		t.Errorf("second server: got %v, want an error naming %s", err, addr)
	}
}
