package catalogue

import (
	"context"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// duplicates are defects in how many pods there are on a node, and in whose
// business a pod is that cannot be there.
func duplicates() []Mutant {
	return []Mutant{
		{
			ID:         "never-prunes",
			Notice:     "Two pods of a DaemonSet that stand on one node stay both.",
			Clauses:    []string{"DS-PLC-023", "DS-OWN-004", "DS-OWN-007"},
			Injection:  "writes: the deletion of a pod that has a live companion on its node is taken for done",
			ModelledOn: "Counting nodes with a pod, and not pods on a node.",
			Inject: deletingUnless(func(s *rig.Setup, p *corev1.Pod) bool {
				ds := owner(s, p)
				return ds != nil && !surges(ds) && live(p) && len(companions(s, p)) > 0
			}),
		},
		{
			ID:         "prunes-the-older",
			Notice:     "Of two pods on one node the newer is kept: the one that serves goes, and the one that still starts stays.",
			Clauses:    []string{"DS-PLC-023", "DS-OWN-004", "DS-OWN-007"},
			Injection:  "view: pods are the older the later they were created",
			ModelledOn: "A comparison of creation times the wrong way round.",
			Inject:     seeing(func(p *corev1.Pod) { invertAge(p) }),
		},
		{
			ID:         "prunes-the-bound",
			Notice:     "Of two pods for one node the older is kept though it is not bound: the one that runs is deleted for one that waits.",
			Clauses:    []string{"DS-PLC-023"},
			Injection:  "view: an unbound pod is seen on the node it is meant for",
			ModelledOn: "Sorting by age alone, without the first key of podByCreationTimestampAndPhase.",
			Inject: seeing(func(p *corev1.Pod) {
				if p.Spec.NodeName == "" && owned(p) {
					p.Spec.NodeName = target(p)
				}
			}),
		},
		{
			ID:         "prunes-all-copies",
			Notice:     "Of two pods on one node both are deleted, and the node is left without until a third one runs.",
			Clauses:    []string{"DS-PLC-023"},
			Injection:  "writes: with a pod that has companions these are deleted too",
			ModelledOn: "Deleting podsToDelete from a slice that shares its array with the pods to keep.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("delete", "pods", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
					p := s.Wire.Pods.Stored(r.Namespace, r.Name)
					if p == nil {
						return next(ctx, r)
					}
					ds := owner(s, p)
					if ds != nil && !surges(ds) && live(p) {
						for _, other := range companions(s, p) {
							if err := s.Client.CoreV1().Pods(other.Namespace).Delete(ctx, other.Name, metav1.DeleteOptions{}); err != nil {
								return nil, err
							}
						}
					}
					return next(ctx, r)
				})
			},
		},
		{
			ID:         "replaces-before-gone",
			Notice:     "A pod that is deleted is replaced while it still terminates: two agents at once on the node, fighting for ports and files.",
			Clauses:    []string{"DS-PLC-024", "DS-HST-004", "DS-TRB-004"},
			Injection:  "view: pods that terminate are gone",
			ModelledOn: "kubernetes#51279, and every controller that filters pods by deletionTimestamp first.",
			Inject: func(s *rig.Setup) {
				s.Wire.Pods.See(func(p *corev1.Pod) bool { return p.DeletionTimestamp == nil })
			},
		},
		{
			ID:         "waits-for-finished-pods",
			Notice:     "A pod that has finished, is deleted, and is held by a finalizer keeps its node without a replacement.",
			Clauses:    []string{"DS-POD-009", "DS-PLC-024"},
			Injection:  "view: a finished pod that terminates seems to run still",
			ModelledOn: "kubernetes#118716: waiting for every pod that terminates.",
			Inject: seeing(func(p *corev1.Pod) {
				if p.DeletionTimestamp != nil && owned(p) && (p.Status.Phase == corev1.PodFailed || p.Status.Phase == corev1.PodSucceeded) {
					p.Status.Phase = corev1.PodRunning
				}
			}),
		},
		{
			ID:         "counts-foreign-pods",
			Notice:     "A pod of another controller whose labels match is taken for the DaemonSet's: its node gets none, and it may be deleted.",
			Clauses:    []string{"DS-PLC-025"},
			Injection:  "view: a pod that matches a selector is owned by that DaemonSet",
			ModelledOn: "Finding pods by selector alone, as before there were controller references.",
			Inject: func(s *rig.Setup) {
				seeing(func(p *corev1.Pod) {
					ref := metav1.GetControllerOf(p)
					if ref == nil || ref.Kind == "DaemonSet" {
						return
					}
					for _, ds := range s.Wire.DaemonSets.All() {
						selector, err := metav1.LabelSelectorAsSelector(ds.Spec.Selector)
						if err == nil && ds.Namespace == p.Namespace && selector.Matches(labelsOf(p)) {
							p.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(ds, daemonSet())}
						}
					}
				})(s)
			},
		},
		{
			ID:         "deletes-unschedulable-pods",
			Notice:     "A pod that does not fit on its node is deleted and made again, over and over, instead of waiting for room.",
			Clauses:    []string{"DS-PLC-013", "DS-PRI-001", "DS-TRB-005"},
			Injection:  "beside: pods that the scheduler finds no room for are deleted",
			ModelledOn: "The controller before 1.12, which took back what did not fit.",
			Inject: func(s *rig.Setup) {
				s.Wire.Pods.Change(func(c wire.Change[corev1.Pod]) wire.Fate {
					if owned(c.New) && live(c.New) && unschedulable(c.New) {
						go func() {
							_ = s.Client.CoreV1().Pods(c.New.Namespace).Delete(s.Context, c.New.Name, metav1.DeleteOptions{})
						}()
					}
					return wire.Fate{}
				})
			},
		},
		{
			ID:         "judges-resources-itself",
			Notice:     "No pod is made for a node that has too little room for it: nothing is Pending, and nobody sees what is lacking.",
			Clauses:    []string{"DS-PLC-013", "DS-TRB-005"},
			Injection:  "writes: a pod that asks for more than its node can give is not created",
			ModelledOn: "The controller before 1.12: GeneralPredicates in nodeShouldRunDaemonPod.",
			Inject: refusingWhere("does not fit", func(s *rig.Setup, p *corev1.Pod, n *corev1.Node) bool {
				for name, have := range n.Status.Allocatable {
					want := have.DeepCopy()
					want.Sub(have)
					for _, c := range p.Spec.Containers {
						want.Add(c.Resources.Requests[name])
					}
					for _, other := range s.Wire.Pods.All() {
						if other.Spec.NodeName == n.Name && live(other) {
							for _, c := range other.Spec.Containers {
								want.Add(c.Resources.Requests[name])
							}
						}
					}
					if name != corev1.ResourcePods && want.Cmp(have) > 0 {
						return true
					}
				}
				return false
			}),
		},
		{
			ID:         "judges-host-ports-itself",
			Notice:     "No pod is made for a node where another one has its hostPort: nothing is Pending, and nobody sees which port is taken.",
			Clauses:    []string{"DS-HST-003"},
			Injection:  "writes: a pod whose hostPort is taken on its node is not created",
			ModelledOn: "The controller before 1.12: PodFitsHostPorts.",
			Inject: refusingWhere("port is taken", func(s *rig.Setup, p *corev1.Pod, n *corev1.Node) bool {
				taken := map[int32]bool{}
				for _, other := range s.Wire.Pods.All() {
					if target(other) == n.Name && live(other) {
						for _, port := range hostPorts(other) {
							taken[port] = true
						}
					}
				}
				for _, port := range hostPorts(p) {
					if taken[port] {
						return true
					}
				}
				return false
			}),
		},
	}
}

