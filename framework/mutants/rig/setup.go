package rig

import (
	"context"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/clock"

	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// Setup is a controller that has not been started. A defect changes it.
type Setup struct {
	// Wire is what the controller's traffic is put through.
	Wire *wire.Hooks
	// Options are how the controller is started.
	Options Options
	// Client asks as the controller does, but past Wire and without its limit on
	// requests: for hooks and actors. Nothing may be asked before the start.
	Client kubernetes.Interface
	// Context ends with the controller; it is there once that has started.
	Context context.Context

	actors  []Actor
	insides []func(*Insides)
}

// Options are how a controller is started. The defaults are those of
// kube-controller-manager, but for the limit on requests, which is that of the
// clusters with simulated nodes.
type Options struct {
	// Instances is how many controllers run, each with its own watches and no
	// election among them.
	Instances int
	// Workers is how many DaemonSets are looked at at the same time.
	Workers int
	// Resync is how often informers tell of every object again.
	Resync time.Duration
	// Backoff is how long a node whose pod failed has to wait at first, MaxBackoff
	// at most, for the next.
	Backoff, MaxBackoff time.Duration
	// Clock is what the controller takes for the time.
	Clock clock.Clock
	// Gates are the feature gates that are set, by name.
	Gates map[string]bool
	// QPS and Burst limit the controller's requests.
	QPS   float32
	Burst int
	// StartAfter is how long the controller waits before it starts.
	StartAfter time.Duration
	// Off leaves the controller out; only its actors are started.
	Off bool
}

// Actor does something beside the controller, with the same rights, until its
// context ends.
type Actor func(ctx context.Context, s *Setup)

// New makes the setup of the controller as it is.
func New(client kubernetes.Interface) *Setup {
	return &Setup{
		Wire: wire.New(), Client: client,
		Options: Options{
			Instances: 1, Workers: 5, Resync: 16 * time.Hour, Backoff: time.Second, MaxBackoff: 15 * time.Minute,
			Clock: clock.RealClock{}, Gates: map[string]bool{}, QPS: 500, Burst: 1000,
		},
	}
}

// Beside has an actor run beside the controller, from when its caches are full.
func (s *Setup) Beside(a Actor) { s.actors = append(s.actors, a) }

// Inside has f change the controller's insides before it starts.
func (s *Setup) Inside(f func(*Insides)) { s.insides = append(s.insides, f) }
