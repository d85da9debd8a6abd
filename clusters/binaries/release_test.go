package binaries

import (
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/dsconform/dsconform/internal/exit"
)

// releases serves one program, with the checksum and the status given.
func releases(t *testing.T, content, sum string, status int) (base string, asked *atomic.Int32) {
	t.Helper()
	asked = &atomic.Int32{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		switch r.URL.Path {
		case "/release/v1.2.3/bin/linux/amd64/kube-scheduler.sha512":
			_, _ = w.Write([]byte(sum))
		case "/release/v1.2.3/bin/linux/amd64/kube-scheduler":
			w.WriteHeader(status)
			_, _ = w.Write([]byte(content))
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL + "/release/", asked
}

func sumOf(content string) string {
	sum := sha512.Sum512([]byte(content))
	return hex.EncodeToString(sum[:])
}

func releaseBuilder(t *testing.T) *Builder {
	t.Helper()
	b, err := New(Options{CacheDir: t.TempDir(), Arch: "amd64"})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestReleaseIsVerifiedAndKept(t *testing.T) {
	t.Parallel()
	base, asked := releases(t, "#!/bin/sh\n", strings.ToUpper(sumOf("#!/bin/sh\n"))+"  kube-scheduler\n", http.StatusOK)
	b := releaseBuilder(t)
	for range 2 {
		got, err := b.Release(t.Context(), base, "v1.2.3", "kube-scheduler")
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(got["kube-scheduler"])
		if err != nil || info.Mode().Perm()&0o111 == 0 {
			t.Fatalf("%v, %v", info, err)
		}
	}
	if asked.Load() != 2 {
		t.Errorf("the server was asked %d times, want 2: the checksum and the file, once", asked.Load())
	}
}

func TestReleaseRefusals(t *testing.T) {
	t.Parallel()
	right := sumOf("program")
	for name, tc := range map[string]struct {
		content, sum, program string
		status                int
		elsewhere             bool
		says                  string
	}{
		"wrong checksum":    {"programme", right, "kube-scheduler", http.StatusOK, false, "it is not what was released"},
		"no checksum":       {"program", "<html>", "kube-scheduler", http.StatusOK, true, "holds no SHA-512"},
		"no such program":   {"program", right, "kube-dreamer", http.StatusOK, true, "404"},
		"a server in pains": {"program", right, "kube-scheduler", http.StatusBadGateway, true, "502"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base, _ := releases(t, tc.content, tc.sum, tc.status)
			b := releaseBuilder(t)
			got, err := b.Release(t.Context(), base, "v1.2.3", tc.program)
			if err == nil || errors.Is(err, ErrNoRelease) != tc.elsewhere || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("got %v, %v; want one line with %q", got, err, tc.says)
			}
			if !tc.elsewhere && exit.Of(err) != exit.Environment {
				t.Errorf("class %d", exit.Of(err))
			}
			left, err := filepath.Glob(filepath.Join(b.root, "*", "kube-*"))
			if err != nil || len(left) > 0 {
				t.Errorf("%v is left in the cache, %v", left, err)
			}
		})
	}
}

func TestReleaseOfAServerThatIsGone(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	if _, err := releaseBuilder(t).Release(t.Context(), server.URL, "v1.2.3", "kube-scheduler"); !errors.Is(err, ErrNoRelease) {
		t.Errorf("got %v", err)
	}
}

func TestCheckReleaseURL(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"https://host/release", "http://127.0.0.1:80/"} {
		if err := CheckReleaseURL(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", "host/release", "file:///tmp", "https://", "https://host/?x=y", "https://host/%zz"} {
		if err := CheckReleaseURL(bad); exit.Of(err) != exit.Usage {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
