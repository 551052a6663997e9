package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

var here = host{Node: "nodeport-worker", PodIP: "10.244.1.9"}

func TestHostAnswersInTheWordsOfTheWalkthroughWithTheClientAddress(t *testing.T) {
	const before = `{"message":"NODE: nodeport-worker, POD IP:10.244.1.9","node":"nodeport-worker","podIp":"10.244.1.9",`
	for remote, client := range map[string]string{
		"172.18.0.5:41000":          `"clientIp":"172.18.0.5","clientPort":41000}`,
		"[::ffff:172.18.0.5]:41000": `"clientIp":"172.18.0.5","clientPort":41000}`,
		"[fd00:10:244:1::9]:65535":  `"clientIp":"fd00:10:244:1::9","clientPort":65535}`,
		"[fe80::1%eth0]:1":          `"clientIp":"fe80::1%eth0","clientPort":1}`,
	} {
		request := httptest.NewRequest(http.MethodGet, "/host", nil)
		request.RemoteAddr = remote
		response := httptest.NewRecorder()
		newHandler(here).ServeHTTP(response, request)
		if got, want := strings.TrimSpace(response.Body.String()), before+client; got != want {
			t.Errorf("client %s:\n got %s\nwant %s", remote, got, want)
		}
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

func TestServeAnswersOnBothFamilies(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Skipf("this machine has no %s: %v", address, err)
		}
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- serve(ctx, listener, here) }()
		body, err := fetch(context.Background(), question{url: "http://" + listener.Addr().String() + "/host"})
		want := `"clientIp":"` + listener.Addr().(*net.TCPAddr).IP.String() + `"`
		if err != nil || !strings.Contains(string(body), want) {
			t.Errorf("%s: got %q, %v; want %s in it", address, body, err, want)
		}
		stop()
		if err := <-ended; err != nil {
			t.Errorf("%s: serve: %v", address, err)
		}
	}
}

func TestServeEndsWithinItsTimeoutThoughAClientHangs(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, listener, here) }()
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := io.WriteString(client, "GET /host HTTP/1.1\r\nHost: half"); err != nil {
		t.Fatal(err)
	}
	// Once another request is answered, the server accepts connections and has read this request.
	if _, err := fetch(context.Background(), question{url: "http://" + listener.Addr().String() + "/healthz"}); err != nil {
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
	t.Setenv("PORT", "70000")
	if err := listenAndServe(context.Background()); err == nil || !strings.Contains(err.Error(), "PORT=70000") {
		t.Errorf("got %v, want an error that names PORT", err)
	}
}

// silent accepts connections but never answers.
func silent(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

// closed is an address that no program listens on.
func closed(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func TestGetHasAnExitCodeForEachOutcome(t *testing.T) {
	server := httptest.NewServer(newHandler(here))
	defer server.Close()
	broken := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer broken.Close()
	// A resolver without a name server, so that the test doesn't need one.
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no name server in this test")
	}}
	defer func() { net.DefaultResolver = &net.Resolver{} }()

	for _, row := range []struct {
		name      string
		arguments []string
		code      int
		stderr    string
	}{
		{"an answer", []string{server.URL + "/healthz"}, exitOK, ""},
		{"the flag after the URL", []string{server.URL + "/healthz", "--timeout", "1s"}, exitOK, ""},
		{"a status other than 2xx", []string{server.URL + "/nowhere"}, exitHTTP, "404 Not Found"},
		{"nothing listens", []string{"http://" + closed(t) + "/host"}, exitConnect, "connection refused"},
		{"no answer", []string{"--timeout=100ms", "http://" + silent(t) + "/host"}, exitTimeout, "deadline exceeded"},
		{"no such name", []string{"http://nowhere.invalid/host"}, exitDNS, "nowhere.invalid"},
		{"a broken connection", []string{broken.URL}, exitReceive, "EOF"},
		{"no URL", nil, exitUsage, "no URL"},
		{"two URLs", []string{"http://a", "http://b"}, exitUsage, "one URL is allowed"},
		{"a bad timeout", []string{"http://a", "--timeout", "-1s"}, exitUsage, "must be above 0"},
		{"a bad port", []string{"http://a", "--local-port", "70000"}, exitUsage, "from 0 to 65535"},
		{"an unknown flag", []string{"--retry", "http://a"}, exitUsage, "usage: echo get URL"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if code := get(row.arguments, &stdout, &stderr); code != row.code {
				t.Errorf("exit code %d, want %d", code, row.code)
			}
			if !strings.Contains(stderr.String(), row.stderr) {
				t.Errorf("stderr %q, want %q in it", stderr.String(), row.stderr)
			}
			if lines := strings.Count(stderr.String(), "\n"); row.code != exitOK && lines != 1 {
				t.Errorf("stderr has %d lines, want 1: %q", lines, stderr.String())
			}
			if row.code == exitOK && stdout.String() != "ok\n" {
				t.Errorf("stdout %q, want the body", stdout.String())
			}
		})
	}
}

func TestGetSendsFromThePortThatItIsTold(t *testing.T) {
	server := httptest.NewServer(newHandler(here))
	defer server.Close()
	_, port, _ := net.SplitHostPort(closed(t))
	var stdout, stderr bytes.Buffer
	if code := get([]string{"--local-port", port, server.URL + "/host"}, &stdout, &stderr); code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	if want := `"clientPort":` + port; !strings.Contains(stdout.String(), want) {
		t.Errorf("%q, want %s in it", stdout.String(), want)
	}
}
