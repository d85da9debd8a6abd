package catalogue

import (
	"context"
	"encoding/json"
	"slices"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// revisionTwins are defects in what becomes of two revisions of the same template.
func revisionTwins() []Mutant {
	return []Mutant{
		{
			ID:         "keeps-twin-revisions",
			Notice:     "Two revisions of the current template stay both, and the history shows a change that was none.",
			Clauses:    []string{"DS-REV-013"},
			Injection:  "writes: the deletion of a revision with a twin is taken for done",
			ModelledOn: "Stopping at the first revision that matches.",
			Inject: deletingRevision(func(_ *rig.Setup, r *wire.Request, twin *appsv1.ControllerRevision, _ []*appsv1.ControllerRevision) *wire.Answer {
				if twin == nil {
					return nil
				}
				return wire.Pretend(r)
			}),
		},
		{
			ID:         "merges-into-the-lower",
			Notice:     "Of two revisions of the current template the one of the higher number is deleted.",
			Clauses:    []string{"DS-REV-013"},
			Injection:  "writes: instead of a revision its twin is deleted",
			ModelledOn: "A comparison of revision numbers the wrong way round.",
			Inject: deletingRevision(func(_ *rig.Setup, r *wire.Request, twin *appsv1.ControllerRevision, _ []*appsv1.ControllerRevision) *wire.Answer {
				if twin != nil {
					r.Name = twin.Name
				}
				return nil
			}),
		},
		{
			ID:         "merge-leaves-pods-labels",
			Notice:     "When two revisions of the current template become one, pods keep the hash of the one that is gone.",
			Clauses:    []string{"DS-REV-013"},
			Injection:  "writes: a patch of a pod's hash label is taken for done",
			ModelledOn: "Deduplicating the history and forgetting who refers to it.",
			Inject:     relabelling(func(*rig.Setup, *wire.Request) {}),
		},
		{
			ID:         "merge-restarts-pods",
			Notice:     "When two revisions of the current template become one, pods are restarted to get its hash.",
			Clauses:    []string{"DS-REV-013"},
			Injection:  "writes: instead of a patch of its hash label, a pod gets deleted",
			ModelledOn: "Labels of pods being set at their creation only.",
			Inject: relabelling(func(s *rig.Setup, r *wire.Request) {
				if p := s.Wire.Pods.Stored(r.Namespace, r.Name); p != nil && live(p) {
					remove(s, p, metav1.DeleteOptions{})
				}
			}),
		},
	}
}

// revisionLimit are defects in revisionHistoryLimit.
func revisionLimit() []Mutant {
	return []Mutant{
		{
			ID:         "history-limit-ignored",
			Notice:     "Old revisions are never deleted.",
			Clauses:    []string{"DS-REV-008", "DS-REV-010", "DS-REV-011"},
			Injection:  "view: revisionHistoryLimit is boundless",
			ModelledOn: "A field that came after the controller was written.",
			Inject:     limiting(func(int32) int32 { return 1 << 30 }),
		},
		{
			ID:         "history-limit-plus-one",
			Notice:     "One old revision more is kept than revisionHistoryLimit says.",
			Clauses:    []string{"DS-REV-008", "DS-REV-010"},
			Injection:  "view: revisionHistoryLimit is one higher",
			ModelledOn: "Comparing with > where >= is meant.",
			Inject:     limiting(func(n int32) int32 { return n + 1 }),
		},
		{
			ID:         "history-limit-counts-current",
			Notice:     "One old revision fewer is kept than revisionHistoryLimit says.",
			Clauses:    []string{"DS-REV-008"},
			Injection:  "view: revisionHistoryLimit is one lower, where it is not 0",
			ModelledOn: "Counting the current revision, which the limit does not.",
			Inject:     limiting(func(n int32) int32 { return max(0, n-1) }),
		},
		{
			ID:         "history-limit-at-most-ten",
			Notice:     "A revisionHistoryLimit of 0 is taken for not set: ten old revisions stay.",
			Clauses:    []string{"DS-REV-010"},
			Injection:  "view: a revisionHistoryLimit of 0 is 10",
			ModelledOn: "Defaulting by the zero value, because the pointer is gone.",
			Inject: limiting(func(n int32) int32 {
				if n == 0 {
					return 10
				}
				return n
			}),
		},
		{
			ID:         "history-limit-at-next-template",
			Notice:     "A lowered revisionHistoryLimit deletes nothing until the template changes.",
			Clauses:    []string{"DS-REV-011"},
			Injection:  "view: a revisionHistoryLimit stays until the template changes",
			ModelledOn: "Cleaning up only when a revision has been made.",
			Inject: func(s *rig.Setup) {
				type plan struct {
					template string
					limit    int32
				}
				var mu sync.Mutex
				plans := map[types.UID]plan{}
				taking(func(ds *appsv1.DaemonSet) {
					raw, err := json.Marshal(ds.Spec.Template)
					if err != nil || ds.Spec.RevisionHistoryLimit == nil {
						return // what was read as JSON can be written as such
					}
					mu.Lock()
					defer mu.Unlock()
					if known, ok := plans[ds.UID]; ok && known.template == string(raw) {
						ds.Spec.RevisionHistoryLimit = &known.limit
						return
					}
					plans[ds.UID] = plan{template: string(raw), limit: *ds.Spec.RevisionHistoryLimit}
				})(s)
			},
		},
		{
			ID:         "prunes-newest-first",
			Notice:     "Over the history limit the newest old revisions are deleted: the one to go back to is gone, the oldest stays.",
			Clauses:    []string{"DS-REV-008"},
			Injection:  "writes: instead of the old revision of the lowest number that of the highest is deleted",
			ModelledOn: "A sort the wrong way round.",
			Inject: deletingRevision(func(s *rig.Setup, r *wire.Request, twin *appsv1.ControllerRevision, all []*appsv1.ControllerRevision) *wire.Answer {
				current := latest(all)
				old := slices.DeleteFunc(all, func(cr *appsv1.ControllerRevision) bool {
					return cr.Name == current.Name || inUse(s, cr)
				})
				if twin == nil && len(old) > 0 {
					r.Name = latest(old).Name
				}
				return nil
			}),
		},
		{
			ID:         "prunes-revisions-in-use",
			Notice:     "Over the history limit revisions are deleted whose pods still run.",
			Clauses:    []string{"DS-REV-009"},
			Injection:  "beside: when a revision comes, the lowest ones over the limit are deleted",
			ModelledOn: "Counting, and not asking what still runs, as a Deployment does with replicas.",
			Inject: func(s *rig.Setup) {
				s.Wire.Revisions.Change(func(c wire.Change[appsv1.ControllerRevision]) wire.Fate {
					ds := master(s, c.New)
					if c.Type != "ADDED" || ds == nil || ds.Spec.RevisionHistoryLimit == nil || ds.DeletionTimestamp != nil {
						return wire.Fate{}
					}
					all := revisionsOf(s, ds)
					slices.SortFunc(all, func(a, b *appsv1.ControllerRevision) int { return int(a.Revision - b.Revision) })
					for i := 0; i < len(all)-1-int(*ds.Spec.RevisionHistoryLimit); i++ {
						go func() {
							_ = s.Client.AppsV1().ControllerRevisions(ds.Namespace).Delete(s.Context, all[i].Name, metav1.DeleteOptions{})
						}()
					}
					return wire.Fate{}
				})
			},
		},
	}
}

// limiting has the controller take another revisionHistoryLimit for the stored one.
func limiting(change func(int32) int32) inject {
	return taking(func(ds *appsv1.DaemonSet) {
		if l := ds.Spec.RevisionHistoryLimit; l != nil {
			n := change(*l)
			ds.Spec.RevisionHistoryLimit = &n
		}
	})
}

// inUse tells whether a pod carries the hash of a revision.
func inUse(s *rig.Setup, cr *appsv1.ControllerRevision) bool {
	for _, p := range s.Wire.Pods.All() {
		if p.Namespace == cr.Namespace && revisionOf(p) == revisionOf(cr) {
			return true
		}
	}
	return false
}

// deletingRevision has judge decide on the deletion of a revision, with its twin
// of the same data, if it has one, and all revisions of its DaemonSet.
func deletingRevision(judge func(s *rig.Setup, r *wire.Request, twin *appsv1.ControllerRevision, all []*appsv1.ControllerRevision) *wire.Answer) inject {
	return func(s *rig.Setup) {
		s.Wire.OnWrite("delete", "controllerrevisions", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
			cr := s.Wire.Revisions.Stored(r.Namespace, r.Name)
			if cr == nil {
				return next(ctx, r)
			}
			ds := master(s, cr)
			if ds == nil {
				return next(ctx, r)
			}
			all := revisionsOf(s, ds)
			var twin *appsv1.ControllerRevision
			for _, other := range all {
				if other.Name != cr.Name && string(other.Data.Raw) == string(cr.Data.Raw) {
					twin = other
				}
			}
			if a := judge(s, r, twin, all); a != nil {
				return a, nil
			}
			return next(ctx, r)
		})
	}
}

// relabelling has act stand for the patch of a pod's hash label.
func relabelling(act func(*rig.Setup, *wire.Request)) inject {
	return func(s *rig.Setup) {
		s.Wire.OnWrite("patch", "pods", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
			p, err := wire.Decode[metav1.PartialObjectMetadata](r.Body)
			if err != nil {
				return nil, err
			}
			if revisionOf(p) == "" || len(p.OwnerReferences) > 0 {
				return next(ctx, r)
			}
			act(s, r)
			return wire.Pretend(r), nil
		})
	}
}
