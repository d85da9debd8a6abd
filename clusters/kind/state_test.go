package kind

import (
	"context"
	"errors"
	"os"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/internal/exit"
)

func TestStateRoundTrip(t *testing.T) {
	t.Parallel()
	s := store{dir: t.TempDir(), name: "c"}
	if _, err := s.read(); !errors.Is(err, errNoState) {
		t.Fatalf("reading no state gave %v", err)
	}
	want := state{
		Version: stateVersion, Phase: phaseReady, Created: time.Unix(1e9, 0).UTC(), Image: "i", Digest: "sha256:1",
		KubernetesVersion: "v1.37.2", KubeconfigPath: "/k", Controllers: "*", ControlPlanes: 1, Workers: 2, LastWorker: 5, Archives: []string{"a.tar"},
	}
	if err := s.write(want); err != nil {
		t.Fatal(err)
	}
	got, err := s.read()
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestStateOfAnotherFormatIsRefused(t *testing.T) {
	t.Parallel()
	s := store{dir: t.TempDir(), name: "c"}
	if err := s.write(state{}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.file(), []byte(`{"version": 99}`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := s.read()
	wantClass(t, err, exit.Environment, "has format 99")
}

func TestNamesAreReservedOnce(t *testing.T) {
	t.Parallel()
	c, _ := fakeCluster(t)
	var mu sync.Mutex
	seen := map[string]bool{}
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() {
			name, err := c.nextName(t.Context())
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if seen[name] {
				t.Errorf("%s was given out twice", name)
			}
			seen[name] = true
		})
	}
	all.Wait()
	if !seen[clusters.NodeName("c", clusters.RoleWorker, 2)] || !seen[clusters.NodeName("c", clusters.RoleWorker, 13)] {
		t.Errorf("names given out: %v; want c-worker3 to c-worker14", seen)
	}
}

func TestLifeLock(t *testing.T) {
	t.Parallel()
	s := store{dir: t.TempDir(), name: "c"}
	adding, err := s.shareLife(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.shareLife(t.Context())
	if err != nil {
		t.Fatalf("two nodes cannot be added at once: %v", err)
	}
	second()
	_, err = s.tryLife(t.Context())
	wantClass(t, err, exit.Environment, "another process is making, changing or deleting cluster c")
	adding()
	alone, err := s.tryLife(t.Context())
	if err != nil {
		t.Fatalf("the lock was given back, but: %v", err)
	}
	defer alone()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := s.shareLife(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("adding to a cluster that is being deleted gave %v", err)
	}
}
