package nodes

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func unreachableNode() framework.Spec {
	return framework.Spec{
		ID: "DS-TOL-009", Area: framework.NodeLife, Title: "a node whose kubelet is gone", Level: framework.Core, Slow: true,
		Behaviour: "A node tainted as unreachable MUST keep the pod it has and MUST NOT get a new one that does not tolerate the taint with effect NoSchedule, a forcibly deleted one included; it MUST get its pods once it is back.",
		Clauses: []string{
			"concepts/workloads/controllers/daemonset, Taints and tolerations: not-ready and unreachable are tolerated with effect NoExecute",
			"concepts/architecture/nodes, Node controller",
		},
		Covers: []string{"DS-POD-014"},
		Why: "The node's controller sets the taint with both effects; the automatic tolerations cover one. A controller that takes the key for tolerated makes pods that nobody can start or stop; " +
			"one that takes NoSchedule for NoExecute deletes the pod that still runs there. A DaemonSet that tolerates everything gets its pod even so.",
		Needs: joining(framework.StopKubelet),
		Nodes: framework.NodeNeed{Topology: true},
		Body: func(ctx context.Context, e *framework.Env) {
			old := e.CreateDaemonSet(ctx, daemon(e, "old"))
			node := site.Join(ctx, e)
			running(ctx, e, old, node)
			pod := site.One(e.History.State(), old, node)
			e.StopKubelet(ctx, node)
			site.AwaitUnreachable(ctx, e, node)
			site.Known(ctx, e, node)

			late := e.CreateDaemonSet(ctx, daemon(e, "late"))
			everywhere := daemon(e, "everywhere")
			everywhere.Spec.Template.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
			everywhere = e.CreateDaemonSet(ctx, everywhere)
			becomes(ctx, e, late)
			becomes(ctx, e, everywhere, node)
			e.Stays(ctx, "the pod that runs there stays, and the later DaemonSet gets none", nil, fleet.Every(site.Same(pod), site.Pods(old, node), site.Pods(late)))

			e.DeletePod(ctx, pod, *metav1.NewDeleteOptions(0))
			becomes(ctx, e, old)
			e.Stays(ctx, "no pod follows the one that was forced off the node", nil, fleet.Every(site.Gone(pod), site.Pods(old)))

			e.StartKubelet(ctx, node)
			for _, ds := range []*appsv1.DaemonSet{old, late, everywhere} {
				running(ctx, e, ds, node)
			}
		},
	}
}

func frozenNode() framework.Spec {
	return framework.Spec{
		ID: "DS-TOL-008", Area: framework.NodeLife, Title: "a node freezes and comes back", Level: framework.Core, Slow: true,
		Behaviour: "A pod MUST survive that its node is unreachable: nobody deletes it while the node's taints stand, and it is the same pod that runs once the node is back.",
		Clauses: []string{
			"concepts/workloads/controllers/daemonset, Taints and tolerations: DaemonSet Pods running on such nodes are not evicted",
			"Toleration.tolerationSeconds: not set means tolerate the taint forever",
		},
		Why: "A frozen machine, a network that is cut: the node's agents are still there and go on where they were. The taint eviction controller deletes a pod at once, or after its tolerationSeconds: " +
			"that the pod stands untouched under the NoExecute taint and tolerates it without seconds is the whole of 'never', with no need to wait the five minutes others get.",
		Needs: joining(framework.PauseNode),
		Nodes: framework.NodeNeed{Topology: true},
		Body: func(ctx context.Context, e *framework.Env) {
			ds := e.CreateDaemonSet(ctx, daemon(e, "daemon"))
			node := site.Join(ctx, e)
			running(ctx, e, ds, node)
			pod := site.One(e.History.State(), ds, node)
			site.Freeze(ctx, e, node)
			site.AwaitUnreachable(ctx, e, node)
			e.Check(toleratedForEver(pod, corev1.TaintNodeUnreachable, corev1.TaintNodeNotReady), "pod %s tolerates for ever that its node is in trouble", pod.Name)
			e.Stays(ctx, "the pod stays while the node is tainted as unreachable", nil, site.Same(pod))
			site.Thaw(ctx, e, node)
			// That the status follows a taint that goes is DS-CHG-006's to judge:
			// whether the pod is Ready before or after it is chance.
			fleet.Touch(ctx, e, ds.Name, "look again")
			e.BecomesFor(ctx, ds.Name, e.Timeouts.RolloutOf(1), "the same pod runs on the node that is back", fleet.Every(site.Same(pod), site.Running(ds, node)))
			e.Check(fleet.Each(e, func(s *history.State, _ history.Entry) error {
				if s.Pod(pod.Name) == nil {
					// Not made yet.
					return nil
				}
				return site.Same(pod)(s)
			}), "nobody deleted the pod at any instant")
		},
	}
}

// toleratedForEver judges that the pod tolerates the taints with effect
// NoExecute, and that no toleration of theirs, which might be matched first, ends.
func toleratedForEver(pod *corev1.Pod, keys ...string) error {
	for _, key := range keys {
		matched := false
		for _, t := range pod.Spec.Tolerations {
			if t.Key != "" && t.Key != key || t.Effect != "" && t.Effect != corev1.TaintEffectNoExecute {
				continue
			}
			if t.TolerationSeconds != nil {
				return fmt.Errorf("pod %s tolerates %s:NoExecute for %d s only", pod.Name, key, *t.TolerationSeconds)
			}
			matched = matched || t.Operator == corev1.TolerationOpExists
		}
		if !matched {
			return fmt.Errorf("pod %s does not tolerate %s:NoExecute", pod.Name, key)
		}
	}
	return nil
}
