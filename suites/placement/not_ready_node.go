package placement

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func notReadyNode() framework.Spec {
	return framework.Spec{
		ID: "DS-PLC-015", Area: framework.Placement, Title: "a node that is not Ready", Level: framework.Core,
		Behaviour: "The conditions of a node, Ready=False or pressure, MUST NOT by themselves keep a pod off it: only its taints do.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset, Taints and tolerations", "pkg/controller/daemon nodeShouldRunDaemonPod: conditions are not looked at"},
		Why: "The agents that make a node Ready, as a network plugin, must be placed while it is not. The node's controller answers the condition with taints, so the DaemonSet here tolerates them and the condition alone is left; " +
			"a second one, which does not, shows that the taint stands. A controller that asks for a Ready node as well leaves the node waiting for its network and the network waiting for the node.",
		Needs: []framework.Ability{framework.StopKubelet},
		Nodes: framework.NodeNeed{Workers: 2, Exclusive: true},
		Slow:  true,
		Body: func(ctx context.Context, e *framework.Env) {
			node := e.Nodes[0]
			e.StopKubelet(ctx, node)
			notReady(ctx, e, node)
			site.Await(ctx, e, e.Timeouts.NodeNotReady, "node "+node+" is tainted as not ready", site.Tainted(node, corev1.TaintNodeNotReady, corev1.TaintEffectNoSchedule))
			site.Known(ctx, e, node)
			// Written anew they are as good as a heartbeat: else they could be Unknown
			// before the DaemonSets are there.
			notReady(ctx, e, node)
			// Once its kubelet is missed the node counts as unreachable instead.
			table(ctx, e, "the DaemonSet that tolerates the taints has a pod for the node that is not Ready, the other one has none", []row{
				{"early", tolerates(exists(corev1.TaintNodeNotReady, corev1.TaintEffectNoSchedule), exists(corev1.TaintNodeUnreachable, corev1.TaintEffectNoSchedule)), e.Nodes},
				{"plain", tolerates(), e.Nodes[1:]},
			})
			e.Check(madeUnderPressure(e.Namespace, e.History.Entries(), "early", node), "the pod for node %s is created while the node reports pressure", node)
		},
	}
}

// madeUnderPressure judges that the DaemonSet's pod for the node was created while
// the node's conditions told of pressure: once its kubelet is missed they are
// Unknown, and nothing would be left for a controller to stumble over.
func madeUnderPressure(namespace string, entries []history.Entry, name, node string) error {
	s, en, err := site.FirstPlaced(entries, namespace, name, node)
	if err != nil {
		return err
	}
	for _, c := range s.Node(node).Status.Conditions {
		if c.Type == corev1.NodeDiskPressure && c.Status == corev1.ConditionTrue {
			return nil
		}
	}
	return fmt.Errorf("the node no longer reported pressure when pod %s came (entry %s)", en.Name, en)
}

// notReady writes the node's condition Ready=False, as a kubelet without a
// network does, and those of pressure, whose taints every pod of a DaemonSet tolerates. Nobody writes over it while the kubelet is stopped.
func notReady(ctx context.Context, e *framework.Env, node string) {
	now := metav1.Now()
	condition := func(of corev1.NodeConditionType, status corev1.ConditionStatus, reason string) corev1.NodeCondition {
		return corev1.NodeCondition{Type: of, Status: status, Reason: reason, Message: "written by the spec", LastHeartbeatTime: now, LastTransitionTime: now}
	}
	raw, err := json.Marshal(map[string]any{"status": map[string]any{"conditions": []corev1.NodeCondition{
		condition(corev1.NodeReady, corev1.ConditionFalse, "KubeletNotReady"),
		condition(corev1.NodeDiskPressure, corev1.ConditionTrue, "KubeletHasDiskPressure"),
		condition(corev1.NodeMemoryPressure, corev1.ConditionTrue, "KubeletHasInsufficientMemory"),
		condition(corev1.NodePIDPressure, corev1.ConditionTrue, "KubeletHasInsufficientPID"),
	}}})
	e.Must(err, "encode the conditions Ready=False and those of pressure")
	e.Act("sets condition Ready=False, and those of pressure, of Node", history.KindNode, &metav1.ObjectMeta{Name: node})
	_, err = e.Client.CoreV1().Nodes().Patch(ctx, node, types.StrategicMergePatchType, raw, metav1.PatchOptions{}, "status")
	e.Must(err, "set condition Ready=False of node %s", node)
}
