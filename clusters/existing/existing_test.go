package existing

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/dsconform/dsconform/internal/exit"
)

const nodeList = `{"kind":"NodeList","apiVersion":"v1","items":[{"metadata":{"name":"a"}}]}`

func kubeconfig(t *testing.T, current string, servers map[string]string) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: v1\nkind: Config\ncurrent-context: %q\n", current)
	for _, part := range []string{"clusters", "contexts", "users"} {
		fmt.Fprintf(&b, "%s:\n", part)
		for name, url := range servers {
			switch part {
			case "clusters":
				fmt.Fprintf(&b, "- name: %s\n  cluster: {server: %q}\n", name, url)
			case "contexts":
				fmt.Fprintf(&b, "- name: %s\n  context: {cluster: %s, user: %s}\n", name, name, name)
			case "users":
				fmt.Fprintf(&b, "- name: %s\n  user: {token: t-%s}\n", name, name)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func answering(t *testing.T, code int, body string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// unanswered is a server that accepts connections and never says a word.
func unanswered(t *testing.T) string {
	t.Helper()
	var listening net.ListenConfig
	l, err := listening.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return "http://" + l.Addr().String()
}

func TestOpenRefusals(t *testing.T) {
	t.Parallel()
	malformed := filepath.Join(t.TempDir(), "bad")
	if err := os.WriteFile(malformed, []byte("apiVersion: v1\nclusters: [\n  nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, path, context string
		class               exit.Code
		says                string
	}{
		{"missing", filepath.Join(t.TempDir(), "none"), "", exit.Usage, "does not exist"},
		{"malformed", malformed, "", exit.Usage, "cannot be read"},
		{"no current context", kubeconfig(t, "", map[string]string{"a": "http://127.0.0.1:1"}), "", exit.Usage, "it has: a"},
		{"no such context", kubeconfig(t, "a", map[string]string{"a": "http://127.0.0.1:1"}), "b", exit.Usage, `no context "b"; it has: a`},
		{"refused connection", kubeconfig(t, "a", map[string]string{"a": "http://127.0.0.1:1"}), "", exit.Environment, "cannot be reached"},
		{"silence", kubeconfig(t, "a", map[string]string{"a": unanswered(t)}), "", exit.Environment, "no answer within"},
		{"unauthorized", kubeconfig(t, "a", map[string]string{"a": answering(t, 401, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Unauthorized","code":401}`)}), "", exit.Environment, "administrator's rights"},
		{"no nodes", kubeconfig(t, "a", map[string]string{"a": answering(t, 200, `{"kind":"NodeList","apiVersion":"v1","items":[]}`)}), "", exit.Environment, "has no nodes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			begun := time.Now()
			c, err := Open(t.Context(), tc.path, tc.context)
			if err == nil || c != nil {
				t.Fatalf("Open gave %v, %v: an error was expected", c, err)
			}
			if took := time.Since(begun); took > 10*time.Second {
				t.Errorf("it took %s, more than the 10 s promised", took)
			}
			if got := exit.Of(err); got != tc.class {
				t.Errorf("class %d, want %d: %v", got, tc.class, err)
			}
			if !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q: want one line with %q", err, tc.says)
			}
		})
	}
}

func TestOpenOtherContextGetsAKubeconfigOfItsOwn(t *testing.T) {
	t.Parallel()
	path := kubeconfig(t, "a", map[string]string{"a": "http://127.0.0.1:1", "b": answering(t, 200, nodeList)})
	c, err := Open(t.Context(), path, "b")
	if err != nil {
		t.Fatal(err)
	}
	file, err := clientcmd.LoadFromFile(c.KubeconfigPath())
	if err != nil {
		t.Fatal(err)
	}
	if file.CurrentContext != "b" || len(file.Clusters) != 1 {
		t.Errorf("current context %q, %d clusters: want b and 1", file.CurrentContext, len(file.Clusters))
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(c.KubeconfigPath()); err == nil {
		t.Errorf("%s is still there after Close", c.KubeconfigPath())
	}
}

func TestOpenCurrentContextLeavesTheFileAlone(t *testing.T) {
	t.Parallel()
	path := kubeconfig(t, "a", map[string]string{"a": answering(t, 200, nodeList)})
	c, err := Open(t.Context(), path, "")
	if err != nil {
		t.Fatal(err)
	}
	if c.KubeconfigPath() != path || c.Name() != "a" {
		t.Errorf("path %s, name %s: want %s, a", c.KubeconfigPath(), c.Name(), path)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("Close removed the user's own kubeconfig: %v", err)
	}
}
