// Echo answers GET /host, and a UDP datagram with the path /host, with its node's name, its pod's IP and the client address
// that it sees. It always serves both protocols, on ports of the same number: which of them clients reach is up to the
// Service. `echo get URL` is the client for pods without another one: it prints the answer. Under the name echo-get the
// program is only this client.
package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	if filepath.Base(os.Args[0]) == "echo-get" {
		os.Exit(get("echo-get", os.Args[1:], os.Stdout, os.Stderr))
	}
	if len(os.Args) > 1 && os.Args[1] == "get" {
		os.Exit(get("echo get", os.Args[2:], os.Stdout, os.Stderr))
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

// listenAndServe serves until ctx ends. Its settings are environment variables: NODE_NAME, POD_IP and POD_IPS (default:
// POD_IP), which a pod gets from the downward API, and PORT (default 8080).
func listenAndServe(ctx context.Context) error {
	at, err := hostOf(os.Getenv("NODE_NAME"), os.Getenv("POD_IP"), os.Getenv("POD_IPS"))
	if err != nil {
		return err
	}
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("", port))
	if err != nil {
		return fmt.Errorf("PORT=%s: %w", port, err)
	}
	packets, err := net.ListenPacket("udp", net.JoinHostPort("", port))
	if err != nil {
		return fmt.Errorf("PORT=%s: %w", port, err)
	}
	return serve(ctx, listener, packets, at)
}

func hostOf(node, podIP, podIPs string) (host, error) {
	if node == "" || podIP == "" {
		return host{}, fmt.Errorf("NODE_NAME=%q and POD_IP=%q must both be set (downward API: spec.nodeName, status.podIP)", node, podIP)
	}
	if podIPs == "" {
		podIPs = podIP
	}
	at := host{Node: node}
	for _, text := range strings.Split(podIPs, ",") {
		ip, err := netip.ParseAddr(text)
		if err != nil {
			return host{}, fmt.Errorf("POD_IPS=%q must be addresses separated by commas (downward API: status.podIPs): %w", podIPs, err)
		}
		at.PodIPs = append(at.PodIPs, ip)
	}
	return at, nil
}
