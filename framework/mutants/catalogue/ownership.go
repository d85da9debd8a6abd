package catalogue

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller"

	"github.com/dsconform/dsconform/framework/mutants/lens"
	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// ownership are defects in whose a pod or a revision is, and in what follows.
func ownership() []Mutant { return slices.Concat(references(), adoption(), endings()) }

// references are defects in the ownerReferences of what the controller makes.
func references() []Mutant {
	return []Mutant{
		{
			ID:         "pods-without-owner",
			Notice:     "Pods have no owner: nobody deletes them with their DaemonSet.",
			Clauses:    []string{"DS-OWN-001", "DS-OWN-008"},
			Injection:  "writes: pods lose their ownerReferences; the controller sees them",
			ModelledOn: "The controller before 1.7, which went by labels.",
			Inject:     marking(func(p *corev1.Pod) { p.OwnerReferences = nil }),
		},
		{
			ID:         "owner-is-no-controller",
			Notice:     "Pods have the DaemonSet as owner but not as controller: kubectl drain takes them for pods of nobody.",
			Clauses:    []string{"DS-OWN-001"},
			Injection:  "writes: ownerReferences of pods lack controller; the controller sees it",
			ModelledOn: "Building an OwnerReference by hand instead of by NewControllerRef.",
			Inject:     marking(func(p *corev1.Pod) { p.OwnerReferences[0].Controller = nil }),
		},
		{
			ID:         "owner-does-not-block",
			Notice:     "A deletion in the foreground does not wait for the pods.",
			Clauses:    []string{"DS-OWN-001", "DS-OWN-009"},
			Injection:  "writes: ownerReferences of pods have blockOwnerDeletion false; the controller sees true",
			ModelledOn: "Leaving it out because setting it needs a right to update finalizers.",
			Inject: marking(func(p *corev1.Pod) {
				no := false
				p.OwnerReferences[0].BlockOwnerDeletion = &no
			}),
		},
		{
			ID:         "owner-of-wrong-uid",
			Notice:     "Pods name an owner that is not there: the garbage collector deletes them as soon as it sees them.",
			Clauses:    []string{"DS-OWN-001", "DS-PLC-001"},
			Injection:  "writes: ownerReferences of pods have a UID of nothing; the controller sees the right one",
			ModelledOn: "A DaemonSet kept from before it was deleted and made again.",
			Inject:     marking(func(p *corev1.Pod) { p.OwnerReferences[0].UID = uuid.NewUUID() }),
		},
		{
			ID:         "owner-of-old-version",
			Notice:     "Pods name their owner in an API group that is no longer served: they are never collected.",
			Clauses:    []string{"DS-OWN-001"},
			Injection:  "writes: ownerReferences of pods have extensions/v1beta1; the controller sees apps/v1",
			ModelledOn: "The pods of the controller before 1.9.",
			Inject:     marking(func(p *corev1.Pod) { p.OwnerReferences[0].APIVersion = "extensions/v1beta1" }),
		},
		{
			ID:         "pods-owned-by-node-too",
			Notice:     "Pods have their node as a second owner: they go on while the node is there, though their DaemonSet was deleted.",
			Clauses:    []string{"DS-OWN-001"},
			Injection:  "writes: pods get their node as an owner; the controller does not see it",
			ModelledOn: "Mirror pods, which belong to their node.",
			Inject: func(s *rig.Setup) {
				marking(func(p *corev1.Pod) {
					if n := s.Wire.Nodes.Stored("", target(p)); n != nil {
						p.OwnerReferences = append(p.OwnerReferences, metav1.OwnerReference{APIVersion: "v1", Kind: "Node", Name: n.Name, UID: n.UID})
					}
				})(s)
			},
		},
		{
			ID:         "revisions-without-owner",
			Notice:     "Revisions have no owner: they stay when their DaemonSet is deleted.",
			Clauses:    []string{"DS-REV-001", "DS-OWN-008"},
			Injection:  "writes: revisions lose their ownerReferences; the controller sees them",
			ModelledOn: "Setting the owner on pods alone.",
			Inject: func(s *rig.Setup) {
				lens.Revision(s, func(cr *appsv1.ControllerRevision) { cr.OwnerReferences = nil })
			},
		},
		{
			ID:         "revision-owner-is-no-controller",
			Notice:     "Revisions have the DaemonSet as owner but not as controller: kubectl rollout history and undo do not find them.",
			Clauses:    []string{"DS-REV-001", "DS-OWN-001"},
			Injection:  "writes: ownerReferences of revisions lack controller; the controller sees it",
			ModelledOn: "Building an OwnerReference by hand instead of by NewControllerRef.",
			Inject: func(s *rig.Setup) {
				lens.Revision(s, func(cr *appsv1.ControllerRevision) {
					for i := range cr.OwnerReferences {
						cr.OwnerReferences[i].Controller = nil
					}
				})
			},
		},
	}
}

