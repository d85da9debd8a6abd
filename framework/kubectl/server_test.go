package kubectl

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// server answers as an API server would for the few requests the tests make.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	requests []*http.Request
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{}
	mux := http.NewServeMux()
	answer := func(body any) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			s.mu.Lock()
			s.requests = append(s.requests, r)
			s.mu.Unlock()
			w.Header().Set("Content-Type", "application/json")
			if err := json.NewEncoder(w).Encode(body); err != nil {
				t.Errorf("answer %s: %v", r.URL, err)
			}
		}
	}
	mux.HandleFunc("GET /api", answer(map[string]any{"kind": "APIVersions", "versions": []string{"v1"}}))
	mux.HandleFunc("GET /apis", answer(map[string]any{"kind": "APIGroupList", "apiVersion": "v1", "groups": []any{}}))
	mux.HandleFunc("GET /api/v1", answer(map[string]any{
		"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "v1",
		"resources": []any{map[string]any{
			"name": "pods", "singularName": "pod", "namespaced": true, "kind": "Pod", "verbs": []string{"get", "list"},
		}},
	}))
	mux.HandleFunc("GET /api/v1/namespaces/{ns}/pods", answer(map[string]any{
		"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": map[string]any{"resourceVersion": "1"},
		"columnDefinitions": []any{
			map[string]any{"name": "Name", "type": "string"},
			map[string]any{"name": "Restarts", "type": "string"},
			map[string]any{"name": "Nominated Node", "type": "string"},
		},
		"rows": []any{
			map[string]any{"cells": []any{"agent-abcde", "2 (5s ago)", "<none>"}},
			map[string]any{"cells": []any{"agent-fghij", "0", "<none>"}},
		},
	}))
	// A request for this pod is never answered.
	mux.HandleFunc("GET /api/v1/namespaces/{ns}/pods/stuck", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) })
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// last is the last request that was answered.
func (s *server) last(t *testing.T) *http.Request {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.requests) == 0 {
		t.Fatal("the server was asked nothing")
	}
	return s.requests[len(s.requests)-1]
}

func (s *server) runner(t *testing.T) *Runner {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	config := fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: test
contexts: [{name: test, context: {cluster: test, user: test}}]
clusters: [{name: test, cluster: {server: %q}}]
users: [{name: test, user: {}}]
`, s.URL)
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	exe, err := Self()
	if err != nil {
		t.Fatal(err)
	}
	return &Runner{Exe: exe, Kubeconfig: path, Namespace: "spec-1", UserAgent: "dsconform/test (run; DS-KUB-001)"}
}
