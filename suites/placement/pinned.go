package placement

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func pinnedByAffinity() framework.Spec {
	return framework.Spec{
		ID: "DS-PLC-008", Area: framework.Placement, Title: "pods are pinned by node affinity and bound by a scheduler", Level: framework.Core,
		Behaviour: "Each pod MUST be created unbound, with one required node affinity term that names its node by metadata.name in place of the template's terms, and MUST be bound to that node by a scheduler.",
		Clauses: []string{
			"KEP-548: the DaemonSet controller adds NodeAffinity to the pods instead of .spec.nodeName",
			"concepts/workloads/controllers/daemonset, How Daemon Pods are scheduled: replaces the original node affinity",
		},
		Covers: []string{"DS-PLC-009"},
		Why: "Only so do priority, preemption and resource checks hold for daemon pods. A controller that binds by itself passes them over; " +
			"one that adds its term to the template's terms ORs them, and the pod may land on another node. Judged on the pods as they were created, before anybody wrote to them.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			e.LabelNode(ctx, e.Nodes[0], e.Key("a"), "true")
			e.LabelNode(ctx, e.Nodes[1], e.Key("b"), "true")
			terms := requires(allOf(expr(e.Key("a"), corev1.NodeSelectorOpExists)), allOf(expr(e.Key("b"), corev1.NodeSelectorOpExists)))
			preference := prefers(allOf(expr(e.Key("a"), corev1.NodeSelectorOpExists)))
			ds := running(ctx, e, e.DaemonSet("pinned", terms, preference), e.Nodes...)
			want := ds.Spec.Template.Spec.Affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution
			created := site.Created(e.History.Entries(), ds)
			e.That(len(created) == len(e.Nodes), "one pod was created for each node", "%d pods were created", len(created))
			for _, pod := range created {
				e.That(pod.Spec.NodeName == "", "pods are created without nodeName", "pod %s was created with nodeName %q", pod.Name, pod.Spec.NodeName)
				node := oracle.TargetNode(pod)
				e.Check(pinnedTo(pod, node), "pod %s names its node by exactly one required term", pod.Name)
				e.Check(samePreference(pod, want), "pod %s carries the template's preference", pod.Name)
				e.Check(boundTo(e.History.State(), pod, node), "pod %s is bound to the node it was made for", pod.Name)
			}
		},
	}
}

// pinnedTo judges the required node affinity literally, as the API server shows it.
func pinnedTo(pod *corev1.Pod, node string) error {
	want := &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
		MatchFields: []corev1.NodeSelectorRequirement{{Key: "metadata.name", Operator: corev1.NodeSelectorOpIn, Values: []string{node}}},
	}}}
	if a := pod.Spec.Affinity; a == nil || a.NodeAffinity == nil || node == "" ||
		!equality.Semantic.DeepEqual(a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution, want) {
		return fmt.Errorf("pod %s has affinity %v", pod.Name, pod.Spec.Affinity)
	}
	return nil
}

// samePreference judges that the pod prefers what the template prefers.
func samePreference(pod *corev1.Pod, want []corev1.PreferredSchedulingTerm) error {
	var got []corev1.PreferredSchedulingTerm
	if a := pod.Spec.Affinity; a != nil && a.NodeAffinity != nil {
		got = a.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution
	}
	if !equality.Semantic.DeepEqual(got, want) {
		return fmt.Errorf("pod %s prefers %v, the template %v", pod.Name, got, want)
	}
	return nil
}

// boundTo judges that the pod, as it is now, is bound to the node.
func boundTo(s *history.State, pod *corev1.Pod, node string) error {
	now := s.Pod(pod.Name)
	if now == nil || now.UID != pod.UID {
		return fmt.Errorf("pod %s is gone", pod.Name)
	}
	if now.Spec.NodeName != node {
		return fmt.Errorf("pod %s made for node %q is bound to %q", pod.Name, node, now.Spec.NodeName)
	}
	return nil
}
