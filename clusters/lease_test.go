package clusters_test

import (
	"testing"
	"time"

	"github.com/dsconform/dsconform/clusters"
)

func TestNodeLease(t *testing.T) {
	t.Parallel()
	for nodes, want := range map[int]time.Duration{
		0: 40 * time.Second, 17: 40 * time.Second, 1001: 40 * time.Second, 1999: 40 * time.Second,
		2000: 80 * time.Second, 5001: 200 * time.Second,
	} {
		if got := clusters.NodeLease(nodes); got != want {
			t.Errorf("%d nodes: %s, want %s", nodes, got, want)
		}
	}
}
