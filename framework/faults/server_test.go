package faults

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
)

// apiServer is as much of an API server as these tests need: pods that can be
// created, listed and watched, as JSON or protobuf.
type apiServer struct {
	url string

	mu      sync.Mutex
	pods    []corev1.Pod
	tokens  []string
	changed signal
}

func newAPIServer(t *testing.T) *apiServer {
	t.Helper()
	s := &apiServer{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/namespaces/ns/pods", s.create)
	mux.HandleFunc("GET /api/v1/pods", s.list)
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		// All of it first: over HTTP/1 an answer that has begun may end the reading.
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_, _ = w.Write(body)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	s.url = server.URL
	return s
}

func (s *apiServer) stored() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.pods)
}

// add makes a pod as somebody else would.
func (s *apiServer) add(name string) corev1.Pod {
	s.mu.Lock()
	defer s.mu.Unlock()
	pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "ns", ResourceVersion: strconv.Itoa(len(s.pods) + 1)}}
	s.pods = append(s.pods, pod)
	s.changed.fire()
	return pod
}

func (s *apiServer) create(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	o, err := runtime.Decode(scheme.Codecs.UniversalDeserializer(), raw)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.tokens = append(s.tokens, r.Header.Get("Authorization"))
	s.mu.Unlock()
	pod := s.add(o.(*corev1.Pod).Name)
	s.answer(w, r, http.StatusCreated, &pod)
}

func (s *apiServer) media(r *http.Request) runtime.SerializerInfo {
	info, _ := runtime.SerializerInfoForMediaType(scheme.Codecs.SupportedMediaTypes(), accepted(r))
	return info
}

func (s *apiServer) answer(w http.ResponseWriter, r *http.Request, code int, o runtime.Object) {
	info := s.media(r)
	w.Header().Set("Content-Type", info.MediaType)
	w.WriteHeader(code)
	_ = scheme.Codecs.EncoderForVersion(info.Serializer, corev1.SchemeGroupVersion).Encode(o, w)
}

// list lists the pods, or tells of those after a resourceVersion and of all that come.
func (s *apiServer) list(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if query.Get("watch") == "" {
		s.mu.Lock()
		list := &corev1.PodList{ListMeta: metav1.ListMeta{ResourceVersion: strconv.Itoa(len(s.pods))}, Items: append([]corev1.Pod{}, s.pods...)}
		s.mu.Unlock()
		s.answer(w, r, http.StatusOK, list)
		return
	}
	if query.Get("sendInitialEvents") == "true" {
		http.Error(w, "lists are not sent as events", http.StatusBadRequest)
		return
	}
	info := s.media(r)
	w.Header().Set("Content-Type", info.MediaType+";stream=watch")
	w.WriteHeader(http.StatusOK)
	flush := http.NewResponseController(w)
	_ = flush.Flush()
	frames := info.StreamSerializer.NewFrameWriter(w)
	for sent, _ := strconv.Atoi(query.Get("resourceVersion")); ; {
		changed := s.changed.wait()
		s.mu.Lock()
		fresh := append([]corev1.Pod{}, s.pods[sent:]...)
		s.mu.Unlock()
		for _, pod := range fresh {
			raw, err := runtime.Encode(scheme.Codecs.EncoderForVersion(info.Serializer, corev1.SchemeGroupVersion), &pod)
			if err != nil {
				return
			}
			event := &metav1.WatchEvent{Type: string(watch.Added), Object: runtime.RawExtension{Raw: []byte(strings.TrimSuffix(string(raw), "\n"))}}
			if info.StreamSerializer.Encode(event, frames) != nil {
				return
			}
			sent++
		}
		_ = flush.Flush()
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

// scene is an API server, a proxy before it, and a client that comes through it.
type scene struct {
	server *apiServer
	proxy  *Proxy
	faults *Client
	client kubernetes.Interface
	config *rest.Config
}

// encodings are the ways a client may speak.
func encodings() map[string]string {
	return map[string]string{"json": runtime.ContentTypeJSON, "protobuf": runtime.ContentTypeProtobuf}
}

func newScene(t *testing.T, contentType string) *scene {
	t.Helper()
	s := &scene{server: newAPIServer(t)}
	folder := t.TempDir()
	var err error
	s.proxy, err = Start(t.Context(), Options{Folder: folder, Upstream: &rest.Config{Host: s.server.url, BearerToken: "the administrator's"}, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if closed := s.proxy.Close(); closed != nil {
			t.Error(closed)
		}
	})
	s.faults = NewClient(folder)
	s.config = &rest.Config{
		Host: s.proxy.URL, TLSClientConfig: rest.TLSClientConfig{CAData: s.proxy.CA}, BearerToken: "the subject's", QPS: -1,
		ContentConfig: rest.ContentConfig{ContentType: contentType, AcceptContentTypes: contentType},
	}
	if s.client, err = kubernetes.NewForConfig(s.config); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *scene) set(t *testing.T, r Rule) {
	t.Helper()
	if err := s.faults.SetFault(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

func (s *scene) lift(t *testing.T, name string) []Deed {
	t.Helper()
	deeds, err := s.faults.LiftFault(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return deeds
}

func (s *scene) await(t *testing.T, name string, least int) {
	t.Helper()
	if _, err := s.faults.AwaitFault(t.Context(), name, least); err != nil {
		t.Fatal(err)
	}
}

func (s *scene) create(ctx context.Context, name string) error {
	_, err := s.client.CoreV1().Pods("ns").Create(ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	return err
}

func (s *scene) watch(t *testing.T) watch.Interface {
	t.Helper()
	w, err := s.client.CoreV1().Pods("").Watch(t.Context(), metav1.ListOptions{ResourceVersion: "0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	return w
}

// named gives the name of the pod that the next event is about.
func named(t *testing.T, w watch.Interface) string {
	t.Helper()
	event, open := <-w.ResultChan()
	pod, ok := event.Object.(*corev1.Pod)
	if !open || !ok {
		t.Fatalf("the watch gave %+v, open: %v", event, open)
	}
	return pod.Name
}
