// Command reach tells whether a web server can be reached: it gets one URL and exits with 0 after a 200, with 4
// when no server answered (name not resolved, connection refused or cut, no answer in time, a proxy that does not
// let it through), and with 1 after anything else, a faulty certificate included. It judges no content.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"
)

const (
	exitWrong     = 1
	exitNoAnswer  = 4
	answerTimeout = 15 * time.Second
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: reach URL")
		os.Exit(exitWrong)
	}
	switch err := get(os.Args[1]); {
	case err == nil:
	case noAnswer(err):
		fmt.Fprintln(os.Stderr, "reach: no answer:", err)
		os.Exit(exitNoAnswer)
	default:
		fmt.Fprintln(os.Stderr, "reach:", err)
		os.Exit(exitWrong)
	}
}

var errProxy = errors.New("the proxy does not let it through")

func get(address string) error {
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		OnProxyConnectResponse: func(_ context.Context, proxy *url.URL, _ *http.Request, answer *http.Response) error {
			if answer.StatusCode == http.StatusOK {
				return nil
			}
			return fmt.Errorf("%s: %s: %w", proxy.Host, answer.Status, errProxy)
		},
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("get %s: %s", address, response.Status)
	}
	return nil
}

// noAnswer lists what counts as out of reach, so that every other error counts as a fault.
func noAnswer(err error) bool {
	var network *net.OpError
	return errors.Is(err, errProxy) ||
		errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, io.EOF) ||
		errors.As(err, &network) && network.Op != "remote error" // which is a TLS alert: somebody answered
}
