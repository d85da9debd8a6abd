package wire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// server stands in for the API server: it notes what it was asked, answers
// writes with what they sent, and reads with what it was given.
type server struct {
	mu    sync.Mutex
	asked []string
	// list is what any list or get answers.
	list any
	// events are what any watch tells, one after the other.
	events chan watchEvent
}

type watchEvent struct {
	Type   string `json:"type"`
	Object any    `json:"object"`
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.asked = append(s.asked, fmt.Sprintf("%s %s %s", r.Method, r.URL.Path, body))
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.URL.Query().Get("watch") != "":
		w.(http.Flusher).Flush()
		for {
			select {
			case e, more := <-s.events:
				if !more {
					return
				}
				_ = json.NewEncoder(w).Encode(e)
				w.(http.Flusher).Flush()
			case <-r.Context().Done():
				return
			}
		}
	case r.Method == http.MethodGet:
		_ = json.NewEncoder(w).Encode(s.list)
	case r.Method == http.MethodDelete:
		_ = json.NewEncoder(w).Encode(metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: "Success"})
	default:
		_, _ = w.Write(body)
	}
}

// requests gives what was asked.
func (s *server) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.asked...)
}

// start gives a server and a client behind the hooks.
func start(t *testing.T, hooks *Hooks) (*server, kubernetes.Interface) {
	t.Helper()
	s := &server{events: make(chan watchEvent)}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	client, err := kubernetes.NewForConfig(Config(&rest.Config{Host: web.URL, QPS: -1}, hooks))
	if err != nil {
		t.Fatal(err)
	}
	return s, client
}

func pod(name, version string, labels map[string]string) *corev1.Pod {
	return &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{Kind: "Pod", APIVersion: "v1"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: name, ResourceVersion: version, Labels: labels},
	}
}

var hidden = map[string]string{"hidden": "yes"}

// hide hides pods with the label hidden, and names the others' node.
func hide(hooks *Hooks) {
	hooks.Pods.See(func(p *corev1.Pod) bool {
		p.Spec.NodeName = "elsewhere"
		return p.Labels["hidden"] == ""
	})
}

func TestListAndGetAreSeenAlike(t *testing.T) {
	t.Parallel()
	hooks := New()
	hide(hooks)
	s, client := start(t, hooks)
	s.list = corev1.PodList{
		TypeMeta: metav1.TypeMeta{Kind: "PodList", APIVersion: "v1"}, ListMeta: metav1.ListMeta{ResourceVersion: "7"},
		Items: []corev1.Pod{*pod("x", "1", nil), *pod("y", "2", hidden)},
	}
	got, err := client.CoreV1().Pods("a").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Items) != 1 || got.Items[0].Name != "x" || got.Items[0].Spec.NodeName != "elsewhere" || got.ResourceVersion != "7" || got.Items[0].ResourceVersion != "1" {
		t.Errorf("listed %+v", got)
	}
	if n := len(hooks.Pods.All()); n != 2 {
		t.Errorf("%d pods are known to be stored, want 2", n)
	}
	if p := hooks.Pods.Stored("a", "x"); p == nil || p.Spec.NodeName != "" {
		t.Errorf("x is stored as %+v, want it unchanged", p)
	}
	s.list = pod("y", "2", hidden)
	if _, err := client.CoreV1().Pods("a").Get(t.Context(), "y", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the hidden pod: %v, want not found", err)
	}
	s.list = pod("x", "1", nil)
	if p, err := client.CoreV1().Pods("a").Get(t.Context(), "x", metav1.GetOptions{}); err != nil || p.Spec.NodeName != "elsewhere" {
		t.Errorf("got %+v, %v", p, err)
	}
}

// next gives the next event but bookmarks, which say only how far the watch is.
func next(t *testing.T, w watch.Interface) watch.Event {
	t.Helper()
	for {
		select {
		case e, ok := <-w.ResultChan():
			if !ok {
				t.Fatal("the watch has ended")
			}
			if e.Type != watch.Bookmark {
				return e
			}
		case <-time.After(10 * time.Second):
			t.Fatal("no event")
		}
	}
}

func want(t *testing.T, e watch.Event, kind watch.EventType, name, version string) {
	t.Helper()
	p, ok := e.Object.(*corev1.Pod)
	if !ok || e.Type != kind || p.Name != name || p.ResourceVersion != version {
		t.Errorf("the watch tells %s %+v, want %s %s at %s", e.Type, e.Object, kind, name, version)
	}
}

