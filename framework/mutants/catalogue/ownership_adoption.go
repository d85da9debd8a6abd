package catalogue

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// adoption are defects in which pods a DaemonSet takes and which it lets go.
func adoption() []Mutant {
	return []Mutant{
		{
			ID:         "never-adopts",
			Notice:     "A pod without an owner that matches the selector gets a second one beside it.",
			Clauses:    []string{"DS-OWN-002", "DS-OWN-011", "DS-OWN-007"},
			Injection:  "view: pods without a controller are not there",
			ModelledOn: "Finding pods by controllerRef alone.",
			Inject: func(s *rig.Setup) {
				s.Wire.Pods.See(func(p *corev1.Pod) bool { return metav1.GetControllerOf(p) != nil })
			},
		},
		{
			ID:         "counts-without-adopting",
			Notice:     "A pod without an owner that matches the selector counts as the node's, but is never adopted.",
			Clauses:    []string{"DS-OWN-002", "DS-OWN-011"},
			Injection:  "writes: a patch that adopts a pod is taken for done",
			ModelledOn: "Taking a failed adoption for a claim.",
			Inject: patchingPods(false, func(_ context.Context, _ *rig.Setup, r *wire.Request) (*wire.Answer, error) {
				return wire.Pretend(r), nil
			}),
		},
		{
			ID:         "adopts-without-a-look",
			Notice:     "A pod is adopted by the cache's word: a DaemonSet that was deleted a moment ago may still take it.",
			Clauses:    []string{"DS-OWN-013"},
			Injection:  "beside: pods that match are adopted as soon as a watch tells of them",
			ModelledOn: "kubernetes#42639: adopting without a quorum read.",
			Inject: together(
				watching(func(s *rig.Setup, _, p *corev1.Pod) {
					if p != nil && orphan(p) {
						for _, ds := range selectors(s, p) {
							if ds.Namespace == p.Namespace && ds.DeletionTimestamp == nil {
								own(s, ds, p)
							}
						}
					}
				}),
				func(s *rig.Setup) {
					s.Wire.DaemonSets.Change(func(c wire.Change[appsv1.DaemonSet]) wire.Fate {
						if c.Old != nil || c.Type == "DELETED" {
							return wire.Fate{}
						}
						for _, p := range s.Wire.Pods.All() {
							if p.Namespace == c.New.Namespace && orphan(p) && matches(c.New.Spec.Selector, p) {
								own(s, c.New, p)
							}
						}
						return wire.Fate{}
					})
				},
			),
		},
		{
			ID:         "adopts-while-deleted",
			Notice:     "Pods that are to be orphaned are taken back by the DaemonSet while it is being deleted, and die with it.",
			Clauses:    []string{"DS-OWN-011", "DS-KUB-012"},
			Injection:  "beside: a DaemonSet with a deletionTimestamp adopts pods that match",
			ModelledOn: "Reconciling owners before looking at deletionTimestamp.",
			Inject: func(s *rig.Setup) {
				takeBack := func(p *corev1.Pod) {
					for _, ds := range selectors(s, p) {
						if ds.Namespace == p.Namespace && ds.DeletionTimestamp != nil {
							own(s, ds, p)
						}
					}
				}
				watching(func(_ *rig.Setup, _, p *corev1.Pod) {
					if p != nil && orphan(p) {
						takeBack(p)
					}
				})(s)
				// The pods may be let go before it is told that the set is to go.
				s.Wire.DaemonSets.Change(func(c wire.Change[appsv1.DaemonSet]) wire.Fate {
					for _, p := range s.Wire.Pods.All() {
						if c.New.DeletionTimestamp != nil && orphan(p) {
							takeBack(p)
						}
					}
					return wire.Fate{}
				})
			},
		},
		{
			ID:         "adopts-across-namespaces",
			Notice:     "A pod without an owner in another namespace is adopted because its labels match; the garbage collector then deletes it.",
			Clauses:    []string{"DS-OWN-005"},
			Injection:  "beside: pods without an owner are given to a DaemonSet of another namespace that matches",
			ModelledOn: "kubernetes#132400: an index of orphans over all namespaces.",
			Inject: watching(func(s *rig.Setup, _, p *corev1.Pod) {
				if p != nil && orphan(p) {
					for _, ds := range selectors(s, p) {
						if ds.Namespace != p.Namespace && ds.DeletionTimestamp == nil {
							go own(s, ds, p)
						}
					}
				}
			}),
		},
		{
			ID:         "takes-owned-pods",
			Notice:     "A pod of another controller whose labels match is taken from it.",
			Clauses:    []string{"DS-PLC-025"},
			Injection:  "beside: pods that match are given to the DaemonSet, whatever controller they have",
			ModelledOn: "Adopting by replacing ownerReferences instead of adding to them.",
			Inject: watching(func(s *rig.Setup, _, p *corev1.Pod) {
				if p == nil || p.DeletionTimestamp != nil || metav1.GetControllerOf(p) == nil {
					return
				}
				for _, ds := range selectors(s, p) {
					if ds.Namespace == p.Namespace && ds.DeletionTimestamp == nil && !metav1.IsControlledBy(p, ds) {
						go own(s, ds, p)
						return
					}
				}
			}),
		},
		{
			ID:         "restarts-adopted-pods",
			Notice:     "A pod that is adopted is deleted and made anew.",
			Clauses:    []string{"DS-OWN-002", "DS-OWN-011"},
			Injection:  "beside: pods that get a DaemonSet as owner are deleted",
			ModelledOn: "Taking what one did not make for out of date.",
			Inject: watching(func(s *rig.Setup, before, p *corev1.Pod) {
				if before != nil && p != nil && metav1.GetControllerOf(before) == nil && owned(p) && live(p) {
					remove(s, p, metav1.DeleteOptions{})
				}
			}),
		},
		{
			ID:         "deletes-orphans-without-node",
			Notice:     "A pod without an owner that matches the selector and is for no node is deleted.",
			Clauses:    []string{"DS-OWN-014"},
			Injection:  "beside: owned pods that are for no node are deleted",
			ModelledOn: "getUnscheduledPodsWithoutNode with the empty name for a node that is gone.",
			Inject: watching(func(s *rig.Setup, _, p *corev1.Pod) {
				if p != nil && owned(p) && live(p) && target(p) == "" {
					remove(s, p, metav1.DeleteOptions{})
				}
			}),
		},
		{
			ID:         "never-releases",
			Notice:     "A pod whose labels no longer match gets a successor but stays owned: it is deleted with the DaemonSet.",
			Clauses:    []string{"DS-OWN-006"},
			Injection:  "writes: a patch that releases a pod is taken for done",
			ModelledOn: "Filtering by selector without a word to the pods that fall out.",
			Inject: patchingPods(true, func(_ context.Context, _ *rig.Setup, r *wire.Request) (*wire.Answer, error) {
				return wire.Pretend(r), nil
			}),
		},
		{
			ID:         "ignores-relabelled-pods",
			Notice:     "A pod whose labels no longer match stays the node's: it gets no successor and is not released.",
			Clauses:    []string{"DS-OWN-006"},
			Injection:  "view: owned pods have the labels of their DaemonSet's selector",
			ModelledOn: "Finding pods by controllerRef, and never by the selector.",
			Inject: func(s *rig.Setup) {
				seeing(func(p *corev1.Pod) {
					if ds := owner(s, p); ds != nil {
						for k, v := range ds.Spec.Selector.MatchLabels {
							metav1.SetMetaDataLabel(&p.ObjectMeta, k, v)
						}
					}
				})(s)
			},
		},
		{
			ID:         "deletes-relabelled-pods",
			Notice:     "A pod whose labels no longer match is deleted: it cannot be taken aside to be looked at.",
			Clauses:    []string{"DS-OWN-006", "DS-OWN-007"},
			Injection:  "writes: instead of a patch that releases it, a pod gets deleted",
			ModelledOn: "Taking what does not match for what is to be cleaned up.",
			Inject: patchingPods(true, func(_ context.Context, s *rig.Setup, r *wire.Request) (*wire.Answer, error) {
				if p := s.Wire.Pods.Stored(r.Namespace, r.Name); p != nil && live(p) {
					remove(s, p, metav1.DeleteOptions{})
				}
				return wire.Pretend(r), nil
			}),
		},
	}
}

// orphan tells whether a pod has no controller and is not told to end.
func orphan(p *corev1.Pod) bool {
	return metav1.GetControllerOf(p) == nil && p.DeletionTimestamp == nil
}

// patchingPods has act stand for the patches of pods' owners: those that release
// a pod, or those that adopt one.
func patchingPods(release bool, act func(context.Context, *rig.Setup, *wire.Request) (*wire.Answer, error)) inject {
	return func(s *rig.Setup) {
		s.Wire.OnWrite("patch", "pods", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
			p, err := wire.Decode[metav1.PartialObjectMetadata](r.Body)
			if err != nil {
				return nil, err
			}
			if len(p.OwnerReferences) == 0 || releasing(r) != release {
				return next(ctx, r)
			}
			return act(ctx, s, r)
		})
	}
}
