// Package web serves a process's probes and metrics over HTTP: /livez, /readyz and /metrics. In go a
// telemetry.Status and a metrics handler, out come read-only answers; it changes nothing, knows no login, and
// therefore listens on the loopback unless told otherwise.
package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"weir/internal/telemetry"
)

// Options are what is served.
type Options struct {
	Status  *telemetry.Status
	Metrics http.Handler
	Log     *slog.Logger
	// AllowRemote permits addresses other machines can reach; without it Serve refuses them.
	AllowRemote bool
	// Listening is called once with the address in use, which differs from the one asked for when its port is 0.
	// Optional.
	Listening func(net.Addr)
}

// closing bounds how long open requests may take once the context has ended.
const closing = 5 * time.Second

// Serve answers on listen (host:port) until ctx ends, then lets open requests finish. The context is to outlive the
// draining of the stages, so that /readyz can say "draining". The error says that the address could not be had, or
// that the server broke.
func Serve(ctx context.Context, listen string, o Options) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("listen on %s for probes and metrics (http.listen): %w", listen, err)
	}
	local := isLoopback(l.Addr())
	if !local && !o.AllowRemote {
		return errors.Join(fmt.Errorf("listen on %s: other machines can reach it, which needs allow_remote: true", listen), l.Close())
	}
	if o.Listening != nil {
		o.Listening(l.Addr())
	}
	server := &http.Server{
		Handler:           guard(routes(o), local),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve probes and metrics on %s: %w", listen, err)
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	if err := server.Shutdown(end); err != nil {
		_ = server.Close() // requests that outlast closing are cut
	}
	<-served
	return nil
}

func routes(o Options) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { readiness(w, o.Status.Health()) })
	mux.Handle("GET /metrics", o.Metrics)
	return mux
}

// readiness answers 200 or 503, with each stage's and each route's state either way.
func readiness(w http.ResponseWriter, h telemetry.Health) {
	body, err := json.MarshalIndent(h, "", "  ")
	if err != nil {
		http.Error(w, "render health", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if !h.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, _ = w.Write(append(body, '\n'))
}

// guard sets the headers every answer carries, and on the loopback refuses requests for any other host: a web page
// whose name was made to point here (DNS rebinding) must not read the answers.
func guard(next http.Handler, local bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; script-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if local && !isLocalName(r.Host) {
			http.Error(w, "this address answers for localhost only", http.StatusMisdirectedRequest)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		next.ServeHTTP(w, r)
	})
}

func isLoopback(a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	return ok && t.IP.IsLoopback()
}

// isLocalName says whether a Host header names this machine to itself.
func isLocalName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if len(host) > 1 && host[0] == '[' && host[len(host)-1] == ']' {
		host = host[1 : len(host)-1]
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
