package catalogue

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework/mutants/lens"
	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// revisionNumbers are defects in how revisions are numbered, and in what a
// return to an earlier template does to them.
func revisionNumbers() []Mutant {
	return []Mutant{
		{
			ID:         "rollback-keeps-number",
			Notice:     "After a return to an earlier template its revision keeps its number, so that the history does not say which template is in force.",
			Clauses:    []string{"DS-REV-006", "DS-REV-018", "DS-KUB-006"},
			Injection:  "writes: an update that raises a revision's number is taken for done",
			ModelledOn: "Taking the number for the order in which templates first came.",
			Inject: raising(func(_ context.Context, _ *rig.Setup, r *wire.Request, _ *appsv1.ControllerRevision) (*wire.Answer, error) {
				return wire.Pretend(r), nil
			}),
		},
		{
			ID:         "rollback-makes-new-revision",
			Notice:     "A return to an earlier template makes a new revision of it: pods that still are of that template are restarted.",
			Clauses:    []string{"DS-REV-006", "DS-RUM-021", "DS-KUB-006"},
			Injection:  "writes: instead of raising a revision's number, the controller makes one of another name and deletes it",
			ModelledOn: "Revisions being immutable, and thus made anew.",
			Inject: raising(func(ctx context.Context, s *rig.Setup, r *wire.Request, cr *appsv1.ControllerRevision) (*wire.Answer, error) {
				api := s.Client.AppsV1().ControllerRevisions(r.Namespace)
				old := cr.Name
				cr.ObjectMeta = metav1.ObjectMeta{Labels: cr.Labels, Annotations: cr.Annotations, OwnerReferences: cr.OwnerReferences}
				hash := "r" + strconv.FormatInt(cr.Revision, 10) + revisionOf(cr)
				cr.Name = metav1.GetControllerOfNoCopy(cr).Name + "-" + hash
				cr.Labels[appsv1.ControllerRevisionHashLabelKey] = hash
				if _, err := api.Create(ctx, cr, metav1.CreateOptions{}); err != nil {
					return nil, fmt.Errorf("making a revision: %w", err)
				}
				if err := api.Delete(ctx, old, metav1.DeleteOptions{}); err != nil {
					return nil, fmt.Errorf("deleting a revision: %w", err)
				}
				return wire.Pretend(r), nil
			}),
		},
		{
			ID:         "all-revisions-are-number-one",
			Notice:     "Every revision has the number 1: kubectl rollout history shows one line, and undo finds nothing.",
			Clauses:    []string{"DS-REV-005", "DS-REV-018", "DS-KUB-003"},
			Injection:  "writes: revisions get the number 1; the controller sees the right one",
			ModelledOn: "Leaving a field at what a new object has.",
			Inject: func(s *rig.Setup) {
				lens.Revision(s, func(cr *appsv1.ControllerRevision) { cr.Revision = 1 })
			},
		},
		{
			ID:         "numbers-start-at-zero",
			Notice:     "The first revision has the number 0, which kubectl takes for: the last one.",
			Clauses:    []string{"DS-REV-001"},
			Injection:  "writes: revisions get a number one lower; the controller sees the right one",
			ModelledOn: "Taking the length of the history before the new one is in it.",
			Inject: func(s *rig.Setup) {
				lens.Revision(s, func(cr *appsv1.ControllerRevision) { cr.Revision-- })
			},
		},
		{
			ID:         "numbers-skip",
			Notice:     "Revisions are numbered 1, 3, 5.",
			Clauses:    []string{"DS-REV-005"},
			Injection:  "writes: revisions get every other number; the controller sees the right one",
			ModelledOn: "Raising the number where the revision is made, and again where it is found.",
			Inject: func(s *rig.Setup) {
				lens.Revision(s, func(cr *appsv1.ControllerRevision) { cr.Revision = 2*cr.Revision - 1 })
			},
		},
		{
			ID:         "numbers-by-count",
			Notice:     "A revision is numbered by how many there are, so that a number comes twice once old ones were pruned.",
			Clauses:    []string{"DS-REV-008", "DS-REV-005", "DS-REV-018"},
			Injection:  "writes: a new revision gets the number of revisions plus one; the controller sees the right one",
			ModelledOn: "len(history) + 1 instead of maxRevision(history) + 1.",
			Inject: func(s *rig.Setup) {
				lens.Revision(s, func(cr *appsv1.ControllerRevision) {
					if ds := master(s, cr); ds != nil && cr.UID == "" {
						cr.Revision = int64(len(revisionsOf(s, ds)) + 1)
					}
				})
			},
		},
		{
			ID:         "uses-orphaned-revisions",
			Notice:     "A revision without an owner counts as history but is never adopted: the garbage collector does not take it with the DaemonSet.",
			Clauses:    []string{"DS-OWN-015", "DS-OWN-011"},
			Injection:  "writes: a patch of a revision's owners is taken for done",
			ModelledOn: "Finding revisions by their labels.",
			Inject:     neglecting("patch", "controllerrevisions"),
		},
		{
			ID:         "takes-foreign-revisions",
			Notice:     "A revision of another controller whose labels match is taken for the DaemonSet's: it counts in its history, and may be pruned.",
			Clauses:    []string{"DS-OWN-015"},
			Injection:  "beside: a revision that matches a selector is given to that DaemonSet",
			ModelledOn: "kubernetes#24946, for revisions: finding by selector alone.",
			Inject: func(s *rig.Setup) {
				s.Wire.Revisions.Change(func(c wire.Change[appsv1.ControllerRevision]) wire.Fate {
					ref := metav1.GetControllerOf(c.New)
					if ref == nil || c.Type == "DELETED" || c.New.DeletionTimestamp != nil {
						return wire.Fate{}
					}
					for _, ds := range s.Wire.DaemonSets.All() {
						if ds.Namespace == c.New.Namespace && ds.UID != ref.UID && matches(ds.Spec.Selector, c.New) {
							seize(s, ds, c.New)
						}
					}
					return wire.Fate{}
				})
			},
		},
	}
}

