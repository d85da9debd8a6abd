package catalogue

import (
	"hash/fnv"
	"slices"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/uuid"

	"github.com/dsconform/dsconform/framework/mutants/lens"
	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// revisions are defects in the history of templates.
func revisions() []Mutant {
	return slices.Concat(revisionLabels(), revisionData(), revisionNumbers(), revisionTwins(), revisionLimit())
}

// revisionLabels are defects in the hash, and in what a revision is called and labelled.
func revisionLabels() []Mutant {
	return []Mutant{
		{
			ID:         "no-hash-label",
			Notice:     "Pods have no label controller-revision-hash: nobody can tell the old ones from the new ones.",
			Clauses:    []string{"DS-REV-001", "DS-RUM-001", "DS-PLC-022"},
			Injection:  "writes: pods lose the label; the controller sees it",
			ModelledOn: "Keeping the revision of each pod in memory, or in an annotation.",
			Inject: marking(func(p *corev1.Pod) {
				delete(p.Labels, appsv1.ControllerRevisionHashLabelKey)
			}),
		},
		{
			ID:         "constant-hash-label",
			Notice:     "All pods have the same label controller-revision-hash, whatever their template.",
			Clauses:    []string{"DS-REV-001", "DS-RUM-001"},
			Injection:  "writes: the label is always 1; the controller sees the right one",
			ModelledOn: "A hash of the name instead of the template.",
			Inject:     marking(func(p *corev1.Pod) { p.Labels[appsv1.ControllerRevisionHashLabelKey] = "1" }),
		},
		{
			ID:         "hash-depends-on-name",
			Notice:     "DaemonSets with the same template have revisions of different hashes.",
			Clauses:    []string{"DS-REV-007", "DS-OWN-011"},
			Injection:  "writes: revisions are made under a hash that is of the DaemonSet's name too",
			ModelledOn: "Hashing the object where its template is meant.",
			Inject: naming(func(ds, hash string) string {
				h := fnv.New32a()
				_, _ = h.Write([]byte(ds + hash))
				return strconv.FormatUint(uint64(h.Sum32()), 10)
			}),
		},
		{
			ID:         "random-hash",
			Notice:     "A revision that is made again has another name: the pods of its template do not match it any more.",
			Clauses:    []string{"DS-REV-007", "DS-REV-012"},
			Injection:  "writes: revisions are made under a random hash",
			ModelledOn: "generateName for revisions.",
			Inject:     naming(func(string, string) string { return string(uuid.NewUUID())[:8] }),
		},
		{
			ID:         "revisions-without-hash-label",
			Notice:     "Revisions have no label controller-revision-hash: no pod can be matched with the template that it was made of.",
			Clauses:    []string{"DS-REV-001", "DS-REV-017"},
			Injection:  "writes: revisions lose the label; the controller sees it",
			ModelledOn: "Labelling pods alone.",
			Inject: func(s *rig.Setup) {
				lens.Revision(s, func(cr *appsv1.ControllerRevision) { delete(cr.Labels, appsv1.ControllerRevisionHashLabelKey) })
			},
		},
		{
			ID:         "revisions-without-template-labels",
			Notice:     "Revisions lack the template's labels: kubectl rollout history, which selects by them, shows nothing.",
			Clauses:    []string{"DS-REV-001", "DS-KUB-003"},
			Injection:  "writes: revisions lose all labels but the hash; the controller sees them",
			ModelledOn: "Giving revisions the labels of the DaemonSet, which often has none.",
			Inject: func(s *rig.Setup) {
				lens.Revision(s, func(cr *appsv1.ControllerRevision) {
					cr.Labels = map[string]string{appsv1.ControllerRevisionHashLabelKey: revisionOf(cr)}
				})
			},
		},
		{
			ID:         "revisions-without-annotations",
			Notice:     "Revisions lack the DaemonSet's annotations: kubectl rollout history shows no cause of a change.",
			Clauses:    []string{"DS-REV-001", "DS-KUB-003"},
			Injection:  "writes: revisions lose their annotations",
			ModelledOn: "Copying what the controller itself needs, and nothing for kubectl.",
			Inject: func(s *rig.Setup) {
				lens.Revision(s, func(cr *appsv1.ControllerRevision) { cr.Annotations = nil })
			},
		},
		{
			ID:         "unlabelled-revisions-stay",
			Notice:     "A revision that lost its label controller-revision-hash does not get it back.",
			Clauses:    []string{"DS-REV-017"},
			Injection:  "writes: an update that gives a revision the label is taken for done",
			ModelledOn: "Taking for granted that labels are as they were created.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("update", "controllerrevisions", wire.Judge(func(r *wire.Request, cr *appsv1.ControllerRevision) *wire.Answer {
					if old := s.Wire.Revisions.Stored(r.Namespace, r.Name); old != nil && revisionOf(old) == "" && revisionOf(cr) != "" {
						return wire.Pretend(r)
					}
					return nil
				}))
			},
		},
		{
			ID:         "pods-before-revision",
			Notice:     "The pods of a new template are there before its revision is: for a while they carry a hash that nothing explains.",
			Clauses:    []string{"DS-REV-001"},
			Injection:  "writes: revisions are taken for made, and made three seconds later",
			ModelledOn: "Writing the history at the end of a sync, after the pods.",
			Inject: func(s *rig.Setup) {
				var begun names
				s.Wire.OnWrite("create", "controllerrevisions", wire.Judge(func(r *wire.Request, cr *appsv1.ControllerRevision) *wire.Answer {
					if ds := master(s, cr); ds != nil && !begun.have(string(ds.UID)+cr.Name) {
						begun.add(string(ds.UID) + cr.Name)
						after(s, 3*time.Second, func() {
							_, _ = s.Client.AppsV1().ControllerRevisions(r.Namespace).Create(s.Context, cr, metav1.CreateOptions{})
						})
					}
					return wire.Pretend(r)
				}))
			},
		},
	}
}

// marking has pods be made with wrong marks that the controller does not see.
func marking(change func(*corev1.Pod)) inject {
	return func(s *rig.Setup) { lens.Pod(s, change) }
}

// naming has revisions be made under other hashes.
func naming(hash func(ds, hash string) string) inject {
	return func(s *rig.Setup) {
		s.Wire.OnWrite("create", "controllerrevisions", wire.Rewrite(func(cr *appsv1.ControllerRevision) {
			if ref := metav1.GetControllerOf(cr); ref != nil {
				h := hash(ref.Name, revisionOf(cr))
				cr.Name = ref.Name + "-" + h
				cr.Labels[appsv1.ControllerRevisionHashLabelKey] = h
			}
		}))
	}
}
