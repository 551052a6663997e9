package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// Exit codes of `echo get`: the same as curl's, so that one table is enough for both, and for both protocols.
const (
	exitOK      = 0
	exitUsage   = 2
	exitDNS     = 6
	exitConnect = 7 // refused (for UDP by ICMP), or no route
	exitHTTP    = 22
	exitTimeout = 28
	exitReceive = 56 // the connection broke after it was made
)

// get fetches one URL and prints the body. An error is printed to stderr in one line.
func get(name string, arguments []string, stdout, stderr io.Writer) int {
	asked, err := parseGet(arguments)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v; usage: %s URL [--timeout 2s] [--local-port 20000] [--ipv4 | --ipv6]\n", name, err, name)
		return exitUsage
	}
	ctx, cancel := context.WithTimeout(context.Background(), asked.timeout)
	defer cancel()
	body, err := fetch(ctx, asked)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return exitCode(err)
	}
	stdout.Write(body)
	return exitOK
}

// question is a parsed command line of get.
type question struct {
	// http://host:port/path, or udp://host:port/path: then the path is sent in one datagram.
	url     *url.URL
	timeout time.Duration
	// The source port, like curl's --local-port; 0: any.
	localPort int
	// "4" or "6": only the host's addresses of this family; "": any.
	family string
}

// parseGet accepts flags before and after the URL.
func parseGet(arguments []string) (asked question, err error) {
	var given string
	flags := flag.NewFlagSet("get", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.DurationVar(&asked.timeout, "timeout", 2*time.Second, "")
	flags.IntVar(&asked.localPort, "local-port", 0, "")
	ipv4 := flags.Bool("ipv4", false, "")
	ipv6 := flags.Bool("ipv6", false, "")
	for rest := arguments; ; rest = flags.Args()[1:] {
		if err := flags.Parse(rest); err != nil {
			return asked, err
		}
		if flags.NArg() == 0 {
			break
		}
		if given != "" {
			return asked, fmt.Errorf("one URL is allowed, got %q and %q", given, flags.Arg(0))
		}
		given = flags.Arg(0)
	}
	if asked.url, err = url.Parse(given); err != nil {
		return asked, err
	}
	switch {
	case given == "":
		return asked, errors.New("no URL")
	case asked.url.Scheme != "http" && asked.url.Scheme != "udp":
		return asked, fmt.Errorf("the URL must begin with http:// or udp://, got %q", given)
	case asked.url.Scheme == "udp" && asked.url.Port() == "":
		return asked, fmt.Errorf("a URL of udp:// must have a port, got %q", given)
	case asked.timeout <= 0:
		return asked, fmt.Errorf("--timeout must be above 0, got %v", asked.timeout)
	case asked.localPort < 0 || asked.localPort > 65535:
		return asked, fmt.Errorf("--local-port must be from 0 to 65535, got %d", asked.localPort)
	case *ipv4 && *ipv6:
		return asked, errors.New("only one of --ipv4 and --ipv6 is allowed")
	case *ipv4:
		asked.family = "4"
	case *ipv6:
		asked.family = "6"
	}
	return asked, nil
}

// statusError is an answer with another status than 2xx.
type statusError string

func (status statusError) Error() string { return "HTTP status " + string(status) }

func fetch(ctx context.Context, asked question) ([]byte, error) {
	if asked.url.Scheme == "udp" {
		return fetchByUDP(ctx, asked)
	}
	return fetchByHTTP(ctx, asked)
}

func fetchByHTTP(ctx context.Context, asked question) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, asked.url.String(), nil)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{Port: asked.localPort}}
	dial := func(ctx context.Context, _, address string) (net.Conn, error) {
		return dialer.DialContext(ctx, "tcp"+asked.family, address)
	}
	// Without a proxy from the environment: the packet must take the cluster's own path.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: dial}}
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

// fetchByUDP sends one datagram, and none again if it gets no answer: a request is one packet on its path.
func fetchByUDP(ctx context.Context, asked question) ([]byte, error) {
	dialer := &net.Dialer{LocalAddr: &net.UDPAddr{Port: asked.localPort}}
	conn, err := dialer.DialContext(ctx, "udp"+asked.family, asked.url.Host)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		conn.SetDeadline(deadline)
	}
	if _, err := io.WriteString(conn, asked.url.Path); err != nil {
		return nil, err
	}
	answer := make([]byte, 64<<10)
	length, err := conn.Read(answer)
	return answer[:length], err
}

func exitCode(err error) int {
	var status statusError
	var lookup *net.DNSError
	var otherFamily *net.AddrError
	var network *net.OpError
	switch {
	case errors.As(err, &status):
		return exitHTTP
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return exitTimeout
	case errors.As(err, &lookup), errors.As(err, &otherFamily):
		return exitDNS
	// A UDP socket reports what ICMP said when it reads or writes.
	case errors.As(err, &network) && (network.Op == "dial" || strings.HasPrefix(network.Net, "udp")):
		return exitConnect
	default:
		return exitReceive
	}
}
