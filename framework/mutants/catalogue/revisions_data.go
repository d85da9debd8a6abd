package catalogue

import (
	"encoding/json"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/dsconform/dsconform/framework/mutants/lens"
	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// revisionData are defects in whether there is a revision of a template, and
// in what it keeps.
func revisionData() []Mutant {
	return []Mutant{
		{
			ID:         "only-first-revision",
			Notice:     "A template change makes no revision: the history ends with the first one, and there is nothing to go back to.",
			Clauses:    []string{"DS-REV-005", "DS-KUB-003"},
			Injection:  "writes: revisions after a DaemonSet's first are taken for made",
			ModelledOn: "Making the revision where the DaemonSet is first seen.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("create", "controllerrevisions", wire.Judge(func(r *wire.Request, cr *appsv1.ControllerRevision) *wire.Answer {
					if ds := master(s, cr); ds != nil && len(revisionsOf(s, ds)) > 0 {
						return wire.Pretend(r)
					}
					return nil
				}))
			},
		},
		{
			ID:         "revision-of-the-last-template",
			Notice:     "A revision keeps the template before its own: kubectl rollout undo goes back one step too far.",
			Clauses:    []string{"DS-REV-003", "DS-KUB-004", "DS-KUB-018"},
			Injection:  "writes: revisions get the data of the highest one that there is; the controller sees the right one",
			ModelledOn: "Saving what is to be replaced instead of what replaces it.",
			Inject: func(s *rig.Setup) {
				lens.Revision(s, func(cr *appsv1.ControllerRevision) {
					if ds := master(s, cr); ds != nil {
						if before := latest(revisionsOf(s, ds)); before != nil {
							cr.Data = before.Data
						}
					}
				})
			},
		},
		{
			ID:         "revision-of-the-whole-spec",
			Notice:     "A revision keeps the update strategy and minReadySeconds too, so that kubectl rollout undo takes them back as well.",
			Clauses:    []string{"DS-REV-003", "DS-KUB-018"},
			Injection:  "writes: the data has both beside the template",
			ModelledOn: "Marshalling spec where spec.template is meant.",
			Inject: func(s *rig.Setup) {
				lens.Revision(s, func(cr *appsv1.ControllerRevision) {
					ds := master(s, cr)
					if ds == nil {
						return
					}
					keeping(cr, func(spec map[string]any) {
						spec["updateStrategy"], spec["minReadySeconds"] = ds.Spec.UpdateStrategy, ds.Spec.MinReadySeconds
					})
				})
			},
		},
		{
			ID:         "revision-without-replace",
			Notice:     "kubectl rollout undo merges the old template into the new one: what was added since stays.",
			Clauses:    []string{"DS-REV-003", "DS-KUB-018", "DS-KUB-004"},
			Injection:  "writes: the data lacks the directive $patch: replace",
			ModelledOn: "Saving the template as it is, and not as a patch.",
			Inject: func(s *rig.Setup) {
				lens.Revision(s, func(cr *appsv1.ControllerRevision) {
					keeping(cr, func(spec map[string]any) {
						if t, ok := spec["template"].(map[string]any); ok {
							delete(t, "$patch")
						}
					})
				})
			},
		},
		{
			ID:         "revision-without-metadata",
			Notice:     "kubectl rollout undo loses the template's labels and annotations.",
			Clauses:    []string{"DS-REV-003", "DS-KUB-018"},
			Injection:  "writes: the data lacks the template's annotations",
			ModelledOn: "Saving spec.template.spec.",
			Inject: func(s *rig.Setup) {
				lens.Revision(s, func(cr *appsv1.ControllerRevision) {
					keeping(cr, func(spec map[string]any) {
						if t, ok := spec["template"].(map[string]any); ok {
							if m, ok := t["metadata"].(map[string]any); ok {
								delete(m, "annotations")
							}
						}
					})
				})
			},
		},
		{
			ID:         "misses-deleted-revision",
			Notice:     "A current revision that somebody deletes is not made again.",
			Clauses:    []string{"DS-REV-012"},
			Injection:  "view: the watch of revisions does not tell that the highest one of a live DaemonSet is deleted",
			ModelledOn: "Watching DaemonSets and pods, and taking revisions for one's own.",
			Inject: func(s *rig.Setup) {
				s.Wire.Revisions.Change(func(c wire.Change[appsv1.ControllerRevision]) wire.Fate {
					ds := master(s, c.New)
					if c.Type != watch.Deleted || ds == nil || ds.DeletionTimestamp != nil {
						return wire.Fate{}
					}
					last := latest(revisionsOf(s, ds))
					return wire.Fate{Lose: last == nil || last.Revision < c.New.Revision}
				})
			},
		},
		{
			ID:         "takes-namesakes-revision",
			Notice:     "Where the name of a new revision is taken by one of another template, that one is used as if it were the DaemonSet's.",
			Clauses:    []string{"DS-REV-015"},
			Injection:  "writes: the creation of a revision whose name is taken succeeds",
			ModelledOn: "Ignoring AlreadyExists, as so many controllers do.",
			Inject: clashing(func(_ *rig.Setup, r *wire.Request) *wire.Answer {
				return wire.Pretend(r)
			}),
		},
		{
			ID:         "deletes-namesakes-revision",
			Notice:     "Where the name of a new revision is taken by one of another template, that one is deleted.",
			Clauses:    []string{"DS-REV-015"},
			Injection:  "writes: a revision whose name is taken is made after the other one is deleted",
			ModelledOn: "Replacing by deleting, because revisions cannot be updated.",
			Inject:     clashing(nil),
		},
		{
			ID:         "collision-never-counted",
			Notice:     "Where the name of a new revision is taken, the DaemonSet gets no pods: the controller tries the same name over and over.",
			Clauses:    []string{"DS-REV-015"},
			Injection:  "writes: a status that raises collisionCount is taken for written",
			ModelledOn: "kubernetes#62519: no way out of a clash.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("update", "daemonsets/status", wire.Judge(func(r *wire.Request, ds *appsv1.DaemonSet) *wire.Answer {
					if old := s.Wire.DaemonSets.Stored(r.Namespace, r.Name); old != nil && collisions(ds) > collisions(old) {
						return wire.Pretend(r)
					}
					return nil
				}))
			},
		},
		{
			ID:         "collision-counted-twice",
			Notice:     "A single clash of names raises collisionCount by two.",
			Clauses:    []string{"DS-REV-015"},
			Injection:  "writes: a status that raises collisionCount raises it by one more",
			ModelledOn: "kubernetes#67273: counting again what was counted from a stale view.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("update", "daemonsets/status", wire.Rewrite(func(ds *appsv1.DaemonSet) {
					if old := s.Wire.DaemonSets.Stored(ds.Namespace, ds.Name); old != nil && collisions(ds) > collisions(old) {
						*ds.Status.CollisionCount++
					}
				}))
			},
		},
	}
}

// collisions is the collisionCount of a DaemonSet's status.
func collisions(ds *appsv1.DaemonSet) int32 {
	if ds.Status.CollisionCount == nil {
		return 0
	}
	return *ds.Status.CollisionCount
}

// keeping changes what a revision keeps of the spec.
func keeping(cr *appsv1.ControllerRevision, change func(spec map[string]any)) {
	var data map[string]map[string]any
	if json.Unmarshal(cr.Data.Raw, &data) != nil || data["spec"] == nil {
		return
	}
	change(data["spec"])
	if raw, err := json.Marshal(data); err == nil {
		cr.Data.Raw = raw
	}
}
