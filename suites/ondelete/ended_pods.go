package ondelete

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func endedPods() framework.Spec {
	return framework.Spec{
		ID:        "DS-OND-005",
		Area:      framework.OnDelete,
		Title:     "pods that ended are replaced",
		Behaviour: "Under OnDelete pods of phase Failed or Succeeded MUST still be replaced, by pods of the newest template.",
		Clauses:   []string{"docs: concepts/workloads/controllers/daemonset", "e2e: should retry creating failed daemon pods", "pkg/controller/daemon/daemon_controller.go: manage"},
		Level:     framework.Core,
		Why: "OnDelete protects pods that run, not ones that have ended: their node is without an agent. " +
			"A controller that waits for a user here leaves the node dark, and one that restores the old template undoes the update.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.OnDelete))
			ds := e.SetImage(ctx, name, "agent:v2")
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "the controller has seen the new template", fleet.Observed(ds))

			for i, phase := range []corev1.PodPhase{corev1.PodFailed, corev1.PodSucceeded} {
				node := e.Nodes[i]
				setPhase(ctx, e, old.Pods[node], phase)
				e.BecomesFor(ctx, name, e.Timeouts.PodReady,
					fmt.Sprintf("the pod of node %s, which is %s, is replaced by one of the newest template", node, phase), old.Progress(ds, i+1, 0))
			}
			fleet.AwaitRollout(ctx, e, ds)
			made := fleet.Ever(e.History.Entries(), old.Hash)
			e.That(len(made) == 2, "no pod of the old template was made again", "pods of the old template were %v", made)
		},
	}
}

// setPhase writes the phase as a kubelet would whose node had ended the pod.
func setPhase(ctx context.Context, e *framework.Env, pod *corev1.Pod, phase corev1.PodPhase) {
	e.Act("sets phase "+string(phase)+" of Pod", "Pod", pod)
	_, err := e.Client.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.MergePatchType,
		fmt.Appendf(nil, `{"status":{"phase":%q}}`, phase), metav1.PatchOptions{}, "status")
	e.Must(err, "set phase %s of pod %s", phase, pod.Name)
}
