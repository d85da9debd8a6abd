package revisions

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

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
		Behaviour: "A ControllerRevision without an owner whose labels match the selector MUST be adopted and treated as history; one that belongs to another controller MUST be left alone, whatever its labels.",
		Clauses:   []string{apiRevision, "pkg/controller/daemon/update.go: controlledHistories"},
		Level:     framework.Extended,
		Why: "The history of a DaemonSet that was deleted with its dependents orphaned is waiting for its successor. A controller that does not adopt it cannot roll back to it and never prunes it; " +
			"one that goes by labels alone prunes the history of a StatefulSet that shares them. The limit of 0 shows whose history each of them is.",
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
			orphan := past("orphan")
			fleet.Touch(ctx, e, name, "look again")

			untouched := revisionIs(foreign.Name, func(cr *appsv1.ControllerRevision) error {
				if cr.ResourceVersion != foreign.ResourceVersion {
					return fmt.Errorf("it was written, its owners are %v", cr.OwnerReferences)
				}
				return nil
			})
			adopted := revisionIs(orphan.Name, func(cr *appsv1.ControllerRevision) error { return oracle.OwnedBy(cr.OwnerReferences, ds) })
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "the orphan belongs to the DaemonSet and the other owner's revision is as it was", fleet.Every(adopted, untouched))

			pruned := fleet.Update(ctx, e, name, fleet.HistoryLimit(0))
			only := fleet.Every(fleet.Observed(pruned), fleet.SameRevisions(ds, []string{current.Name}), untouched, func(s *history.State) error {
				if n := len(s.Revisions()); n != 2 {
					return fmt.Errorf("there are %d ControllerRevisions in the namespace", n)
				}
				return nil
			})
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "with a limit of 0 the adopted revision is pruned and the other owner's is not", only)
			e.Stays(ctx, "it stays so", nil, only)
		},
	}
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
