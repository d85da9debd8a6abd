package sim

import (
	"os"
	"path/filepath"
	"testing"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/dsconform/dsconform/internal/exit"
)

func TestCheckBeside(t *testing.T) {
	t.Parallel()
	for n, good := range map[int]bool{-1: false, 0: true, 1: true, MaxBeside: true, MaxBeside + 1: false} {
		if err := CheckBeside(n); (err == nil) != good || err != nil && exit.Of(err) != exit.Usage {
			t.Errorf("%d: %v", n, err)
		}
	}
}

// The simulated kubelets must not act as the administrator whose credentials they use.
func TestImpersonatingKeepsOneContextAndOneUser(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	if err := os.WriteFile(key, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	if err := os.WriteFile(from, []byte(`apiVersion: v1
kind: Config
current-context: b
clusters:
- {name: a, cluster: {server: "https://a"}}
- {name: b, cluster: {server: "https://b"}}
users:
- {name: a, user: {token: t}}
- {name: b, user: {client-key: `+key+`}}
contexts:
- {name: a, context: {cluster: a, user: a}}
- {name: b, context: {cluster: b, user: b}}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := impersonating(from, to, "somebody"); err != nil {
		t.Fatal(err)
	}
	got, err := clientcmd.LoadFromFile(to)
	if err != nil {
		t.Fatal(err)
	}
	user := got.AuthInfos["b"]
	if len(got.Clusters) != 1 || got.Clusters["b"].Server != "https://b" || len(got.AuthInfos) != 1 || user == nil {
		t.Fatalf("clusters %v, users %v", got.Clusters, got.AuthInfos)
	}
	if user.Impersonate != "somebody" || string(user.ClientKeyData) != "secret" || user.ClientKey != "" {
		t.Errorf("the user is %+v", user)
	}
}
