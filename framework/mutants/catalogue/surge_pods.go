package catalogue

import (
	"context"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	podutil "k8s.io/kubernetes/pkg/api/v1/pod"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// surgeOldPods are defects in when the old pod of a node goes, and when its
// successor comes.
func surgeOldPods() []Mutant {
	return []Mutant{
		{
			ID:         "surge-trusts-ready",
			Notice:     "With maxSurge the old pod goes as soon as the new one is ready, without waiting minReadySeconds.",
			Clauses:    []string{"DS-RUS-009", "DS-RUS-001"},
			Injection:  "beside: the predecessors of a pod that is ready are deleted",
			ModelledOn: "IsPodReady where IsPodAvailable is meant, as in upstream's own comment on these lines.",
			Inject: watching(func(s *rig.Setup, _, p *corev1.Pod) {
				if surger(s, p) != nil && podutil.IsPodReady(p) {
					removeAll(s, predecessors(s, p))
				}
			}),
		},
		{
			ID:         "surge-deletes-at-creation",
			Notice:     "With maxSurge the old pod goes as soon as the new one is created: the node is without a pod that serves until it has started.",
			Clauses:    []string{"DS-RUS-001", "DS-RUS-009", "DS-RUS-013"},
			Injection:  "beside: the predecessors of a pod that is created are deleted",
			ModelledOn: "Deleting what is in excess before asking what is available.",
			Inject: watching(func(s *rig.Setup, before, p *corev1.Pod) {
				if before == nil && surger(s, p) != nil {
					removeAll(s, predecessors(s, p))
				}
			}),
		},
		{
			ID:         "surge-never-clears",
			Notice:     "After a rollout with maxSurge the old pods are still there, beside the new ones.",
			Clauses:    []string{"DS-RUS-001", "DS-RUS-009"},
			Injection:  "writes: the deletion of a pod with a live successor is taken for done",
			ModelledOn: "Two pods on a node being allowed, and nobody asking whether still.",
			Inject: deletingUnless(func(s *rig.Setup, p *corev1.Pod) bool {
				return surger(s, p) != nil && live(p) && len(companions(s, p)) > 0
			}),
		},
		{
			ID:         "surge-clears-at-the-end",
			Notice:     "With maxSurge all old pods stay until the last node has its new one: for a while every node carries two.",
			Clauses:    []string{"DS-RUS-001"},
			Injection:  "writes: an old pod beside its successor is not deleted while a node lacks a successor that is available",
			ModelledOn: "Cleaning up after the rollout, as a Deployment does with its old ReplicaSets.",
			Inject: deletingUnless(func(s *rig.Setup, p *corev1.Pod) bool {
				ds := surger(s, p)
				if ds == nil || !live(p) || len(companions(s, p)) == 0 || !podutil.IsPodReady(p) {
					return false
				}
				cr := latest(revisionsOf(s, ds))
				renewed := 0
				for _, other := range podsOf(s, ds) {
					if cr != nil && live(other) && revisionOf(other) == revisionOf(cr) && available(ds, other) {
						renewed++
					}
				}
				return renewed < int(ds.Status.DesiredNumberScheduled)
			}),
		},
		{
			ID:         "surge-waits-for-terminating",
			Notice:     "With maxSurge the successor of a deleted pod is not created before that one is gone: the node is without a pod that serves.",
			Clauses:    []string{"DS-RUS-007", "DS-RUS-008"},
			Injection:  "inside: no pod is created for a node where one of the same DaemonSet still terminates",
			ModelledOn: "kubernetes#51279 applied to surge, where it must not be.",
			Inject: sparing(func(s *rig.Setup, ds *appsv1.DaemonSet, p *corev1.Pod) bool {
				for _, other := range podsOf(s, ds) {
					if surges(ds) && other.DeletionTimestamp != nil && target(other) == target(p) {
						return true
					}
				}
				return false
			}),
		},
		{
			ID:         "surge-keeps-faltering-old",
			Notice:     "With maxSurge an old pod that stops being ready beside its successor stays until that one is available.",
			Clauses:    []string{"DS-RUS-005", "DS-RUS-006"},
			Injection:  "writes: an old pod is not deleted while its successor is not available",
			ModelledOn: "Only the second of the two cases in podsShouldBeOnNode.",
			Inject: deletingUnless(func(s *rig.Setup, p *corev1.Pod) bool {
				ds := surger(s, p)
				if ds == nil || !live(p) {
					return false
				}
				for _, other := range companions(s, p) {
					if revisionOf(other) != revisionOf(p) && !p.CreationTimestamp.After(other.CreationTimestamp.Time) && !available(ds, other) {
						return true
					}
				}
				return false
			}),
		},
		{
			ID:         "surge-counts-replacements",
			Notice:     "With maxSurge a node whose old pod is broken waits for its new one until the surge has room for it.",
			Clauses:    []string{"DS-RUS-006", "DS-RUS-007"},
			Injection:  "inside: no second pod is made for a node while as many others have two as maxSurge allows",
			ModelledOn: "One list of candidates where upstream has two, those that need surge and those that do not.",
			Inject: sparing(func(s *rig.Setup, ds *appsv1.DaemonSet, p *corev1.Pod) bool {
				if !surges(ds) {
					return false
				}
				there, crowded := map[string]int{}, 0
				for _, other := range podsOf(s, ds) {
					if other.Status.Phase != corev1.PodFailed && other.Status.Phase != corev1.PodSucceeded {
						there[target(other)]++
					}
				}
				for _, n := range there {
					if n > 1 {
						crowded++
					}
				}
				allowed := ds.Spec.UpdateStrategy.RollingUpdate.MaxSurge
				return there[target(p)] > 0 && allowed.StrVal == "" && crowded >= int(allowed.IntVal)
			}),
		},
		{
			ID:         "surges-twice-on-a-node",
			Notice:     "In a rollout with maxSurge a node gets two new pods beside its old one.",
			Clauses:    []string{"DS-RUS-001"},
			Injection:  "writes: the successor of a pod that runs is created twice",
			ModelledOn: "The manage loop and the rollout both creating for a node, because neither sees what the other has just done.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("create", "pods", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
					p, err := wire.Decode[corev1.Pod](r.Body)
					if err != nil {
						return nil, err
					}
					p.Namespace = r.Namespace
					if surger(s, p) != nil && len(companions(s, p)) > 0 {
						if a, err := next(ctx, r); err != nil || !a.OK() {
							return a, err
						}
					}
					return next(ctx, r)
				})
			},
		},
	}
}

// surger is the stored DaemonSet that controls a pod, if it surges.
func surger(s *rig.Setup, p *corev1.Pod) *appsv1.DaemonSet {
	if p == nil {
		return nil
	}
	if ds := owner(s, p); ds != nil && surges(ds) {
		return ds
	}
	return nil
}

// available tells whether a pod has been ready for as long as its DaemonSet wants.
func available(ds *appsv1.DaemonSet, p *corev1.Pod) bool {
	return podutil.IsPodAvailable(p, ds.Spec.MinReadySeconds, metav1.Time{Time: time.Now()})
}

// removeAll deletes pods.
func removeAll(s *rig.Setup, pods []*corev1.Pod) {
	for _, p := range pods {
		remove(s, p, metav1.DeleteOptions{})
	}
}

// hidingPods has the controller not see the terminating pods of the DaemonSets
// that which picks.
func hidingPods(which func(*rig.Setup, *appsv1.DaemonSet) bool) inject {
	return func(s *rig.Setup) {
		s.Wire.Pods.See(func(p *corev1.Pod) bool {
			if p.DeletionTimestamp == nil {
				return true
			}
			ds := owner(s, p)
			return ds == nil || !which(s, ds)
		})
	}
}
