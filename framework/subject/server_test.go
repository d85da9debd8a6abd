package subject

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/dsconform/dsconform/clusters/steps"
)

// cluster is as much of an API server as the start of a program needs. write
// makes the probe look as if a controller had seen it.
type cluster struct {
	url string

	mu       sync.Mutex
	observed bool
	changed  chan struct{}
	deleted  []string
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{changed: make(chan struct{})}
	mux := http.NewServeMux()
	give := func(pattern string, o any) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) { answer(w, o) })
	}
	give("POST /api/v1/namespaces", corev1.Namespace{TypeMeta: metav1.TypeMeta{Kind: "Namespace", APIVersion: "v1"}, ObjectMeta: metav1.ObjectMeta{Name: "probing"}})
	give("GET /apis/rbac.authorization.k8s.io/v1/clusterroles/"+roleName, rbacv1.ClusterRole{TypeMeta: metav1.TypeMeta{Kind: "ClusterRole", APIVersion: "rbac.authorization.k8s.io/v1"}})
	give("POST /api/v1/namespaces/kube-system/serviceaccounts", corev1.ServiceAccount{TypeMeta: metav1.TypeMeta{Kind: "ServiceAccount", APIVersion: "v1"}})
	give("POST /api/v1/namespaces/kube-system/serviceaccounts/daemon-set-controller/token", authenticationv1.TokenRequest{
		TypeMeta: metav1.TypeMeta{Kind: "TokenRequest", APIVersion: "authentication.k8s.io/v1"}, Status: authenticationv1.TokenRequestStatus{Token: "secret"},
	})
	give("POST /apis/apps/v1/namespaces/probing/daemonsets", probeSet())
	mux.HandleFunc("GET /apis/apps/v1/namespaces/probing/daemonsets", c.daemonSets)
	mux.HandleFunc("DELETE /", func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		c.deleted = append(c.deleted, r.URL.Path)
		c.mu.Unlock()
		answer(w, metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess})
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	c.url = s.URL
	return c
}

func answer(w http.ResponseWriter, o any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(o)
}

func (c *cluster) write() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.observed {
		c.observed = true
		close(c.changed)
	}
}

func (c *cluster) probe() appsv1.DaemonSet {
	c.mu.Lock()
	defer c.mu.Unlock()
	ds := *probeSet()
	ds.TypeMeta = metav1.TypeMeta{Kind: "DaemonSet", APIVersion: "apps/v1"}
	ds.Generation, ds.ResourceVersion = 1, "1"
	if c.observed {
		ds.Status.ObservedGeneration, ds.ResourceVersion = 1, "2"
	}
	return ds
}

// daemonSets lists and watches the probe.
func (c *cluster) daemonSets(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("watch") == "" {
		answer(w, appsv1.DaemonSetList{
			TypeMeta: metav1.TypeMeta{Kind: "DaemonSetList", APIVersion: "apps/v1"}, ListMeta: metav1.ListMeta{ResourceVersion: "1"},
			Items: []appsv1.DaemonSet{c.probe()},
		})
		return
	}
	if r.URL.Query().Get("sendInitialEvents") == "true" {
		http.Error(w, "lists are not sent as events", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w).Flush()
	select {
	case <-c.changed:
	case <-r.Context().Done():
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"type": "MODIFIED", "object": c.probe()})
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

func (c *cluster) options(t *testing.T) Options {
	t.Helper()
	return Options{
		Config:     func() (*rest.Config, error) { return &rest.Config{Host: c.url}, nil },
		Executable: self(t), Out: t.TempDir(), Log: steps.Discard(),
		First: 20 * time.Second, Cleanup: 20 * time.Second, Rival: 100 * time.Millisecond,
	}
}
