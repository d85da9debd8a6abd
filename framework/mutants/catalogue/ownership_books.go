package catalogue

import (
	"bytes"
	"context"
	"net/http"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// books are defects in which DaemonSet something is put down to.
func books() []Mutant {
	return []Mutant{
		{
			ID:         "knows-owners-by-name",
			Notice:     "After a DaemonSet was deleted and made again its nodes wait for the new pods until the old ones' finalizers let them go.",
			Clauses:    []string{"DS-OWN-020"},
			Injection:  "view: UIDs of DaemonSets, and those of owners, are made of their names",
			ModelledOn: "Finding a pod's DaemonSet by ownerReference.name.",
			Inject:     knowingByName,
		},
		{
			ID:         "budget-of-the-namespace",
			Notice:     "One broken DaemonSet holds up the rollouts of all others in its namespace.",
			Clauses:    []string{"DS-RUM-022"},
			Injection:  "writes: deletions of pods are refused while another DaemonSet of the namespace has unavailable ones",
			ModelledOn: "Counting what is unavailable by a label that several DaemonSets have.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("delete", "pods", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
					p := s.Wire.Pods.Stored(r.Namespace, r.Name)
					if p == nil || !live(p) {
						return next(ctx, r)
					}
					for _, ds := range s.Wire.DaemonSets.All() {
						if ds.Namespace == r.Namespace && !metav1.IsControlledBy(p, ds) && ds.Status.NumberUnavailable > 0 {
							return wire.Refuse(http.StatusConflict, "mutants: another DaemonSet is not available"), nil
						}
					}
					return next(ctx, r)
				})
			},
		},
	}
}

// knowingByName has the controller take DaemonSets of one name for the same: it
// sees UIDs that are made of names, and what it writes has the true ones.
func knowingByName(s *rig.Setup) {
	var truth sync.Map // of the UID that is made up to that of the last DaemonSet of the name
	madeUp := func(namespace, name string) types.UID { return types.UID("by-name/" + namespace + "/" + name + "/") }
	s.Wire.DaemonSets.See(func(ds *appsv1.DaemonSet) bool {
		uid := madeUp(ds.Namespace, ds.Name)
		truth.Store(uid, ds.UID)
		ds.UID = uid
		return true
	})
	owners := func(o metav1.Object) bool {
		refs := o.GetOwnerReferences()
		for i, ref := range refs {
			if ref.Kind == "DaemonSet" {
				refs[i].UID = madeUp(o.GetNamespace(), ref.Name)
			}
		}
		return true
	}
	s.Wire.Pods.See(func(p *corev1.Pod) bool { return owners(p) })
	s.Wire.Revisions.See(func(cr *appsv1.ControllerRevision) bool { return owners(cr) })
	for _, what := range []string{"pods", "controllerrevisions", "daemonsets/status"} {
		s.Wire.OnWrite("*", what, func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
			truth.Range(func(uid, is any) bool {
				r.Body = bytes.ReplaceAll(r.Body, []byte(uid.(types.UID)), []byte(is.(types.UID)))
				return true
			})
			return next(ctx, r)
		})
	}
}