// endings are defects in what the controller does while a DaemonSet or its
// namespace is being deleted, and after.
func endings() []Mutant {
	return []Mutant{
		{
			ID:         "acts-while-deleted",
			Notice:     "A DaemonSet that is being deleted gets new pods for those that go, so that the deletion takes long or never ends.",
			Clauses:    []string{"DS-OWN-009"},
			Injection:  "view: DaemonSets have no deletionTimestamp",
			ModelledOn: "kubernetes#64797: making anew what the garbage collector deletes.",
			Inject:     taking(func(ds *appsv1.DaemonSet) { ds.DeletionTimestamp = nil }),
		},
		{
			ID:         "deletes-pods-itself",
			Notice:     "A DaemonSet's pods are deleted with it though they were to be orphaned.",
			Clauses:    []string{"DS-OWN-011"},
			Injection:  "beside: when a DaemonSet is gone the pods that its selector matches are deleted, but for those of other controllers",
			ModelledOn: "Cleaning up by labels where the deletion is heard of, which tells nothing of propagationPolicy.",
			// While the set is still there the garbage collector may be at its pods:
			// who would be the quicker, nobody knows.
			Inject: cleaningUp(func(c wire.Change[appsv1.DaemonSet]) bool { return c.Type == "DELETED" }),
		},
		{
			ID:         "deletes-pods-at-once",
			Notice:     "A DaemonSet's pods are deleted as soon as it is to go, though they were to be orphaned.",
			Clauses:    []string{"DS-OWN-011"},
			Injection:  "beside: when a DaemonSet is being deleted the pods that its selector matches are deleted, but for those of other controllers",
			ModelledOn: "A finalizer's clean-up in the controller, which knows nothing of propagationPolicy.",
			Inject:     cleaningUp(func(c wire.Change[appsv1.DaemonSet]) bool { return c.New.DeletionTimestamp != nil }),
		},
		{
			ID:         "expects-for-the-dead",
			Notice:     "A DaemonSet that is deleted and made again at once gets its pods only after five minutes.",
			Clauses:    []string{"DS-OWN-016"},
			Injection:  "inside: expectations are kept when a DaemonSet is deleted",
			ModelledOn: "Keying what one waits for by name, and not clearing it (TestExpectationsOnRecreate).",
			Inject: func(s *rig.Setup) {
				s.Inside(func(i *rig.Insides) { i.Expectations(immortal{controller.NewControllerExpectations()}) })
			},
		},
	}
}

// cleaningUp deletes the pods of a DaemonSet by its selector at a change of it.
func cleaningUp(at func(wire.Change[appsv1.DaemonSet]) bool) inject {
	return func(s *rig.Setup) {
		s.Wire.DaemonSets.Change(func(c wire.Change[appsv1.DaemonSet]) wire.Fate {
			if at(c) {
				removeAll(s, selectedBy(s, c.New))
			}
			return wire.Fate{}
		})
	}
}

// selectedBy are the stored pods that a DaemonSet's selector matches, but for those
// of other controllers: its own, orphaned or not.
func selectedBy(s *rig.Setup, ds *appsv1.DaemonSet) []*corev1.Pod {
	var out []*corev1.Pod
	for _, p := range s.Wire.Pods.All() {
		if p.Namespace == ds.Namespace && matches(ds.Spec.Selector, p) && (orphan(p) || metav1.IsControlledBy(p, ds)) {
			out = append(out, p)
		}
	}
	return out
}

// immortal expectations are never deleted.
type immortal struct {
	controller.ControllerExpectationsInterface
}

// DeleteExpectations implements controller.ControllerExpectationsInterface.
func (immortal) DeleteExpectations(klog.Logger, string) {}
