package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// Kubernetes removes a pod from its Services when it sends SIGTERM: running requests may finish, new ones are refused.
const shutdownTimeout = time.Second

// host identifies the server's node and pod, from the downward API.
type host struct {
	Node  string
	PodIP string
}

// answer is the body of GET /host. Message comes first and has the walkthrough's text; clients compare all of it.
type answer struct {
	Message    string `json:"message"`
	Node       string `json:"node"`
	PodIP      string `json:"podIp"`
	ClientIP   string `json:"clientIp"`
	ClientPort uint16 `json:"clientPort"`
}

func newHandler(at host) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /host", func(w http.ResponseWriter, r *http.Request) {
		client, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(answer{
			Message: fmt.Sprintf("NODE: %s, POD IP:%s", at.Node, at.PodIP),
			Node:    at.Node,
			PodIP:   at.PodIP,
			// A socket for both families shows an IPv4 client as ::ffff:a.b.c.d.
			ClientIP:   client.Addr().Unmap().String(),
			ClientPort: client.Port(),
		})
	})
	return mux
}

// serve answers on listener until ctx ends, then lets running requests finish for at most shutdownTimeout.
func serve(ctx context.Context, listener net.Listener, at host) error {
	server := &http.Server{
		Handler:           newHandler(at),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       5 * time.Second,
		WriteTimeout:      5 * time.Second,
		IdleTimeout:       30 * time.Second,
		MaxHeaderBytes:    8 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	deadline, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(deadline); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return server.Close()
}
