package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

var here = host{Node: "nodeport-worker", PodIPs: addresses("10.244.1.9", "fd00:10:244:1::9")}

func addresses(texts ...string) (all []netip.Addr) {
	for _, text := range texts {
		all = append(all, netip.MustParseAddr(text))
	}
	return all
}

func TestHostAnswersInTheWordsOfTheWalkthroughWithTheClientAddress(t *testing.T) {
	const four = `{"message":"NODE: nodeport-worker, POD IP:10.244.1.9","node":"nodeport-worker","podIp":"10.244.1.9",`
	const six = `{"message":"NODE: nodeport-worker, POD IP:fd00:10:244:1::9","node":"nodeport-worker","podIp":"fd00:10:244:1::9",`
	for remote, want := range map[string]string{
		"172.18.0.5:41000":          four + `"clientIp":"172.18.0.5","clientPort":41000,"family":"ipv4","protocol":"tcp"}`,
		"[::ffff:172.18.0.5]:41000": four + `"clientIp":"172.18.0.5","clientPort":41000,"family":"ipv4","protocol":"tcp"}`,
		"[fd00:10:244:1::9]:65535":  six + `"clientIp":"fd00:10:244:1::9","clientPort":65535,"family":"ipv6","protocol":"tcp"}`,
		"[fe80::1%eth0]:1":          six + `"clientIp":"fe80::1%eth0","clientPort":1,"family":"ipv6","protocol":"tcp"}`,
	} {
		request := httptest.NewRequest(http.MethodGet, "/host", nil)
		request.RemoteAddr = remote
		response := httptest.NewRecorder()
		newHandler(here).ServeHTTP(response, request)
		if got := response.Body.String(); got != want+"\n" {
			t.Errorf("client %s:\n got %s\nwant %s", remote, got, want)
		}
	}
}

func TestAPodWithoutAnAddressOfTheFamilyShowsItsFirst(t *testing.T) {
	at := host{PodIPs: addresses("10.244.1.9")}
	got := string(at.answerTo(netip.MustParseAddrPort("[fd00::1]:1"), "udp"))
	if !strings.Contains(got, `"podIp":"10.244.1.9"`) || !strings.Contains(got, `"family":"ipv6"`) {
		t.Errorf("got %s", got)
	}
}

func TestOtherPathsAndMethods(t *testing.T) {
	for _, row := range []struct {
		method, path string
		status       int
	}{
		{http.MethodGet, "/healthz", http.StatusOK},
		{http.MethodGet, "/", http.StatusNotFound},
		{http.MethodGet, "/host/", http.StatusNotFound},
		{http.MethodPost, "/host", http.StatusMethodNotAllowed},
	} {
		response := httptest.NewRecorder()
		newHandler(here).ServeHTTP(response, httptest.NewRequest(row.method, row.path, nil))
		if response.Code != row.status {
			t.Errorf("%s %s: got %d, want %d", row.method, row.path, response.Code, row.status)
		}
	}
}

// listen returns sockets for TCP and UDP on one free port.
func listen(t *testing.T, ip string) (net.Listener, net.PacketConn) {
	for range 20 {
		listener, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
		if err != nil {
			t.Skipf("this machine has no %s: %v", ip, err)
		}
		// Another program may have the port for UDP.
		packets, err := net.ListenPacket("udp", listener.Addr().String())
		if err == nil {
			t.Cleanup(func() { listener.Close(); packets.Close() })
			return listener, packets
		}
		listener.Close()
	}
	t.Fatal("no port is free for both protocols")
	return nil, nil
}

