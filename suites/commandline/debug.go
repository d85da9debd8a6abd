package commandline

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

// logsOfOnePod: the guide says that ds/fluentd shows all pods' logs. It shows one's.
func logsOfOnePod() framework.Spec {
	return framework.Spec{
		ID: "DS-KUB-009", Area: framework.CommandLine, Title: "logs of a DaemonSet are one pod's", Level: framework.Core,
		Behaviour: "`kubectl logs ds/NAME` MUST print one pod's log and say on standard error how many there are; --all-pods and a label selector MUST print all.",
		Clauses:   []string{"the guide: debugging (which promises all pods' logs)", "kubectl logs"},
		Why:       "Who trusts one pod's log to be all of them misses the node that fails. Ownership and labels are what kubectl finds the pods by.",
		Needs:     []framework.Ability{framework.RealKubelet},
		Nodes:     onAll(),
		Body: func(ctx context.Context, e *framework.Env) {
			running(ctx, e)
			n := len(eligible(e))
			one := ok(e, e.Kubectl.Run(ctx, "logs", "ds/"+name))
			e.That(strings.Contains(one.Stderr, fmt.Sprintf("Found %d pods, using pod/", n)), fmt.Sprintf("standard error says that it found %d pods and which one it uses", n), "%s", one)
			e.That(len(one.Lines()) > 0, "the pod's log", "%s", one)
			for _, args := range [][]string{
				{"logs", "ds/" + name, "--all-pods=true", "--prefix"},
				{"logs", "-l", "app=fluentd", "--prefix"},
			} {
				all := ok(e, e.Kubectl.Run(ctx, args...))
				for _, p := range e.History.State().Pods() {
					e.That(strings.Contains(all.Stdout, "[pod/"+p.Name+"/fluentd]"), "a line of pod "+p.Name, "%s", all)
				}
			}
			says(e, ok(e, e.Kubectl.Run(ctx, "logs", "-l", "app=fluentd")), "version")
		},
	}
}

// execPicksAPod is the guide's way into the pod of a node.
func execPicksAPod() framework.Spec {
	return framework.Spec{
		ID: "DS-KUB-016", Area: framework.CommandLine, Title: "exec into the pod of a node", Level: framework.Core,
		Behaviour: "The pod of a node MUST be found by label and spec.nodeName, and `kubectl exec` MUST run a command in it; exec on ds/NAME MUST pick one pod.",
		Clauses:   []string{"the guide: debugging", "kubectl exec"},
		Why:       "One pod a node, labelled as the template says, is what makes this recipe work on every node.",
		Needs:     []framework.Ability{framework.RealKubelet},
		Nodes:     framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			running(ctx, e, e.Pin)
			for _, node := range e.Nodes {
				found := ok(e, e.Kubectl.Run(ctx, "get", "pods", "-l", "app=fluentd", "--field-selector", "spec.nodeName="+node, "-o", "jsonpath={.items[0].metadata.name}"))
				pod := found.Stdout
				r := ok(e, e.Kubectl.Run(ctx, "exec", "-i", pod, "--", "/bin/bash", "-c", "echo $HOSTNAME"))
				e.That(strings.TrimSpace(r.Stdout) == pod, "the shell runs in pod "+pod, "%s", r)
			}
			r := ok(e, e.Kubectl.Run(ctx, "exec", "ds/"+name, "--", "/bin/bash", "-c", "echo $HOSTNAME"))
			e.That(e.History.State().Pod(strings.TrimSpace(r.Stdout)) != nil, "exec on ds/fluentd runs in one of its pods", "%s", r)
		},
	}
}

