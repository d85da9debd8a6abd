package revisions

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func orphanAdopted() framework.Spec {
	return framework.Spec{
		ID:        "DS-OWN-015",
		Area:      framework.Revisions,
		Title:     "an orphaned revision is adopted, another owner's is not",
		Behaviour: "A ControllerRevision without an owner whose labels match the selector MUST be adopted and treated as history; one that belongs to another controller MUST be left alone, whatever its labels, and one whose labels stop matching MUST be released.",
		Clauses:   []string{apiRevision, "pkg/controller/daemon/update.go: controlledHistories"},
		Level:     framework.Extended,
		Why: "The history of a DaemonSet that was deleted with its dependents orphaned is waiting for its successor. A controller that does not adopt it cannot roll back to it and never prunes it; " +
			"one that goes by labels alone prunes the history of a StatefulSet that shares them, and one that never lets go prunes what was set aside. The limit of 0 shows whose history each of them is.",
		Body: func(ctx context.Context, e *framework.Env) {
			fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.Nowhere(e), fleet.Template("current")))
			ds := e.History.State().DaemonSet(name)
			current := fleet.Revision(ctx, e, name, 0)
			other, err := e.Client.CoreV1().ConfigMaps(e.Namespace).Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "owner", Namespace: e.Namespace}}, metav1.CreateOptions{})
			e.Must(err, "create ConfigMap owner")
			past := func(name string, owners ...metav1.OwnerReference) *appsv1.ControllerRevision {
				return createRevision(ctx, e, &appsv1.ControllerRevision{
					ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: e.Namespace, OwnerReferences: owners, Labels: map[string]string{
						"app": current.Labels["app"], appsv1.ControllerRevisionHashLabelKey: name,
					}},
					Data: runtime.RawExtension{Raw: []byte(`{"spec":{"template":{"$patch":"replace","metadata":{"annotations":{"of":"the past"}}}}}`)},
				})
			}
			foreign := past("foreign", *metav1.NewControllerRef(other, corev1.SchemeGroupVersion.WithKind("ConfigMap")))
			orphan, aside := past("orphan"), past("aside")
			fleet.Touch(ctx, e, name, "look again")

			untouched := revisionIs(foreign.Name, func(cr *appsv1.ControllerRevision) error {
				if cr.ResourceVersion != foreign.ResourceVersion {
					return fmt.Errorf("it was written, its owners are %v", cr.OwnerReferences)
				}
				return nil
			})
			owned := func(cr *appsv1.ControllerRevision) error { return oracle.OwnedBy(cr.OwnerReferences, ds) }
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "the orphans belong to the DaemonSet and the other owner's revision is as it was",
				fleet.Every(revisionIs(orphan.Name, owned), revisionIs(aside.Name, owned), untouched))
			setAside(ctx, e, aside)
			released := revisionIs(aside.Name, func(cr *appsv1.ControllerRevision) error {
				if len(cr.OwnerReferences) > 0 {
					return fmt.Errorf("its labels are %v, and it still has the owner %s", cr.Labels, cr.OwnerReferences[0].Name)
				}
				return nil
			})
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "the revision that was set aside by its label has no owner", fleet.Every(released, untouched))

			pruned := fleet.Update(ctx, e, name, fleet.HistoryLimit(0))
			only := fleet.Every(fleet.Observed(pruned), fleet.SameRevisions(ds, []string{current.Name}), untouched, released, func(s *history.State) error {
				if n := len(s.Revisions()); n != 3 {
					return fmt.Errorf("there are %d ControllerRevisions in the namespace", n)
				}
				return nil
			})
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "with a limit of 0 the adopted revision is pruned; the other owner's is not, nor the one set aside", only)
			e.Stays(ctx, "it stays so", nil, only)
		},
	}
}

// setAside takes a revision out of the DaemonSet's selector.
func setAside(ctx context.Context, e *framework.Env, cr *appsv1.ControllerRevision) {
	e.Act("sets label app=set-aside of ControllerRevision", history.KindControllerRevision, cr)
	_, err := e.Client.AppsV1().ControllerRevisions(e.Namespace).Patch(ctx, cr.Name, types.MergePatchType, []byte(`{"metadata":{"labels":{"app":"set-aside"}}}`), metav1.PatchOptions{})
	e.Must(err, "label ControllerRevision %s", cr.Name)
}

// revisionIs judges the ControllerRevision of the name, whoever owns it.
func revisionIs(name string, judge func(*appsv1.ControllerRevision) error) func(*history.State) error {
	return func(s *history.State) error {
		for _, cr := range s.Revisions() {
			if cr.Name != name {
				continue
			}
			if err := judge(cr); err != nil {
				return fmt.Errorf("ControllerRevision %s: %w", name, err)
			}
			return nil
		}
		return fmt.Errorf("ControllerRevision %s is gone", name)
	}
}
