package podlife

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
)

// deletedPodReturns: the controller wants one pod on each node, so a deleted
// one is missing at once. A controller that misses delete events leaves the
// node empty until its next resync.
func deletedPodReturns() framework.Spec {
	return framework.Spec{
		ID: "DS-POD-001", Area: framework.PodLife, Title: "a deleted pod returns", Level: framework.Core, Smoke: true,
		Behaviour: "A deleted pod MUST be replaced on the same node by a pod with a new UID.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset: a DaemonSet ensures that all eligible nodes run a copy of a Pod"},
		Why:       "One pod per eligible node is the desired state; a controller that does not act on pod deletions leaves the node without its daemon.",
		Nodes:     framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			start(ctx, e)
			victim, other := podOn(e, e.Nodes[0]), podOn(e, e.Nodes[1])
			e.DeletePod(ctx, victim, metav1.DeleteOptions{})
			replaced(ctx, e, victim)
			// By force it is gone at once, without having ended: no update tells of it first.
			victim = podOn(e, e.Nodes[0])
			e.DeletePod(ctx, victim, *metav1.NewDeleteOptions(0))
			replaced(ctx, e, victim)
			e.That(podOn(e, e.Nodes[1]).UID == other.UID, "the pod on the other node is left alone", "it was replaced too")
		},
	}
}

// failedPodReplaced: a Failed pod never runs again by itself, since only the
// kubelet restarts containers, and only of pods that are not finished.
func failedPodReplaced() framework.Spec {
	return finished("DS-POD-002", "a Failed pod is replaced", corev1.PodFailed, corev1.EventTypeWarning, "FailedDaemonPod",
		"A pod in phase Failed MUST be deleted and replaced, with a Warning event FailedDaemonPod on the DaemonSet.")
}

// succeededPodReplaced: kubernetes#117018, a node's graceful shutdown left
// Succeeded pods behind and the node without its daemon.
func succeededPodReplaced() framework.Spec {
	s := finished("DS-POD-003", "a Succeeded pod is replaced", corev1.PodSucceeded, corev1.EventTypeNormal, "SucceededDaemonPod",
		"A pod in phase Succeeded MUST be deleted and replaced, with a Normal event SucceededDaemonPod on the DaemonSet.")
	s.Clauses = append(s.Clauses, "kubernetes#117018, #117073")
	return s
}

func finished(id, title string, phase corev1.PodPhase, kind, reason, behaviour string) framework.Spec {
	return framework.Spec{
		ID: id, Area: framework.PodLife, Title: title, Level: framework.Core, Behaviour: behaviour,
		Clauses: []string{"pkg/controller/daemon podsShouldBeOnNode"},
		Covers:  []string{"DS-EVT-005"},
		Why:     "A finished pod counts as none on its node; a controller that takes it for a running one leaves the node without its daemon.",
		Nodes:   framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			start(ctx, e)
			victim, other := podOn(e, e.Nodes[0]), podOn(e, e.Nodes[1])
			setPhase(ctx, e, victim, phase)
			replaced(ctx, e, victim)
			successor := podOn(e, e.Nodes[0])
			e.BecomesFor(ctx, "agent", e.Timeouts.Placement, "that it was found, its deletion and its replacement are announced, each once, and nothing else",
				toldOnly("agent", deed{kind, reason, victim.Name}, created(victim.Name), deleted(victim.Name), created(other.Name), created(successor.Name)))
			e.That(podOn(e, e.Nodes[1]).UID == other.UID, "the pod on the other node is left alone", "it was replaced too")
		},
	}
}
