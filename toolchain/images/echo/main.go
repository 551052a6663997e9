// Echo answers GET /host with its node's name, its pod's IP and the client address that it sees. `echo get URL` is the
// client for pods without another one: it prints the body of the answer.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "get" {
		os.Exit(get(os.Args[2:], os.Stdout, os.Stderr))
	}
	if len(os.Args) > 1 {
		fmt.Fprintf(os.Stderr, "echo: unknown command %q; allowed: none (serve), get URL [--timeout DURATION]\n", os.Args[1])
		os.Exit(exitUsage)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := listenAndServe(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "echo:", err)
		os.Exit(1)
	}
}

// listenAndServe serves until ctx ends. Its settings are environment variables: NODE_NAME and POD_IP, which a pod gets from
// the downward API, and PORT (default 8080).
func listenAndServe(ctx context.Context) error {
	at := host{Node: os.Getenv("NODE_NAME"), PodIP: os.Getenv("POD_IP")}
	if at.Node == "" || at.PodIP == "" {
		return fmt.Errorf("NODE_NAME=%q and POD_IP=%q must both be set (downward API: spec.nodeName, status.podIP)", at.Node, at.PodIP)
	}
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("", port))
	if err != nil {
		return fmt.Errorf("PORT=%s: %w", port, err)
	}
	return serve(ctx, listener, at)
}