// deletePodComesBack is the guide's way to restart the daemon of one node.
func deletePodComesBack() framework.Spec {
	return framework.Spec{
		ID: "DS-CMD-005", Area: framework.CommandLine, Title: "delete the pod of a node", Level: framework.Core,
		Behaviour: "`kubectl delete pod` with label and spec.nodeName MUST delete the pod of that node alone, and it MUST come back.",
		Clauses:   []string{"the guide: debugging (the pod is recreated by itself)"},
		Covers:    []string{"DS-POD-001"},
		Why:       "It is the documented way to restart one daemon; a controller that does not refill the node turns a restart into an outage.",
		Nodes:     framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			running(ctx, e, e.Pin)
			before := byNode(e)
			victim, other := before[e.Nodes[0]], before[e.Nodes[1]]
			e.Act("deletes with kubectl the Pod", history.KindPod, victim)
			ok(e, e.Kubectl.Run(ctx, "delete", "pod", "-l", "app=fluentd", "--field-selector", "spec.nodeName="+e.Nodes[0]))
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(2), "the node has a new pod", func(s *history.State) error {
				if p := s.Pod(victim.Name); p != nil && p.UID == victim.UID {
					return fmt.Errorf("pod %s is still there", victim.Name)
				}
				return oracle.RolledOut(s, s.DaemonSet(name))
			})
			after := byNode(e)
			e.That(after[e.Nodes[1]].UID == other.UID, "the other node's pod is left alone", "pod %s is there instead of %s", after[e.Nodes[1]].Name, other.Name)
		},
	}
}

func byNode(e *framework.Env) map[string]*corev1.Pod {
	out := map[string]*corev1.Pod{}
	s := e.History.State()
	for _, p := range s.PodsOf(s.DaemonSet(name)) {
		out[p.Spec.NodeName] = p
	}
	return out
}

// nodeCommands are the guide's commands on nodes, with what they do to the pods.
func nodeCommands() framework.Spec {
	return framework.Spec{
		ID: "DS-CMD-004", Area: framework.CommandLine, Title: "label, taint and describe a node", Level: framework.Core,
		Behaviour: "Labelling a node MUST be enough for a DaemonSet that selects the label, tainting it NoSchedule MUST leave the pod that runs, and `kubectl describe node` MUST list it.",
		Clauses:   []string{"the guide: node management", "kubectl label, taint, describe"},
		Covers:    []string{"DS-CHG-001", "DS-CHG-004"},
		Why:       "Labels decide where daemons run, and a NoSchedule taint concerns new pods only; a controller that confuses it with NoExecute stops daemons on every maintenance.",
		Nodes:     framework.NodeNeed{Workers: 1, Exclusive: true},
		Body: func(ctx context.Context, e *framework.Env) {
			node, key := e.Nodes[0], e.Key("storage-type")
			e.Apply(ctx, fluentd(e, e.Pin, func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.NodeSelector[key] = "ssd" }).Objects...)
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "no pod without the label", func(s *history.State) error {
				return oracle.RolledOut(s, s.DaemonSet(name))
			})
			e.That(len(e.History.State().Pods()) == 0, "no pod before the node is labelled", "%d pods", len(e.History.State().Pods()))
			e.Cleanup("take the label off "+node, func(ctx context.Context) error {
				return e.Kubectl.Run(ctx, "label", "nodes", node, key+"-").Err
			})
			ok(e, e.Kubectl.Run(ctx, "label", "nodes", node, key+"=ssd"))
			says(e, ok(e, e.Kubectl.Run(ctx, "get", "nodes", "--show-labels")), node, key+"=ssd")
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(1), "a ready pod on the labelled node", func(s *history.State) error {
				if len(s.Pods()) == 0 {
					return fmt.Errorf("node %s has no pod", node)
				}
				return oracle.RolledOut(s, s.DaemonSet(name))
			})
			pod := byNode(e)[node]
			e.Cleanup("take the taint off "+node, func(ctx context.Context) error {
				_, err := e.Client.CoreV1().Nodes().Patch(ctx, node, types.MergePatchType, []byte(`{"spec":{"taints":null}}`), metav1.PatchOptions{})
				return err
			})
			ok(e, e.Kubectl.Run(ctx, "taint", "nodes", node, "maintenance=true:NoSchedule"))
			says(e, ok(e, e.Kubectl.Run(ctx, "describe", "node", node)), "maintenance=true:NoSchedule", "Non-terminated Pods", pod.Name)
			e.Stays(ctx, "the running pod stays on the tainted node", nil, func(s *history.State) error {
				if p := s.Pod(pod.Name); p == nil || p.UID != pod.UID || p.DeletionTimestamp != nil {
					return fmt.Errorf("pod %s is gone or going", pod.Name)
				}
				return nil
			})
			ok(e, e.Kubectl.Run(ctx, "taint", "nodes", node, "maintenance=true:NoSchedule-"))
			rolledOut(ctx, e)
		},
	}
}
