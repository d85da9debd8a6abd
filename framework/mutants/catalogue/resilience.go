package catalogue

import (
	"context"
	"net/http"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// staleGate is the gate of the store that keeps the controller from acting on a
// view older than its own writes.
const staleGate = "StaleControllerConsistencyDaemonSet"

// resilience are defects in what the controller makes of restarts, errors, and a
// view that is late or broken.
func resilience() []Mutant {
	return append(views(), []Mutant{
		{
			ID:         "deletes-at-start",
			Notice:     "After a restart of the controller all pods are deleted and made anew.",
			Clauses:    []string{"DS-RES-001", "DS-RES-002"},
			Injection:  "beside: when the controller starts all pods of DaemonSets are deleted",
			ModelledOn: "kubernetes#14528: an empty list of nodes, before the cache is full, taken for the truth.",
			Inject: func(s *rig.Setup) {
				s.Beside(func(_ context.Context, s *rig.Setup) {
					for _, p := range s.Wire.Pods.All() {
						if owned(p) && live(p) {
							remove(s, p, metav1.DeleteOptions{})
						}
					}
				})
			},
		},
		{
			ID:         "forgets-rollouts",
			Notice:     "A rollout that was under way when the controller restarted is not finished.",
			Clauses:    []string{"DS-RES-003"},
			Injection:  "view: a DaemonSet that is first seen in a rollout has OnDelete, until it is changed",
			ModelledOn: "Keeping what is to be done in memory.",
			Inject: unfinished(func(ds *appsv1.DaemonSet) bool {
				return ds.Status.ObservedGeneration == ds.Generation && ds.Status.UpdatedNumberScheduled < ds.Status.DesiredNumberScheduled
			}),
		},
		{
			ID:         "misses-what-changed-while-down",
			Notice:     "A template that was changed while the controller was down is not rolled out.",
			Clauses:    []string{"DS-RES-002"},
			Injection:  "view: a DaemonSet that is first seen with an older observedGeneration has OnDelete, until it is changed",
			ModelledOn: "Comparing an update with the object before it, and what is added with nothing.",
			Inject: unfinished(func(ds *appsv1.DaemonSet) bool {
				return ds.Status.ObservedGeneration > 0 && ds.Status.ObservedGeneration < ds.Generation
			}),
		},
		{
			ID:         "never-retries",
			Notice:     "What fails once is not tried again until something else happens.",
			Clauses:    []string{"DS-RES-008", "DS-EVT-004", "DS-CST-003"},
			Injection:  "inside: what failed is not looked at again",
			ModelledOn: "Logging the error and returning nil.",
			Inject:     queueing(func(q queue, key string) { q.Forget(key) }),
		},
		{
			ID:         "gives-up",
			Notice:     "What fails three times is not tried again until something else happens.",
			Clauses:    []string{"DS-CST-003", "DS-RES-008", "DS-EVT-004"},
			Injection:  "inside: what failed three times is not looked at again",
			ModelledOn: "maxRetries, as in the sample of client-go's workqueue.",
			Inject: queueing(func(q queue, key string) {
				if q.NumRequeues(key) < 3 {
					q.AddRateLimited(key)
					return
				}
				q.Forget(key)
			}),
		},
		{
			ID:         "takes-errors-for-done",
			Notice:     "A creation that the API server could not carry out counts as done: the pod comes five minutes later.",
			Clauses:    []string{"DS-RES-008"},
			Injection:  "writes: creations of pods that fail with 500 and above are taken for done",
			ModelledOn: "Dropping the error, and waiting for a pod that never comes (kubernetes#72155).",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("create", "pods", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
					a, err := next(ctx, r)
					if err == nil && a.Code >= http.StatusInternalServerError {
						return wire.Pretend(r), nil
					}
					return a, err
				})
			},
		},
		{
			ID:         "waits-for-who-fails",
			Notice:     "A DaemonSet whose pods are refused keeps all others from being looked after.",
			Clauses:    []string{"DS-RES-013", "DS-REV-020"},
			Injection:  "inside: one worker, which tries a failed sync until it succeeds",
			ModelledOn: "Retrying in the worker instead of by the queue.",
			Inject: func(s *rig.Setup) {
				s.Options.Workers = 1
				syncing(func(_ *rig.Setup, next rig.SyncFunc) rig.SyncFunc {
					return func(ctx context.Context, key string) error {
						for {
							err := next(ctx, key)
							if err == nil || !pause(ctx, time.Second) {
								return err
							}
						}
					}
				})(s)
			},
		},
		{
			ID:         "stops-at-a-refused-deletion",
			Notice:     "A pod that cannot be deleted keeps its DaemonSet from getting pods on other nodes.",
			Clauses:    []string{"DS-RES-014"},
			Injection:  "inside: no pod of a DaemonSet is made while the deletion of another is refused",
			ModelledOn: "Deleting first, and returning at the first error.",
			Inject: func(s *rig.Setup) {
				var refused sync.Map // of types.UID of a DaemonSet to types.UID of a pod
				s.Wire.OnWrite("delete", "pods", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
					p := s.Wire.Pods.Stored(r.Namespace, r.Name)
					a, err := next(ctx, r)
					if p == nil || metav1.GetControllerOf(p) == nil || err != nil {
						return a, err
					}
					ref := metav1.GetControllerOf(p)
					if a.Code >= http.StatusBadRequest && a.Code != http.StatusNotFound {
						refused.Store(ref.UID, p.UID)
					} else if uid, ok := refused.Load(ref.UID); ok && uid == p.UID {
						refused.Delete(ref.UID)
					}
					return a, nil
				})
				sparing(func(_ *rig.Setup, ds *appsv1.DaemonSet, _ *corev1.Pod) bool {
					_, held := refused.Load(ds.UID)
					return held
				})(s)
			},
		},
		{
			ID:         "two-at-once",
			Notice:     "Two controllers act at the same time: pods come twice, and are deleted twice.",
			Clauses:    []string{"DS-CST-001", "DS-CST-009", "DS-RES-009"},
			Injection:  "option: two instances, without an election",
			ModelledOn: "Two replicas with --leader-elect=false.",
			Inject:     func(s *rig.Setup) { s.Options.Instances = 2 },
		},
	}...)
}

