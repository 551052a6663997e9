package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// silent accepts connections but never answers.
func silent(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

// deaf receives datagrams but never answers.
func deaf(t *testing.T) string {
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { packets.Close() })
	return packets.LocalAddr().String()
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
		{"UDP: nothing listens", []string{"udp://" + closed(t) + "/host"}, exitConnect, "connection refused"},
		{"UDP: no answer", []string{"--timeout=100ms", "udp://" + deaf(t) + "/host"}, exitTimeout, "timeout"},
		{"UDP: no such name", []string{"udp://nowhere.invalid:1/host"}, exitDNS, "nowhere.invalid"},
		{"UDP: no port", []string{"udp://127.0.0.1/host"}, exitUsage, "must have a port"},
		{"only its own family", []string{"--ipv4", server.URL + "/healthz"}, exitOK, ""},
		{"an address of the other family", []string{"--ipv6", server.URL + "/healthz"}, exitDNS, "no suitable address"},
		{"UDP: an address of the other family", []string{"--ipv4", "udp://[::1]:1/host"}, exitDNS, "no suitable address"},
		{"both families", []string{"--ipv4", "--ipv6", server.URL}, exitUsage, "only one of --ipv4 and --ipv6"},
		{"another protocol", []string{"https://a"}, exitUsage, "must begin with http:// or udp://"},
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
			if code := get("echo get", row.arguments, &stdout, &stderr); code != row.code {
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
	listener, packets := listen(t, "127.0.0.1")
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go serve(ctx, listener, packets, here)
	for _, scheme := range []string{"http", "udp"} {
		_, port, _ := net.SplitHostPort(closed(t))
		var stdout, stderr bytes.Buffer
		url := scheme + "://" + listener.Addr().String() + "/host"
		if code := get("echo get", []string{"--local-port", port, url}, &stdout, &stderr); code != exitOK {
			t.Fatalf("%s: exit code %d: %s", url, code, stderr.String())
		}
		if want := `"clientPort":` + port; !strings.Contains(stdout.String(), want) {
			t.Errorf("%s: %q, want %s in it", url, stdout.String(), want)
		}
	}
}

// The program itself, under a name: a link to this test's executable, which runs main instead of the tests.
func TestUnderTheNameEchoGetTheProgramIsTheClient(t *testing.T) {
	_, packets := listen(t, "127.0.0.1")
	go serveDatagrams(packets, here)
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "echo-get")
	if err := os.Symlink(executable, program); err != nil {
		t.Fatal(err)
	}
	call := exec.Command(program, "--timeout", "1s", "udp://"+packets.LocalAddr().String()+"/host")
	call.Env = append(os.Environ(), "ECHO_MAIN=1")
	output, err := call.CombinedOutput()
	if want := `"protocol":"udp"`; err != nil || !strings.Contains(string(output), want) {
		t.Errorf("got %q, %v; want %s in it", output, err, want)
	}
}

func TestMain(m *testing.M) {
	if os.Getenv("ECHO_MAIN") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}
