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
	Node string
	// The pod's addresses, one for each of its address families.
	PodIPs []netip.Addr
}

// answer is the body of GET /host. Message comes first and has the walkthrough's text; clients compare all of it.
type answer struct {
	Message    string `json:"message"`
	Node       string `json:"node"`
	PodIP      string `json:"podIp"`
	ClientIP   string `json:"clientIp"`
	ClientPort uint16 `json:"clientPort"`
	Family     string `json:"family"`
	Protocol   string `json:"protocol"`
}

// answerTo returns the JSON for a client, with the pod's address of the client's family.
func (at host) answerTo(client netip.AddrPort, protocol string) []byte {
	// A socket for both families shows an IPv4 client as ::ffff:a.b.c.d.
	address := client.Addr().Unmap()
	family := "ipv6"
	if address.Is4() {
		family = "ipv4"
	}
	podIP := at.podIP(address.Is4()).String()
	// Strings and numbers can always be encoded.
	text, _ := json.Marshal(answer{
		Message:    fmt.Sprintf("NODE: %s, POD IP:%s", at.Node, podIP),
		Node:       at.Node,
		PodIP:      podIP,
		ClientIP:   address.String(),
		ClientPort: client.Port(),
		Family:     family,
		Protocol:   protocol,
	})
	return append(text, '\n')
}

// podIP is the pod's first address if it has none of the family, as behind NAT64.
func (at host) podIP(is4 bool) netip.Addr {
	for _, ip := range at.PodIPs {
		if ip.Is4() == is4 {
			return ip
		}
	}
	return at.PodIPs[0]
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
		w.Write(at.answerTo(client, "tcp"))
	})
	return mux
}

// serve answers on both until ctx ends, then lets running HTTP requests finish for at most shutdownTimeout.
func serve(ctx context.Context, listener net.Listener, packets net.PacketConn, at host) error {
	server := &http.Server{
		Handler:           newHandler(at),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       5 * time.Second,
		WriteTimeout:      5 * time.Second,
		IdleTimeout:       30 * time.Second,
		MaxHeaderBytes:    8 << 10,
	}
	failed := make(chan error, 2)
	go func() { failed <- server.Serve(listener) }()
	go func() { failed <- serveDatagrams(packets, at) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	packets.Close()
	deadline, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(deadline); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return server.Close()
}