// views are defects in how the controller looks at the cluster.
func views() []Mutant {
	var out []Mutant
	for _, kind := range []struct {
		name string
		deaf func(*wire.Hooks)
	}{
		{"pods", func(h *wire.Hooks) { h.Pods.Deaf() }},
		{"nodes", func(h *wire.Hooks) { h.Nodes.Deaf() }},
		{"daemonsets", func(h *wire.Hooks) { h.DaemonSets.Deaf() }},
	} {
		out = append(out, Mutant{
			ID:         "never-watches-" + kind.name + "-again",
			Notice:     "After its connection has broken off the controller learns of no more " + kind.name + ", until it is restarted.",
			Clauses:    []string{"DS-RES-012"},
			Injection:  "view: a watch of " + kind.name + " that broke off seems to go on",
			ModelledOn: "A loop over ResultChan() and nothing after it.",
			Inject:     func(s *rig.Setup) { kind.deaf(s.Wire) },
		})
	}
	return append(out, []Mutant{
		{
			ID:         "no-expectations",
			Notice:     "Pods are created again and again while the controller does not yet see the first ones.",
			Clauses:    []string{"DS-RES-009", "DS-RES-010", "DS-RUM-017"},
			Injection:  "inside: expectations are always fulfilled, and the gate of stale views is off",
			ModelledOn: "kubernetes#54096, and every controller that trusts its cache.",
			Inject:     careless,
		},
		{
			ID:         "acts-on-late-pods",
			Notice:     "Whatever the controller does to pods it does twice or thrice, for it sees what it did only two seconds later.",
			Clauses:    []string{"DS-CST-001", "DS-CST-009", "DS-RES-009"},
			Injection:  "view: pods are told of two seconds late, and the controller waits for nothing",
			ModelledOn: "Reading from a replica, or from a cache behind a slow watch.",
			Inject: together(careless, func(s *rig.Setup) {
				s.Wire.Pods.Lag(2 * time.Second)
			}),
		},
		{
			ID:         "starts-without-nodes",
			Notice:     "After its start the controller does not know the nodes that are there until something changes of each: DaemonSets seem to want no pods.",
			Clauses:    []string{"DS-PLC-001", "DS-RES-002"},
			Injection:  "view: nodes that are there at the start are told of with their first change only",
			ModelledOn: "kubernetes#14528: a list of nodes that is not there yet, taken for an empty one.",
			Inject: func(s *rig.Setup) {
				var told names
				start := time.Now()
				s.Wire.Nodes.See(func(n *corev1.Node) bool { return !told.first(n.Name) || n.CreationTimestamp.After(start) })
			},
		},
		{
			ID:         "no-gate-of-stale-views",
			Notice:     "After five minutes of a late view the controller creates pods that are there.",
			Clauses:    []string{"DS-RES-010", "DS-RES-011"},
			Injection:  "option: the gate " + staleGate + " is off",
			ModelledOn: "The controller before 1.36.",
			Inject:     func(s *rig.Setup) { s.Options.Gates[staleGate] = false },
		},
	}...)
}

// careless has the controller wait for nothing that it has done itself.
func careless(s *rig.Setup) {
	s.Options.Gates[staleGate] = false
	s.Inside(func(i *rig.Insides) { i.Expectations(fulfilled{controller.NewControllerExpectations()}) })
}

// fulfilled are expectations of nothing.
type fulfilled struct {
	controller.ControllerExpectationsInterface
}

// SatisfiedExpectations implements controller.ControllerExpectationsInterface.
func (fulfilled) SatisfiedExpectations(klog.Logger, string) bool { return true }

// unfinished has the controller take a DaemonSet for one with OnDelete that is
// unfinished when it is first seen, until its spec is changed.
func unfinished(is func(*appsv1.DaemonSet) bool) inject {
	return func(s *rig.Setup) {
		var mu sync.Mutex
		held := map[types.UID]int64{}
		taking(func(ds *appsv1.DaemonSet) {
			mu.Lock()
			defer mu.Unlock()
			generation, known := held[ds.UID]
			if !known && is(ds) {
				generation = ds.Generation
			}
			held[ds.UID] = generation
			if generation == ds.Generation {
				ds.Spec.UpdateStrategy = appsv1.DaemonSetUpdateStrategy{Type: appsv1.OnDeleteDaemonSetStrategyType}
			}
		})(s)
	}
}
