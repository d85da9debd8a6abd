package nodes

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/kubectl"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

// drained marks the pods that drain is told to look at, so that it touches
// nobody else's.
const drained = "dsconform.dev/drain"

func drain() framework.Spec {
	return framework.Spec{
		ID: "DS-NOD-009", Area: framework.NodeLife, Title: "kubectl drain", Level: framework.Core,
		Behaviour: "kubectl drain MUST refuse a node with pods of a DaemonSet unless --ignore-daemonsets is given; with it they MUST stay, and a cordoned node MUST get them back.",
		Clauses: []string{
			"kubectl drain: if there are daemon set-managed pods, drain will not proceed without --ignore-daemonsets, and regardless it will not delete any daemon set-managed pods",
			"tasks/administer-cluster/safely-drain-node",
		},
		Covers: []string{"DS-KUB-015"},
		Why: "Deleted by drain, the pods would come back at once: drain would never end. It tells them by their owner, which the controller under test must have set. " +
			"An ordinary pod beside them is evicted, which proves that the drain that leaves them alone does drain.",
		Nodes: framework.NodeNeed{Workers: 1, Exclusive: true},
		Body: func(ctx context.Context, e *framework.Env) {
			node := e.Nodes[0]
			ds := e.CreateDaemonSet(ctx, e.DaemonSet("daemon", func(ds *appsv1.DaemonSet) { ds.Spec.Template.Labels[drained] = e.Namespace }))
			running(ctx, e, ds, node)
			pod := site.One(e.History.State(), ds, node)
			ordinary := ordinaryPod(ctx, e, node)
			site.UncordonAtEnd(e, node)

			e.Act("drains Node", history.KindNode, &metav1.ObjectMeta{Name: node})
			e.Check(refused(e.Kubectl.Drain(ctx, node, kubectl.DrainOptions{}), pod), "kubectl drain without --ignore-daemonsets refuses and names the pod")
			e.Holds(ctx, site.Same(ordinary), "a refused drain evicts nothing")

			e.Act("drains", history.KindPod, ordinary)
			result := e.Kubectl.Drain(ctx, node, kubectl.DrainOptions{
				IgnoreDaemonSets: true, Force: true, PodSelector: drained + "=" + e.Namespace, Timeout: e.Timeouts.Request,
			})
			e.That(result.OK(), "kubectl drain --ignore-daemonsets succeeds", "%s", result)
			e.That(strings.Contains(result.Stderr, "ignoring DaemonSet-managed Pods"), "kubectl drain says that it passes by the DaemonSet's pod", "%s", result)
			e.Becomes(ctx, e.Timeouts.Placement, "the ordinary pod is evicted", site.Gone(ordinary))
			e.Stays(ctx, "the DaemonSet's pod stays on the drained node", nil, fleet.Every(site.Same(pod), site.Running(ds, node)))

			e.DeletePod(ctx, pod, metav1.DeleteOptions{})
			e.BecomesFor(ctx, ds.Name, e.Timeouts.RolloutOf(1), "the cordoned node gets its pod back", fleet.Every(site.Gone(pod), site.Running(ds, node)))
		},
	}
}

// refused judges that drain would not touch the pod and said so.
func refused(result kubectl.Result, pod *corev1.Pod) error {
	said := result.Stdout + result.Stderr
	if !result.Ran() || result.OK() || !strings.Contains(said, "cannot delete DaemonSet-managed Pods") ||
		!strings.Contains(said, pod.Name) || !strings.Contains(said, "--ignore-daemonsets") {
		return fmt.Errorf("%s", result)
	}
	return nil
}

// ordinaryPod runs a pod without an owner on the node.
func ordinaryPod(ctx context.Context, e *framework.Env, node string) *corev1.Pod {
	spec := e.DaemonSet("ordinary").Spec.Template.Spec
	spec.NodeName, spec.NodeSelector = node, nil
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "ordinary", Namespace: e.Namespace, Labels: map[string]string{drained: e.Namespace}},
		Spec:       spec,
	}
	e.Act("creates Pod", history.KindPod, pod)
	got, err := e.Client.CoreV1().Pods(e.Namespace).Create(ctx, pod, metav1.CreateOptions{})
	e.Must(err, "create pod ordinary")
	return got
}

func evictionOnCordoned() framework.Spec {
	return framework.Spec{
		ID: "DS-NOD-010", Area: framework.NodeLife, Title: "an eviction on a cordoned node", Level: framework.Core,
		Behaviour: "A pod of a DaemonSet that is evicted from a cordoned node MUST be made again on that node, and run.",
		Clauses: []string{
			"concepts/workloads/controllers/daemonset, Taints and tolerations: node.kubernetes.io/unschedulable:NoSchedule",
			"concepts/scheduling-eviction/api-eviction",
		},
		Why: "Autoscalers and upgrade tools evict through the API, which does not ask for the owner. A controller that leaves a cordoned node alone loses the agent " +
			"that the node needs until it is switched off.",
		Nodes: framework.NodeNeed{Workers: 1, Exclusive: true},
		Body: func(ctx context.Context, e *framework.Env) {
			ds := e.CreateDaemonSet(ctx, e.DaemonSet("daemon"))
			running(ctx, e, ds, e.Nodes[0])
			pod := site.One(e.History.State(), ds, e.Nodes[0])
			site.Cordon(ctx, e, e.Nodes[0])
			e.Act("evicts Pod", history.KindPod, pod)
			err := e.Client.PolicyV1().Evictions(e.Namespace).Evict(ctx, &policyv1.Eviction{
				ObjectMeta:    metav1.ObjectMeta{Name: pod.Name, Namespace: pod.Namespace},
				DeleteOptions: &metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(pod.UID))},
			})
			e.Must(err, "evict pod %s", pod.Name)
			e.BecomesFor(ctx, ds.Name, e.Timeouts.RolloutOf(1), "the cordoned node gets another pod, which runs", fleet.Every(site.Gone(pod), site.Running(ds, e.Nodes[0])))
		},
	}
}
