package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// Exit codes of `echo get`: those of curl, so that one table reads both.
const (
	exitOK      = 0
	exitUsage   = 2
	exitDNS     = 6
	exitConnect = 7 // refused, or no route
	exitHTTP    = 22
	exitTimeout = 28
	exitReceive = 56 // the connection broke after it was made
)

// get fetches one URL and prints the body. What fails goes to stderr, in one line.
func get(arguments []string, stdout, stderr io.Writer) int {
	url, timeout, err := parseGet(arguments)
	if err != nil {
		fmt.Fprintf(stderr, "echo get: %v; usage: echo get URL [--timeout 2s]\n", err)
		return exitUsage
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	body, err := fetch(ctx, url)
	if err != nil {
		fmt.Fprintln(stderr, "echo get:", err)
		return exitCode(err)
	}
	stdout.Write(body)
	return exitOK
}

// parseGet takes the flag before or after the URL.
func parseGet(arguments []string) (url string, timeout time.Duration, err error) {
	flags := flag.NewFlagSet("get", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.DurationVar(&timeout, "timeout", 2*time.Second, "")
	for rest := arguments; ; rest = flags.Args()[1:] {
		if err := flags.Parse(rest); err != nil {
			return "", 0, err
		}
		if flags.NArg() == 0 {
			break
		}
		if url != "" {
			return "", 0, fmt.Errorf("one URL is allowed, got %q and %q", url, flags.Arg(0))
		}
		url = flags.Arg(0)
	}
	if url == "" {
		return "", 0, errors.New("no URL")
	}
	if timeout <= 0 {
		return "", 0, fmt.Errorf("--timeout must be above 0, got %v", timeout)
	}
	return url, timeout, nil
}

// statusError is an answer other than 2xx.
type statusError string

func (status statusError) Error() string { return "HTTP status " + string(status) }

func fetch(ctx context.Context, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	// No proxy from the environment: the packet must take the cluster's own path.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return nil, statusError(response.Status)
	}
	return body, nil
}

func exitCode(err error) int {
	var status statusError
	var lookup *net.DNSError
	var network *net.OpError
	switch {
	case errors.As(err, &status):
		return exitHTTP
	case errors.Is(err, context.DeadlineExceeded):
		return exitTimeout
	case errors.As(err, &lookup):
		return exitDNS
	case errors.As(err, &network) && network.Op == "dial":
		return exitConnect
	default:
		return exitReceive
	}
}
