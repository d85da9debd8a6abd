package nodepool

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// line is an API server that answers no write to a node until it is told how:
// with the next of its verdicts, and well once they are closed.
type line struct {
	table    *corev1.ConfigMap
	verdicts chan int

	mu         sync.Mutex
	asked      []string
	open, most int
}

// RoundTrip implements http.RoundTripper.
func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet {
		return answer(http.StatusOK, l.table), nil
	}
	l.mu.Lock()
	l.asked = append(l.asked, path.Base(r.URL.Path))
	l.open++
	l.most = max(l.most, l.open)
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.open--
	}()
	select {
	case code, open := <-l.verdicts:
		if open {
			return answer(code, &metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure, Code: int32(code), Message: "not yours"}), nil
		}
	case <-r.Context().Done():
		return nil, context.Cause(r.Context())
	}
	return answer(http.StatusOK, &corev1.Node{}), nil
}

func answer(code int, o any) *http.Response {
	body, err := json.Marshal(o)
	if err != nil {
		code, body = http.StatusInternalServerError, []byte(err.Error())
	}
	return &http.Response{StatusCode: code, Header: http.Header{"Content-Type": []string{"application/json"}}, Body: io.NopCloser(bytes.NewReader(body))}
}

// state gives the nodes written to, sorted, how many requests are under way, and
// how many were at most.
func (l *line) state() (asked []string, open, most int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(slices.Values(l.asked)), l.open, l.most
}

func inLine(t *testing.T) (*line, *Pool) {
	t.Helper()
	table, _ := stored(t, &Table{Run: "r"})
	l := &line{table: table, verdicts: make(chan int)}
	client, err := kubernetes.NewForConfig(&rest.Config{Host: "http://line.example", QPS: -1, Transport: l})
	if err != nil {
		t.Fatal(err)
	}
	return l, New(client)
}

func names(n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("n%03d", i))
	}
	return out
}

func marks(nodes []string) map[string][]string {
	out := map[string][]string{}
	for _, n := range nodes {
		out[n] = []string{LabelPrefix + "tok"}
	}
	return out
}

// One after the other, each node would wait for the one before; all at once, they
// would keep the API server from everything else.
func TestNodesAreMarkedSixteenAtATime(t *testing.T) {
	for name, do := range map[string]func(context.Context, *Pool, []string) error{
		"marks set": func(ctx context.Context, p *Pool, nodes []string) error { return p.markAll(ctx, marks(nodes), true) },
		"a lease given back": func(ctx context.Context, p *Pool, nodes []string) error {
			return (&Lease{Nodes: nodes, Label: LabelPrefix + "tok", pool: p, token: "tok"}).Release(ctx)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, p := inLine(t)
				done := make(chan error, 1)
				go func() { done <- do(t.Context(), p, names(40)) }()
				synctest.Wait()
				if _, open, _ := l.state(); open != 16 {
					t.Errorf("%d requests are under way, want 16", open)
				}
				close(l.verdicts)
				if err := <-done; err != nil {
					t.Fatal(err)
				}
				if asked, _, most := l.state(); !slices.Equal(asked, names(40)) || most != 16 {
					t.Errorf("%d at once were written to %v", most, asked)
				}
			})
		})
	}
}

func TestTheFirstMarkThatFailsIsTheLastToBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, p := inLine(t)
		done := make(chan error, 1)
		go func() { done <- p.markAll(t.Context(), marks(names(40)), true) }()
		synctest.Wait()
		l.verdicts <- http.StatusForbidden
		synctest.Wait()
		// What is under way is let finish: cut short, it might be done later on.
		if asked, open, _ := l.state(); len(asked) != 16 || open != 15 {
			t.Errorf("%d marks were begun and %d are under way, want 16 and 15", len(asked), open)
		}
		close(l.verdicts)
		if err := <-done; err == nil || !strings.HasPrefix(err.Error(), "mark node n0") || !strings.HasSuffix(err.Error(), " as leased: not yours") {
			t.Errorf("got %v", err)
		}
		if asked, _, _ := l.state(); len(asked) != 16 {
			t.Errorf("%d marks were begun, want no more after the one that failed", len(asked))
		}
	})
}

func TestMarkingEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, p := inLine(t)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- p.markAll(ctx, marks(names(40)), true) }()
		synctest.Wait()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "mark node n0") {
			t.Errorf("got %v", err)
		}
		if _, open, _ := l.state(); open != 0 {
			t.Errorf("%d requests are left", open)
		}
	})
}