// seize makes a DaemonSet the one owner of a revision, once it has been told of.
func seize(s *rig.Setup, ds *appsv1.DaemonSet, cr *appsv1.ControllerRevision) {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"uid": cr.UID, "ownerReferences": []metav1.OwnerReference{*metav1.NewControllerRef(ds, daemonSet())},
	}})
	if err != nil {
		return // a reference can be written as JSON
	}
	after(s, 100*time.Millisecond, func() {
		_, _ = s.Client.AppsV1().ControllerRevisions(cr.Namespace).Patch(s.Context, cr.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	})
}

// raising has act stand for the update that raises a revision's number.
func raising(act func(context.Context, *rig.Setup, *wire.Request, *appsv1.ControllerRevision) (*wire.Answer, error)) inject {
	return func(s *rig.Setup) {
		s.Wire.OnWrite("update", "controllerrevisions", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
			cr, err := wire.Decode[appsv1.ControllerRevision](r.Body)
			if err != nil {
				return nil, err
			}
			if old := s.Wire.Revisions.Stored(r.Namespace, r.Name); old == nil || cr.Revision <= old.Revision {
				return next(ctx, r)
			}
			return act(ctx, s, r, cr)
		})
	}
}

// clashing has act answer the creation of a revision whose name is taken by one
// of other data; without act the other one is deleted first.
func clashing(act func(*rig.Setup, *wire.Request) *wire.Answer) inject {
	return func(s *rig.Setup) {
		s.Wire.OnWrite("create", "controllerrevisions", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
			a, err := next(ctx, r)
			if err != nil || a.Code != http.StatusConflict {
				return a, err
			}
			cr, err := wire.Decode[appsv1.ControllerRevision](r.Body)
			if err != nil {
				return nil, err
			}
			api := s.Client.AppsV1().ControllerRevisions(r.Namespace)
			other, err := api.Get(ctx, cr.Name, metav1.GetOptions{})
			if err != nil || string(other.Data.Raw) == string(cr.Data.Raw) {
				return a, nil //nolint:nilerr // what cannot be read is answered as it was
			}
			if act != nil {
				return act(s, r), nil
			}
			if err := api.Delete(ctx, cr.Name, metav1.DeleteOptions{}); err != nil {
				return nil, fmt.Errorf("deleting a revision: %w", err)
			}
			return next(ctx, r)
		})
	}
}
