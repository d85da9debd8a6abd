package catalogue

import (
	"sync/atomic"
	"time"

	"k8s.io/client-go/util/workqueue"
)

// leaky is a queue that loses every second item.
type leaky struct {
	workqueue.TypedRateLimitingInterface[string]
	n atomic.Int64
}

// Add implements workqueue.TypedInterface.
func (q *leaky) Add(item string) {
	if q.n.Add(1)%2 == 0 {
		q.TypedRateLimitingInterface.Add(item)
	}
}

// slow is a queue that gives its items late.
type slow struct {
	workqueue.TypedRateLimitingInterface[string]
	by time.Duration
}

// Add implements workqueue.TypedInterface.
func (q *slow) Add(item string) { q.AddAfter(item, q.by) }

// timeless is a queue that gives no item by time alone: what is to come later
// does not come.
type timeless struct {
	workqueue.TypedRateLimitingInterface[string]
}

// AddAfter implements workqueue.TypedDelayingInterface.
func (q *timeless) AddAfter(string, time.Duration) {}