func TestWatchTellsOfHiddenAsDeletedAndOfShownAsAdded(t *testing.T) {
	t.Parallel()
	hooks := New()
	hide(hooks)
	s, client := start(t, hooks)
	w, err := client.CoreV1().Pods("").Watch(t.Context(), metav1.ListOptions{AllowWatchBookmarks: true})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	s.events <- watchEvent{"ADDED", pod("x", "1", nil)}
	want(t, next(t, w), watch.Added, "x", "1")
	s.events <- watchEvent{"MODIFIED", pod("x", "2", nil)}
	want(t, next(t, w), watch.Modified, "x", "2")
	s.events <- watchEvent{"MODIFIED", pod("x", "3", hidden)}
	want(t, next(t, w), watch.Deleted, "x", "3")
	s.events <- watchEvent{"MODIFIED", pod("x", "4", hidden)}
	// What the client does not see still tells it how far the watch has come.
	if e := <-w.ResultChan(); e.Type != watch.Bookmark || e.Object.(*corev1.Pod).ResourceVersion != "4" {
		t.Errorf("a hidden change is told as %s %+v, want a bookmark", e.Type, e.Object)
	}
	s.events <- watchEvent{"MODIFIED", pod("x", "5", nil)}
	want(t, next(t, w), watch.Added, "x", "5")
	s.events <- watchEvent{"DELETED", pod("x", "6", nil)}
	want(t, next(t, w), watch.Deleted, "x", "6")
	if p := hooks.Pods.Stored("a", "x"); p != nil {
		t.Errorf("x is deleted and still known: %+v", p)
	}
}

