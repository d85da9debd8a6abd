package catalogue

import (
	"encoding/json"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// ondelete are defects in the strategy OnDelete, and in the change to it and from it.
func ondelete() []Mutant {
	return []Mutant{
		{
			ID:         "on-delete-rolls",
			Notice:     "Under OnDelete a template change replaces the pods, one after the other, though nobody deleted them.",
			Clauses:    []string{"DS-OND-001", "DS-OND-003", "DS-OND-007"},
			Injection:  "view: the strategy is RollingUpdate",
			ModelledOn: "A controller that knows one strategy.",
			Inject: taking(func(ds *appsv1.DaemonSet) {
				ds.Spec.UpdateStrategy = appsv1.DaemonSetUpdateStrategy{Type: appsv1.RollingUpdateDaemonSetStrategyType}
			}),
		},
		{
			ID:         "on-delete-makes-no-successor",
			Notice:     "Under OnDelete a pod that is deleted does not come back.",
			Clauses:    []string{"DS-OND-003", "DS-OND-005"},
			Injection:  "inside: no pod is made for a node that has had one of a DaemonSet with OnDelete",
			ModelledOn: "Skipping the sync of DaemonSets with OnDelete that have nothing new to place.",
			Inject: func(s *rig.Setup) {
				var had names
				watching(func(s *rig.Setup, _, p *corev1.Pod) {
					if p != nil && owned(p) {
						had.add(place(p))
					}
				})(s)
				sparing(func(_ *rig.Setup, ds *appsv1.DaemonSet, p *corev1.Pod) bool {
					return onDelete(ds) && had.have(string(ds.UID)+"/"+target(p))
				})(s)
			},
		},
		{
			ID:         "on-delete-brings-back-the-old",
			Notice:     "Under OnDelete a pod that is deleted comes back with the template that it had, not with the newest one.",
			Clauses:    []string{"DS-OND-003", "DS-OND-005"},
			Injection:  "writes: a pod for a node is made of the revision that the node's last pod had",
			ModelledOn: "Deleting meaning restarting, as with a StatefulSet's partition.",
			Inject:     freezing(true),
		},
		{
			ID:         "on-delete-new-nodes-get-the-old",
			Notice:     "Under OnDelete a new node gets a pod of the template that the other nodes have, not of the newest one.",
			Clauses:    []string{"DS-OND-004"},
			Injection:  "writes: a pod for a node that had none is made of the revision that the other pods have",
			ModelledOn: "Keeping a current and an update revision, and using the current one for what is not deleted by hand.",
			Inject:     freezing(false),
		},
		{
			ID:         "on-delete-leaves-finished",
			Notice:     "Under OnDelete pods that have failed or ended stay as they are, until somebody deletes them.",
			Clauses:    []string{"DS-OND-005"},
			Injection:  "writes: under OnDelete finished pods are not deleted",
			ModelledOn: "Reading OnDelete as: delete nothing.",
			Inject: deletingUnless(func(s *rig.Setup, p *corev1.Pod) bool {
				ds := owner(s, p)
				return ds != nil && onDelete(ds) && p.DeletionTimestamp == nil && !live(p)
			}),
		},
		{
			ID:         "on-delete-leaves-excluded",
			Notice:     "Under OnDelete pods stay on nodes that the template no longer matches.",
			Clauses:    []string{"DS-OND-008"},
			Injection:  "writes: under OnDelete live pods without a companion are not deleted",
			ModelledOn: "Reading OnDelete as: delete nothing.",
			Inject: deletingUnless(func(s *rig.Setup, p *corev1.Pod) bool {
				ds := owner(s, p)
				return ds != nil && onDelete(ds) && live(p) && len(companions(s, p)) == 0
			}),
		},
		{
			ID:         "on-delete-holds-until-next-template",
			Notice:     "A switch from OnDelete to RollingUpdate rolls nothing until the template changes once more.",
			Clauses:    []string{"DS-OND-006"},
			Injection:  "view: a strategy OnDelete stays until the template changes",
			ModelledOn: "Starting rollouts on a change of the template, not on pods that are out of date.",
			Inject: holdingStrategy(func(before, now appsv1.DaemonSetUpdateStrategyType) bool {
				return before == appsv1.OnDeleteDaemonSetStrategyType && now == appsv1.RollingUpdateDaemonSetStrategyType
			}),
		},
		{
			ID:         "rollout-runs-on-under-on-delete",
			Notice:     "A switch to OnDelete does not stop a rollout that has begun.",
			Clauses:    []string{"DS-OND-007"},
			Injection:  "view: a strategy RollingUpdate stays until the template changes",
			ModelledOn: "A rollout that is planned when it begins and then carried out.",
			Inject: holdingStrategy(func(before, now appsv1.DaemonSetUpdateStrategyType) bool {
				return before == appsv1.RollingUpdateDaemonSetStrategyType && now == appsv1.OnDeleteDaemonSetStrategyType
			}),
		},
		{
			ID:         "on-delete-makes-no-revision",
			Notice:     "Under OnDelete a new template makes no revision: kubectl rollout history does not show it, and undo cannot leave it.",
			Clauses:    []string{"DS-OND-001"},
			Injection:  "writes: under OnDelete the revisions after the first are taken for made",
			ModelledOn: "Making revisions when a rollout begins.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("create", "controllerrevisions", wire.Judge(func(r *wire.Request, cr *appsv1.ControllerRevision) *wire.Answer {
					if ds := master(s, cr); ds != nil && onDelete(ds) && len(revisionsOf(s, ds)) > 0 {
						return wire.Pretend(r)
					}
					return nil
				}))
			},
		},
	}
}

