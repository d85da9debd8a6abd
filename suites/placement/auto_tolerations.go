package placement

import (
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

// tableOfTolerations is the documentation's table, read literally: the effect
// of not-ready and unreachable is NoExecute and nothing else.
func tableOfTolerations() []corev1.Toleration {
	return []corev1.Toleration{
		exists("node.kubernetes.io/not-ready", corev1.TaintEffectNoExecute),
		exists("node.kubernetes.io/unreachable", corev1.TaintEffectNoExecute),
		exists("node.kubernetes.io/disk-pressure", corev1.TaintEffectNoSchedule),
		exists("node.kubernetes.io/memory-pressure", corev1.TaintEffectNoSchedule),
		exists("node.kubernetes.io/pid-pressure", corev1.TaintEffectNoSchedule),
		exists("node.kubernetes.io/unschedulable", corev1.TaintEffectNoSchedule),
	}
}

func automaticTolerations() framework.Spec {
	return framework.Spec{
		ID: "DS-TOL-001", Area: framework.Placement, Title: "the tolerations every pod gets", Level: framework.Core, Smoke: true,
		Behaviour: "Every pod MUST be created with exactly the six tolerations of the documentation's table, all with operator Exists and without seconds, where the template has none.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset, Taints and tolerations, the table"},
		Why: "They keep a node's agents running while the node is in trouble, and no others are promised. A missing one lets the agent be evicted or kept off; " +
			"one with seconds lets it be evicted after them; one too many puts pods where nothing can run.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			ds := placed(ctx, e, e.DaemonSet("plain", unscheduled), e.Nodes...)
			for _, pod := range site.Created(e.History.Entries(), ds) {
				e.Check(sameTolerations(pod, tableOfTolerations()), "pod %s has the six tolerations and no other", pod.Name)
			}
		},
	}
}

func hostNetworkToleration() framework.Spec {
	return framework.Spec{
		ID: "DS-TOL-002", Area: framework.Placement, Title: "the toleration of pods on the host network", Level: framework.Core,
		Behaviour: "A toleration of node.kubernetes.io/network-unavailable:NoSchedule MUST be added if, and only if, the template asks for the host network.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset, Taints and tolerations: only added for DaemonSet Pods that request host networking"},
		Why: "A node's network comes up by a pod on the host network; without the toleration the two wait for each other for ever. " +
			"A pod that needs the pod network would only fail on such a node.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			host := placed(ctx, e, e.DaemonSet("on-host-network", unscheduled, func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.HostNetwork = true }), e.Nodes...)
			pod := placed(ctx, e, e.DaemonSet("on-pod-network", unscheduled), e.Nodes...)
			seventh := exists("node.kubernetes.io/network-unavailable", corev1.TaintEffectNoSchedule)
			e.Check(sameTolerations(site.One(e.History.State(), host, e.Nodes[0]), append(tableOfTolerations(), seventh)), "the pod on the host network has the seven tolerations")
			e.Check(sameTolerations(site.One(e.History.State(), pod, e.Nodes[0]), tableOfTolerations()), "the pod on the pod network has the six tolerations")
		},
	}
}

func templateKeepsItsTolerations() framework.Spec {
	return framework.Spec{
		ID: "DS-TOL-003", Area: framework.Placement, Title: "the template is not written to", Level: framework.Core,
		Behaviour: "The automatic tolerations MUST stand in the pods alone: not in the stored template, not in its revision, and without a new generation.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset, Taints and tolerations: added to the Pods", "ControllerRevision.data"},
		Why: "A controller that writes them into the template fights with whoever applies the manifest, and rolls every pod when the list grows in a later version. " +
			"One that writes them into the revision sees every template as changed.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			own := exists(e.Key("own"), corev1.TaintEffectNoSchedule)
			ds := placed(ctx, e, e.DaemonSet("daemon", unscheduled, tolerates(own)), e.Nodes...)
			fleet.Touch(ctx, e, ds.Name, "look again")
			e.Stays(ctx, "the stored template and its generation stay as the user made them", nil, sameTemplate(ds))
			revision := fleet.AwaitRevision(ctx, e, ds)
			e.That(!strings.Contains(string(revision.Data.Raw), "node.kubernetes.io/"), "the revision holds the user's toleration alone", "its data is %s", revision.Data.Raw)
		},
	}
}

// sameTemplate judges that template and generation are what they were.
func sameTemplate(ds *appsv1.DaemonSet) site.Condition {
	return func(s *history.State) error {
		now := s.DaemonSet(ds.Name)
		switch {
		case now.Generation != ds.Generation:
			return fmt.Errorf("DaemonSet %s went from generation %d to %d", ds.Name, ds.Generation, now.Generation)
		case !equality.Semantic.DeepEqual(now.Spec.Template, ds.Spec.Template):
			return fmt.Errorf("the template of DaemonSet %s has now tolerations %s", ds.Name, texts(now.Spec.Template.Spec.Tolerations))
		}
		return nil
	}
}

// sameTolerations compares the pod's tolerations with those wanted, in any order.
func sameTolerations(pod *corev1.Pod, want []corev1.Toleration) error {
	got, wanted := texts(pod.Spec.Tolerations), texts(want)
	slices.Sort(got)
	slices.Sort(wanted)
	if !slices.Equal(got, wanted) {
		return fmt.Errorf("pod %s has tolerations %q, not %q", pod.Name, got, wanted)
	}
	return nil
}

// texts writes tolerations for comparison and for readers; the default operator is Equal.
func texts(tolerations []corev1.Toleration) []string {
	out := make([]string, 0, len(tolerations))
	for _, t := range tolerations {
		op := t.Operator
		if op == "" {
			op = corev1.TolerationOpEqual
		}
		text := fmt.Sprintf("%s %s %s:%s", t.Key, op, t.Value, t.Effect)
		if t.TolerationSeconds != nil {
			text += fmt.Sprintf(" for %ds", *t.TolerationSeconds)
		}
		out = append(out, text)
	}
	return out
}