func TestWatchLosesHoldsAndDoublesChanges(t *testing.T) {
	t.Parallel()
	hooks := New()
	held := 300 * time.Millisecond
	hooks.Pods.Change(func(c Change[corev1.Pod]) Fate {
		return Fate{Lose: c.New.Name == "lost", Twice: c.New.Name == "twice"}
	})
	hooks.Pods.Change(func(c Change[corev1.Pod]) Fate {
		if c.New.Name == "held" && c.Type == watch.Added {
			return Fate{After: held}
		}
		return Fate{}
	})
	s, client := start(t, hooks)
	w, err := client.CoreV1().Pods("").Watch(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	began := time.Now()
	for _, e := range []watchEvent{
		{"ADDED", pod("lost", "1", nil)}, {"ADDED", pod("held", "2", nil)}, {"MODIFIED", pod("held", "3", nil)}, {"ADDED", pod("twice", "4", nil)},
	} {
		s.events <- e
	}
	want(t, next(t, w), watch.Added, "twice", "4")
	want(t, next(t, w), watch.Added, "twice", "4")
	want(t, next(t, w), watch.Added, "held", "2")
	if d := time.Since(began); d < held {
		t.Errorf("a change that is held for %s came after %s", held, d)
	}
	want(t, next(t, w), watch.Modified, "held", "3")
	hooks.Pods.Tell(watch.Deleted, pod("held", "9", nil))
	want(t, next(t, w), watch.Deleted, "held", "9")
}

func TestWhatAWatchBeginsWithIsNoChange(t *testing.T) {
	t.Parallel()
	hooks := New()
	hooks.Pods.Change(func(Change[corev1.Pod]) Fate { return Fate{Lose: true} })
	s, client := start(t, hooks)
	yes := true
	w, err := client.CoreV1().Pods("").Watch(t.Context(), metav1.ListOptions{
		SendInitialEvents: &yes, AllowWatchBookmarks: true, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	s.events <- watchEvent{"ADDED", pod("x", "1", nil)}
	want(t, next(t, w), watch.Added, "x", "1")
	end := pod("", "1", nil)
	end.Annotations = map[string]string{metav1.InitialEventsAnnotationKey: "true"}
	s.events <- watchEvent{"BOOKMARK", end}
	if e := <-w.ResultChan(); e.Type != watch.Bookmark || e.Object.(*corev1.Pod).Annotations[metav1.InitialEventsAnnotationKey] != "true" {
		t.Errorf("the end of the beginning is told as %s %+v", e.Type, e.Object)
	}
	s.events <- watchEvent{"ADDED", pod("y", "2", nil)}
	s.events <- watchEvent{"BOOKMARK", pod("", "3", nil)}
	if e := <-w.ResultChan(); e.Type != watch.Bookmark {
		t.Errorf("after the beginning a lost change is told as %s %+v", e.Type, e.Object)
	}
}

func TestWritesAreRewrittenDoubledRefusedAndPretended(t *testing.T) {
	t.Parallel()
	hooks := New()
	hooks.OnWrite("create", "pods", Rewrite(func(p *corev1.Pod) { p.Spec.NodeName = "elsewhere" }))
	hooks.OnWrite("create", "pods", Judge(func(r *Request, p *corev1.Pod) *Answer {
		switch p.Labels["fate"] {
		case "refuse":
			return Refuse(http.StatusForbidden, "no")
		case "pretend":
			return Pretend(r)
		}
		return nil
	}))
	hooks.OnWrite("delete", "pods", func(ctx context.Context, r *Request, next Next) (*Answer, error) {
		if _, err := next(ctx, r); err != nil {
			return nil, err
		}
		r.Name += "-too"
		return next(ctx, r)
	})
	s, client := start(t, hooks)
	pods := client.CoreV1().Pods("a")
	made, err := pods.Create(t.Context(), pod("x", "", nil), metav1.CreateOptions{})
	if err != nil || made.Spec.NodeName != "elsewhere" {
		t.Errorf("created %+v, %v", made, err)
	}
	if _, err = pods.Create(t.Context(), pod("x", "", map[string]string{"fate": "refuse"}), metav1.CreateOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("the refused pod: %v", err)
	}
	p := pod("", "", map[string]string{"fate": "pretend"})
	p.GenerateName = "x-"
	made, err = pods.Create(t.Context(), p, metav1.CreateOptions{})
	if err != nil || made.UID == "" || len(made.Name) != 7 || made.CreationTimestamp.IsZero() {
		t.Errorf("the pretended pod: %+v, %v", made, err)
	}
	if err := pods.Delete(t.Context(), "x", metav1.DeleteOptions{}); err != nil {
		t.Error(err)
	}
	got := s.requests()
	if len(got) != 3 {
		t.Fatalf("the API server was asked %q", got)
	}
	for i, begin := range []string{"POST /api/v1/namespaces/a/pods {", "DELETE /api/v1/namespaces/a/pods/x {", "DELETE /api/v1/namespaces/a/pods/x-too {"} {
		if len(got[i]) < len(begin) || got[i][:len(begin)] != begin {
			t.Errorf("request %d is %q, want %q...", i, got[i], begin)
		}
	}
}

func TestStatusUpdatesAndPatches(t *testing.T) {
	t.Parallel()
	hooks := New()
	hooks.OnWrite("update", "daemonsets/status", Rewrite(func(ds *appsv1.DaemonSet) { ds.Status.NumberReady = 7 }))
	hooks.OnWrite("patch", "pods", func(_ context.Context, r *Request, _ Next) (*Answer, error) { return Pretend(r), nil })
	s, client := start(t, hooks)
	ds := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "d"}}
	got, err := client.AppsV1().DaemonSets("a").UpdateStatus(t.Context(), ds, metav1.UpdateOptions{})
	if err != nil || got.Status.NumberReady != 7 {
		t.Errorf("updated %+v, %v", got, err)
	}
	// An update of the DaemonSet itself is another matter.
	got, err = client.AppsV1().DaemonSets("a").Update(t.Context(), ds, metav1.UpdateOptions{})
	if err != nil || got.Status.NumberReady != 0 {
		t.Errorf("updated %+v, %v", got, err)
	}
	if _, err := client.CoreV1().Pods("a").Patch(t.Context(), "x", types.MergePatchType, []byte("{}"), metav1.PatchOptions{}); err != nil {
		t.Errorf("the pretended patch: %v", err)
	}
	if n := len(s.requests()); n != 2 {
		t.Errorf("the API server was asked %d times, want 2", n)
	}
}

func TestDelayedEndsWithItsRequest(t *testing.T) {
	t.Parallel()
	hooks := New()
	hooks.OnWrite("*", "pods", Delayed(time.Hour))
	_, client := start(t, hooks)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := client.CoreV1().Pods("a").Create(ctx, pod("x", "", nil), metav1.CreateOptions{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a request that outlives its context: %v", err)
	}
}