// place names a pod's owner and node.
func place(p *corev1.Pod) string {
	for _, ref := range p.OwnerReferences {
		return string(ref.UID) + "/" + target(p)
	}
	return ""
}

// master is the stored DaemonSet that a revision names as its controller; nil if there is none.
func master(s *rig.Setup, cr *appsv1.ControllerRevision) *appsv1.DaemonSet {
	return owner(s, &corev1.Pod{ObjectMeta: cr.ObjectMeta})
}

// freezing has pods under OnDelete be made of an older revision: that of the
// last pod of the node, where again is true; that of another node's, where it is
// false and the node had none.
func freezing(again bool) inject {
	return func(s *rig.Setup) {
		var last sync.Map // of place to hash
		watching(func(_ *rig.Setup, before, p *corev1.Pod) {
			if before == nil && p != nil && owned(p) {
				last.Store(place(p), revisionOf(p))
			}
		})(s)
		s.Wire.OnWrite("create", "pods", wire.Rewrite(func(p *corev1.Pod) {
			ds := owner(s, p)
			if ds == nil || !onDelete(ds) {
				return
			}
			hash, had := last.Load(place(p))
			if had != again {
				return
			}
			if !had {
				for _, other := range podsOf(s, ds) {
					hash = revisionOf(other)
				}
			}
			for _, cr := range revisionsOf(s, ds) {
				if t := templateOf(cr); t != nil && revisionOf(cr) == hash {
					p.Spec.Containers = t.Spec.Containers
					p.Labels[appsv1.ControllerRevisionHashLabelKey] = revisionOf(cr)
					delete(p.Labels, appsv1.DeprecatedTemplateGeneration)
				}
			}
		}))
	}
}

// holdingStrategy has the controller take a strategy for what it was when the
// template last changed, where hold tells so of that and the one now.
func holdingStrategy(hold func(before, now appsv1.DaemonSetUpdateStrategyType) bool) inject {
	return func(s *rig.Setup) {
		type plan struct {
			template string
			strategy appsv1.DaemonSetUpdateStrategy
		}
		var mu sync.Mutex
		plans := map[types.UID]plan{}
		taking(func(ds *appsv1.DaemonSet) {
			raw, err := json.Marshal(ds.Spec.Template)
			if err != nil {
				return // what was read as JSON can be written as such
			}
			mu.Lock()
			defer mu.Unlock()
			known, ok := plans[ds.UID]
			switch {
			case !ok || known.template != string(raw):
				plans[ds.UID] = plan{template: string(raw), strategy: *ds.Spec.UpdateStrategy.DeepCopy()}
			case hold(known.strategy.Type, ds.Spec.UpdateStrategy.Type):
				ds.Spec.UpdateStrategy = *known.strategy.DeepCopy()
			case !equality.Semantic.DeepEqual(known.strategy, ds.Spec.UpdateStrategy):
				known.strategy = *ds.Spec.UpdateStrategy.DeepCopy()
				plans[ds.UID] = known
			}
		})(s)
	}
}
