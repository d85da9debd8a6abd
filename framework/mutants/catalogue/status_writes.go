package catalogue

import (
	"context"
	"net/http"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework/mutants/lens"
	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// statusWrites are defects in when and how a status is written.
func statusWrites() []Mutant {
	return []Mutant{
		{
			ID:         "observed-generation-never-rises",
			Notice:     "observedGeneration stays 1 after changes: kubectl rollout status waits for ever.",
			Clauses:    []string{"DS-STA-008", "DS-KUB-001"},
			Injection:  "writes: observedGeneration is 1",
			ModelledOn: "Setting it when the DaemonSet is created, and never again.",
			Inject:     telling(func(ds *appsv1.DaemonSet) { ds.Status.ObservedGeneration = 1 }),
		},
		{
			ID:         "observed-generation-too-high",
			Notice:     "observedGeneration is one more than the generation.",
			Clauses:    []string{"DS-STA-008"},
			Injection:  "writes: statuses say so",
			ModelledOn: "Counting the looks at a DaemonSet.",
			Inject:     telling(func(ds *appsv1.DaemonSet) { ds.Status.ObservedGeneration++ }),
		},
		{
			ID:         "observed-generation-at-once",
			Notice:     "observedGeneration is raised before the controller acts on the generation: kubectl takes old numbers for new ones.",
			Clauses:    []string{"DS-STA-009", "DS-KUB-001"},
			Injection:  "beside: observedGeneration is written as soon as a generation is seen, the numbers as they were; what the controller does follows later",
			ModelledOn: "Writing the status first, as a sign that one is at work.",
			Inject: func(s *rig.Setup) {
				s.Wire.DaemonSets.Change(func(c wire.Change[appsv1.DaemonSet]) wire.Fate {
					if c.Old == nil || c.Old.Generation == c.New.Generation {
						return wire.Fate{}
					}
					rewriteStatus(s, c.New.Namespace, c.New.Name, func(ds *appsv1.DaemonSet) { ds.Status.ObservedGeneration = ds.Generation })
					return wire.Fate{After: 3 * time.Second}
				})
			},
		},
		{
			ID:         "no-status-for-no-nodes",
			Notice:     "A DaemonSet that fits no node has an empty status: nobody can tell whether the controller has seen it.",
			Clauses:    []string{"DS-STA-011", "DS-PLC-006"},
			Injection:  "writes: a status of zeros is taken for written",
			ModelledOn: "Returning early where there is nothing to do.",
			Inject: withholding(func(_ *rig.Setup, ds *appsv1.DaemonSet) bool {
				return ds.Status.DesiredNumberScheduled == 0 && ds.Status.NumberMisscheduled == 0
			}),
		},
		{
			ID:         "no-status-after-refusals",
			Notice:     "While pods cannot be created the status is not written: it stays what it was before.",
			Clauses:    []string{"DS-PRI-005", "DS-PRI-006"},
			Injection:  "writes: statuses are taken for written while the last creation of the set was refused",
			ModelledOn: "Returning the error before the status is updated.",
			Inject: func(s *rig.Setup) {
				var refused sync.Map
				s.Wire.OnWrite("create", "pods", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
					a, err := next(ctx, r)
					if p, bad := wire.Decode[corev1.Pod](r.Body); bad == nil && err == nil && len(p.OwnerReferences) > 0 {
						refused.Store(p.OwnerReferences[0].UID, !a.OK())
					}
					return a, err
				})
				withholding(func(_ *rig.Setup, ds *appsv1.DaemonSet) bool {
					was, ok := refused.Load(ds.UID)
					return ok && was.(bool)
				})(s)
			},
		},
		{
			ID:         "drops-foreign-conditions",
			Notice:     "Conditions that others put into the status vanish.",
			Clauses:    []string{"DS-STA-014"},
			Injection:  "writes: statuses carry no conditions",
			ModelledOn: "Building the status anew, with the fields that one knows.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("update", "daemonsets/status", wire.Rewrite(func(ds *appsv1.DaemonSet) { ds.Status.Conditions = nil }))
			},
		},
		{
			ID:         "drops-collision-count",
			Notice:     "After a clash of revision names no status can be written any more: the API server refuses one with a lower collisionCount.",
			Clauses:    []string{"DS-STA-015"},
			Injection:  "writes: statuses carry no collisionCount",
			ModelledOn: "Building the status anew, with the fields that one knows.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("update", "daemonsets/status", wire.Rewrite(func(ds *appsv1.DaemonSet) {
					if c := ds.Status.CollisionCount; c != nil && s.Wire.DaemonSets.Stored(ds.Namespace, ds.Name) != nil {
						if was := s.Wire.DaemonSets.Stored(ds.Namespace, ds.Name).Status.CollisionCount; was != nil && *was == *c {
							ds.Status.CollisionCount = nil
						}
					}
				}))
			},
		},
		{
			ID:         "trusts-its-last-status",
			Notice:     "A status that somebody else has changed is never put right.",
			Clauses:    []string{"DS-STA-013"},
			Injection:  "view: the status is what the controller wrote last",
			ModelledOn: "Comparing with a copy in memory to save writes.",
			Inject: func(s *rig.Setup) {
				var last sync.Map
				s.Wire.OnWrite("update", "daemonsets/status", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
					a, err := next(ctx, r)
					if err != nil || !a.OK() {
						return a, err
					}
					if ds, bad := wire.Decode[appsv1.DaemonSet](r.Body); bad == nil {
						last.Store(ds.UID, ds.Status)
					}
					return a, nil
				})
				taking(func(ds *appsv1.DaemonSet) {
					if was, ok := last.Load(ds.UID); ok {
						conditions, collisions := ds.Status.Conditions, ds.Status.CollisionCount
						ds.Status = *new(was.(appsv1.DaemonSetStatus)).DeepCopy()
						ds.Status.Conditions, ds.Status.CollisionCount = conditions, collisions
					}
				})(s)
			},
		},
		{
			ID:         "writes-status-every-time",
			Notice:     "Each look at a DaemonSet writes its status, changed or not.",
			Clauses:    []string{"DS-CST-002", "DS-STA-012", "DS-CST-001"},
			Injection:  "inside: each look ends with a write of the status as it is stored, and a DaemonSet is looked at every two seconds",
			ModelledOn: "Leaving out the comparison at the head of storeDaemonSetStatus.",
			Inject: func(s *rig.Setup) {
				s.Beside(func(ctx context.Context, s *rig.Setup) {
					tick := time.NewTicker(2 * time.Second)
					defer tick.Stop()
					for {
						select {
						case <-tick.C:
						case <-ctx.Done():
							return
						}
						for _, ds := range s.Wire.DaemonSets.All() {
							if ds.Status.ObservedGeneration > 0 {
								rewriteStatus(s, ds.Namespace, ds.Name, nil)
							}
						}
					}
				})
			},
		},
		{
			ID:         "status-by-a-timer",
			Notice:     "The status lags minutes behind the pods.",
			Clauses:    []string{"DS-STA-001", "DS-RUM-001"},
			Injection:  "writes: a status is taken for written but once in three minutes",
			ModelledOn: "Batching status updates to spare the API server.",
			Inject: func(s *rig.Setup) {
				var last sync.Map
				withholding(func(_ *rig.Setup, ds *appsv1.DaemonSet) bool {
					now := time.Now()
					was, ok := last.Load(ds.UID)
					if ok && now.Sub(was.(time.Time)) < 3*time.Minute {
						return true
					}
					last.Store(ds.UID, now)
					return false
				})(s)
			},
		},
		{
			ID:         "overwrites-status-blindly",
			Notice:     "A status update undoes what others wrote to the status since the controller read it.",
			Clauses:    []string{"DS-STA-018", "DS-STA-014"},
			Injection:  "writes: statuses carry no resourceVersion, and are sent half a second later",
			ModelledOn: "Forcing an update to be rid of conflicts.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("update", "daemonsets/status", wire.Rewrite(func(ds *appsv1.DaemonSet) { ds.ResourceVersion = "" }))
				s.Wire.OnWrite("update", "daemonsets/status", wire.Delayed(500*time.Millisecond))
			},
		},
		{
			ID:         "gives-up-on-conflicts",
			Notice:     "A status update that meets another writer is never tried again: the numbers stay false.",
			Injection:  "writes: a conflict of a status update is taken for success",
			Proof:      "Whoever makes the conflict has changed the DaemonSet: the watch tells the controller of it, which works the status out again from what it then sees.",
			ModelledOn: "Ignoring conflicts, because the next event will mend it.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("update", "daemonsets/status", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
					a, err := next(ctx, r)
					if err == nil && a.Code == http.StatusConflict {
						return wire.Pretend(r), nil
					}
					return a, err
				})
			},
		},
	}
}

// withholding has the controller take a status for written, and for what it
// wrote, where which is true; nobody else sees it.
func withholding(which func(*rig.Setup, *appsv1.DaemonSet) bool) inject {
	return func(s *rig.Setup) { lens.Unwritten(s, func(ds *appsv1.DaemonSet) bool { return which(s, ds) }) }
}
