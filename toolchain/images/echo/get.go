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

// Exit codes of `echo get`: the same as curl's, so that one table is enough for both.
const (
	exitOK      = 0
	exitUsage   = 2
	exitDNS     = 6
	exitConnect = 7 // refused, or no route
	exitHTTP    = 22
	exitTimeout = 28
	exitReceive = 56 // the connection broke after it was made
)

// get fetches one URL and prints the body. An error is printed to stderr in one line.
func get(arguments []string, stdout, stderr io.Writer) int {
	asked, err := parseGet(arguments)
	if err != nil {
		fmt.Fprintf(stderr, "echo get: %v; usage: echo get URL [--timeout 2s] [--local-port 20000]\n", err)
		return exitUsage
	}
	ctx, cancel := context.WithTimeout(context.Background(), asked.timeout)
	defer cancel()
	body, err := fetch(ctx, asked)
	if err != nil {
		fmt.Fprintln(stderr, "echo get:", err)
		return exitCode(err)
	}
	stdout.Write(body)
	return exitOK
}

// question is a parsed command line of get.
type question struct {
	url     string
	timeout time.Duration
	// The source port, like curl's --local-port; 0: any.
	localPort int
}

// parseGet accepts flags before and after the URL.
func parseGet(arguments []string) (asked question, err error) {
	flags := flag.NewFlagSet("get", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.DurationVar(&asked.timeout, "timeout", 2*time.Second, "")
	flags.IntVar(&asked.localPort, "local-port", 0, "")
	for rest := arguments; ; rest = flags.Args()[1:] {
		if err := flags.Parse(rest); err != nil {
			return asked, err
		}
		if flags.NArg() == 0 {
			break
		}
		if asked.url != "" {
			return asked, fmt.Errorf("one URL is allowed, got %q and %q", asked.url, flags.Arg(0))
		}
		asked.url = flags.Arg(0)
	}
	switch {
	case asked.url == "":
		return asked, errors.New("no URL")
	case asked.timeout <= 0:
		return asked, fmt.Errorf("--timeout must be above 0, got %v", asked.timeout)
	case asked.localPort < 0 || asked.localPort > 65535:
		return asked, fmt.Errorf("--local-port must be from 0 to 65535, got %d", asked.localPort)
	}
	return asked, nil
}

// statusError is an answer with another status than 2xx.
type statusError string

func (status statusError) Error() string { return "HTTP status " + string(status) }

func fetch(ctx context.Context, asked question) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, asked.url, nil)
	if err != nil {
		return nil, err
	}
	// Without a proxy from the environment: the packet must take the cluster's own path.
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{Port: asked.localPort}}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: dialer.DialContext}}
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
