package supervisor

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// server answers on the control socket.
type server struct {
	children []*child
	// over is closed when the supervisor is to end.
	over func()
}

func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		states := make([]Status, 0, len(s.children))
		for _, c := range s.children {
			states = append(states, c.state())
		}
		answer(w, states, nil)
	})
	mux.HandleFunc("POST /components/{name}/{action}", s.onComponent(func(c *child, r *http.Request) (Status, error) {
		// Who asked may go away; what was begun is ended all the same.
		return c.do(context.WithoutCancel(r.Context()), Action(r.PathValue("action")))
	}))
	mux.HandleFunc("GET /components/{name}/end", s.onComponent(func(c *child, r *http.Request) (Status, error) {
		start, err := strconv.Atoi(r.URL.Query().Get("start"))
		if err != nil {
			return Status{}, fmt.Errorf("which start of %s is meant: %w", c.spec.Name, err)
		}
		return c.awaitEnd(r.Context(), start)
	}))
	mux.HandleFunc("POST /shutdown", s.shutdown)
	return mux
}

func (s *server) onComponent(do func(*child, *http.Request) (Status, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("name")
		at := slices.IndexFunc(s.children, func(c *child) bool { return c.spec.Name == name })
		if at < 0 {
			http.Error(w, fmt.Sprintf("there is no component %q; there are %s", name, strings.Join(s.names(), ", ")), http.StatusNotFound)
			return
		}
		status, err := do(s.children[at], r)
		answer(w, status, err)
	}
}

func (s *server) names() []string {
	var names []string
	for _, c := range s.children {
		names = append(names, c.spec.Name)
	}
	return names
}

// shutdown kills the children and lets the supervisor end. The answer has no
// end of its own: the caller reads until the process is gone.
func (s *server) shutdown(w http.ResponseWriter, r *http.Request) {
	s.killAll(context.WithoutCancel(r.Context()))
	w.WriteHeader(http.StatusOK)
	_, _ = fmt.Fprintln(w, "ended")
	_ = http.NewResponseController(w).Flush()
	s.over()
	<-r.Context().Done()
}

// killAll ends all children at once. What they hold is of no further use, so
// none is asked to end in order.
func (s *server) killAll(ctx context.Context) {
	var all sync.WaitGroup
	for _, c := range slices.Backward(s.children) {
		all.Go(func() {
			c.turn.Lock()
			defer c.turn.Unlock()
			_ = c.end(ctx, syscall.SIGKILL) // it is gone already, or the kernel kills it with us
		})
	}
	all.Wait()
}

func answer(w http.ResponseWriter, v any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // a caller that is gone reads nothing
}
