package catalogue

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/labels"
	podutil "k8s.io/kubernetes/pkg/api/v1/pod"
	"k8s.io/kubernetes/pkg/controller/daemon/util"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// surgePlaces are defects in what becomes, with maxSurge, of pods on nodes that
// the DaemonSet leaves or has no room on, and of two pods when maxSurge ends.
func surgePlaces() []Mutant {
	return []Mutant{
		{
			ID:         "surge-leaves-at-once",
			Notice:     "With maxSurge, a template that no longer tolerates a node's taint takes the pod away there before the pods elsewhere serve.",
			Clauses:    []string{"DS-RUS-010"},
			Injection:  "beside: pods whose node the template of the moment does not tolerate are deleted",
			ModelledOn: "kubernetes#118823 mended by halves: leaving the old place, but not waiting for the new one.",
			Inject: func(s *rig.Setup) {
				s.Wire.DaemonSets.Change(func(c wire.Change[appsv1.DaemonSet]) wire.Fate {
					if c.Old == nil || !surges(c.New) || equality.Semantic.DeepEqual(c.Old.Spec.Template, c.New.Spec.Template) {
						return wire.Fate{}
					}
					for _, p := range podsOf(s, c.New) {
						if live(p) && unwanted(s, c.New, p) {
							removeAll(s, []*corev1.Pod{p})
						}
					}
					return wire.Fate{}
				})
			},
		},
		{
			ID:         "surge-never-leaves",
			Notice:     "With maxSurge, pods on nodes whose taints the new template does not tolerate stay, of the old template, for ever.",
			Clauses:    []string{"DS-RUS-010", "DS-RUS-011"},
			Injection:  "writes: pods whose node the template does not tolerate are not deleted while they are live",
			ModelledOn: "The controller before 1.29 (kubernetes#118823).",
			Inject: deletingUnless(func(s *rig.Setup, p *corev1.Pod) bool {
				ds := surger(s, p)
				return ds != nil && live(p) && unwanted(s, ds, p)
			}),
		},
		{
			ID:         "surge-keeps-broken-in-old-place",
			Notice:     "With maxSurge, a broken pod on a node that the template no longer tolerates stays until its successor elsewhere is available.",
			Clauses:    []string{"DS-RUS-011"},
			Injection:  "writes: pods that are not ready are not deleted from such nodes",
			ModelledOn: "One rule for all pods in the old place, available or not.",
			Inject: deletingUnless(func(s *rig.Setup, p *corev1.Pod) bool {
				ds := surger(s, p)
				return ds != nil && live(p) && !podutil.IsPodReady(p) && unwanted(s, ds, p)
			}),
		},
		{
			ID:         "surge-holds-left-nodes",
			Notice:     "With maxSurge, pods stay on nodes that a changed nodeSelector leaves out, as long as the new ones are not available.",
			Clauses:    []string{"DS-RUS-012"},
			Injection:  "writes: a pod on a node outside the nodeSelector is not deleted while a pod inside is not available",
			ModelledOn: "Promising availability for every move, though only taints are to be waited for.",
			Inject: deletingUnless(func(s *rig.Setup, p *corev1.Pod) bool {
				ds := surger(s, p)
				if ds == nil || !live(p) || selected(s, ds, p) {
					return false
				}
				inside := 0
				for _, other := range podsOf(s, ds) {
					if live(other) && selected(s, ds, other) && available(ds, other) {
						inside++
					}
				}
				return inside == 0 || inside < int(ds.Status.DesiredNumberScheduled)
			}),
		},
		{
			ID:         "surge-makes-room",
			Notice:     "With maxSurge and a hostPort the old pod is deleted because the new one does not fit beside it: a node without a pod that serves.",
			Clauses:    []string{"DS-RUS-013"},
			Injection:  "beside: the predecessors of a pod that the scheduler finds no room for are deleted",
			ModelledOn: "Solving the deadlock of hostPort and surge that the documentation warns of.",
			Inject: watching(func(s *rig.Setup, _, p *corev1.Pod) {
				if surger(s, p) != nil && live(p) && unschedulable(p) {
					removeAll(s, predecessors(s, p))
				}
			}),
		},
		{
			ID:         "keeps-both-after-surge",
			Notice:     "When maxSurge is taken back in a rollout, nodes that had two pods keep both.",
			Clauses:    []string{"DS-RUS-016"},
			Injection:  "writes: without surge, a pod with a live companion of another revision is not deleted",
			ModelledOn: "Pruning only pods of the same revision.",
			Inject: deletingUnless(func(s *rig.Setup, p *corev1.Pod) bool {
				ds := owner(s, p)
				if ds == nil || surges(ds) || !live(p) {
					return false
				}
				for _, other := range companions(s, p) {
					if revisionOf(other) != revisionOf(p) {
						return true
					}
				}
				return false
			}),
		},
	}
}

// unwanted tells whether a pod is on a node with a taint of effect NoSchedule
// that the pods of its DaemonSet's template would not tolerate.
func unwanted(s *rig.Setup, ds *appsv1.DaemonSet, p *corev1.Pod) bool {
	n := s.Wire.Nodes.Stored("", target(p))
	if n == nil {
		return false
	}
	spec := ds.Spec.Template.Spec.DeepCopy()
	util.AddOrUpdateDaemonPodTolerations(spec)
	for _, taint := range n.Spec.Taints {
		if taint.Effect == corev1.TaintEffectNoSchedule && !forgiven(spec.Tolerations, taint) {
			return true
		}
	}
	return false
}

// forgiven tells whether one of the tolerations is for the taint.
func forgiven(all []corev1.Toleration, taint corev1.Taint) bool {
	for _, t := range all {
		if (t.Effect == "" || t.Effect == taint.Effect) && (t.Key == "" || t.Key == taint.Key) &&
			(t.Operator == corev1.TolerationOpExists || t.Value == taint.Value) {
			return true
		}
	}
	return false
}

// selected tells whether a pod's node has the labels of its DaemonSet's nodeSelector.
func selected(s *rig.Setup, ds *appsv1.DaemonSet, p *corev1.Pod) bool {
	n := s.Wire.Nodes.Stored("", target(p))
	return n != nil && labels.SelectorFromSet(ds.Spec.Template.Spec.NodeSelector).Matches(labelsOf(n))
}