// deletingUnless has the controller delete no pod of which keep is true; it
// takes it for deleted by somebody else.
func deletingUnless(keep func(*rig.Setup, *corev1.Pod) bool) inject {
	return func(s *rig.Setup) {
		s.Wire.OnWrite("delete", "pods", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
			if p := s.Wire.Pods.Stored(r.Namespace, r.Name); p != nil && keep(s, p) {
				return wire.Refuse(http.StatusNotFound, "pods \""+r.Name+"\" not found"), nil
			}
			return next(ctx, r)
		})
	}
}

// refusingWhere has the controller create no pod for a node that judge finds
// unfit; it tries again as after any error.
func refusingWhere(why string, unfit func(*rig.Setup, *corev1.Pod, *corev1.Node) bool) inject {
	return func(s *rig.Setup) {
		s.Wire.OnWrite("create", "pods", wire.Judge(func(_ *wire.Request, p *corev1.Pod) *wire.Answer {
			if n := s.Wire.Nodes.Stored("", target(p)); n != nil && unfit(s, p, n) {
				return wire.Refuse(http.StatusInternalServerError, why)
			}
			return nil
		}))
	}
}

// unschedulable tells whether the scheduler has found no place for a pod.
func unschedulable(p *corev1.Pod) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable {
			return true
		}
	}
	return false
}

// hostPorts are the ports of its node that a pod asks for.
func hostPorts(p *corev1.Pod) []int32 {
	var out []int32
	for _, c := range p.Spec.Containers {
		for _, port := range c.Ports {
			if port.HostPort != 0 {
				out = append(out, port.HostPort)
			}
		}
	}
	return out
}