func mustParse(t *testing.T, text string) *url.URL {
	parsed, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestServeAnswersOnBothFamiliesAndProtocols(t *testing.T) {
	for _, ip := range []string{"127.0.0.1", "::1"} {
		t.Run(ip, func(t *testing.T) {
			listener, packets := listen(t, ip)
			ctx, stop := context.WithCancel(context.Background())
			ended := make(chan error, 1)
			go func() { ended <- serve(ctx, listener, packets, here) }()
			for scheme, protocol := range map[string]string{"http": "tcp", "udp": "udp"} {
				target := mustParse(t, scheme+"://"+listener.Addr().String()+"/host")
				body, err := fetch(context.Background(), question{url: target})
				for _, want := range []string{`"clientIp":"` + ip + `"`, `"protocol":"` + protocol + `"`} {
					if err != nil || !strings.Contains(string(body), want) {
						t.Errorf("%s: got %q, %v; want %s in it", target, body, err, want)
					}
				}
			}
			stop()
			if err := <-ended; err != nil {
				t.Errorf("serve: %v", err)
			}
		})
	}
}

func TestOneSocketForBothFamiliesShowsAnIPv4ClientAsIPv4(t *testing.T) {
	packets, err := net.ListenPacket("udp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer packets.Close()
	go serveDatagrams(packets, here)
	_, port, _ := net.SplitHostPort(packets.LocalAddr().String())
	body, err := fetch(context.Background(), question{url: mustParse(t, "udp://127.0.0.1:"+port+"/host")})
	if want := `"clientIp":"127.0.0.1"`; err != nil || !strings.Contains(string(body), want) {
		t.Errorf("got %q, %v; want %s in it", body, err, want)
	}
}

func TestOtherDatagramsGetNoAnswer(t *testing.T) {
	_, packets := listen(t, "127.0.0.1")
	go serveDatagrams(packets, here)
	client, err := net.Dial("udp", packets.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, datagram := range []string{"", "/healthz", "/host" + strings.Repeat(" ", longestRequest)} {
		io.WriteString(client, datagram)
	}
	// Once a later datagram is answered, the server has read these.
	if _, err := fetch(context.Background(), question{url: mustParse(t, "udp://"+packets.LocalAddr().String()+"/host")}); err != nil {
		t.Fatal(err)
	}
	client.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	answer := make([]byte, 1024)
	if length, err := client.Read(answer); err == nil {
		t.Errorf("got %q, want no answer", answer[:length])
	}
}

func TestServeEndsWithinItsTimeoutThoughAClientHangs(t *testing.T) {
	listener, packets := listen(t, "127.0.0.1")
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, listener, packets, here) }()
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := io.WriteString(client, "GET /host HTTP/1.1\r\nHost: half"); err != nil {
		t.Fatal(err)
	}
	// Once another request is answered, the server accepts connections and has read this request.
	if _, err := fetch(context.Background(), question{url: mustParse(t, "http://"+listener.Addr().String()+"/healthz")}); err != nil {
		t.Fatal(err)
	}
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("serve: %v", err)
		}
	case <-time.After(2 * shutdownTimeout):
		t.Errorf("still serving %v after the signal", 2*shutdownTimeout)
	}
}

func TestListenAndServeNamesWhatIsNotSet(t *testing.T) {
	t.Setenv("NODE_NAME", "nodeport-worker")
	t.Setenv("POD_IP", "")
	if err := listenAndServe(context.Background()); err == nil || !strings.Contains(err.Error(), `POD_IP=""`) {
		t.Errorf("got %v, want an error that names POD_IP", err)
	}
	t.Setenv("POD_IP", "10.244.1.9")
	t.Setenv("POD_IPS", "10.244.1.9,")
	if err := listenAndServe(context.Background()); err == nil || !strings.Contains(err.Error(), `POD_IPS="10.244.1.9,"`) {
		t.Errorf("got %v, want an error that names POD_IPS", err)
	}
	t.Setenv("POD_IPS", "")
	t.Setenv("PORT", "70000")
	if err := listenAndServe(context.Background()); err == nil || !strings.Contains(err.Error(), "PORT=70000") {
		t.Errorf("got %v, want an error that names PORT", err)
	}
}

func TestThePodHasTheAddressesOfTheDownwardAPI(t *testing.T) {
	for podIPs, want := range map[string][]netip.Addr{
		"":                            addresses("10.244.1.9"),
		"10.244.1.9,fd00:10:244:1::9": here.PodIPs,
	} {
		if at, err := hostOf("nodeport-worker", "10.244.1.9", podIPs); err != nil || !slices.Equal(at.PodIPs, want) {
			t.Errorf("POD_IPS=%q: got %v, %v; want %v", podIPs, at.PodIPs, err, want)
		}
	}
}
