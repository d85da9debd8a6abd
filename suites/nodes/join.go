package nodes

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/clusters/await"
	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func nodeJoins() framework.Spec {
	return framework.Spec{
		ID: "DS-NOD-001", Area: framework.NodeLife, Title: "a node joins", Level: framework.Core, Smoke: true,
		Behaviour: "A node that joins the cluster MUST get one pod of every DaemonSet it matches, without any other trigger; of one that tolerates everything before the node is Ready.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset: as nodes are added to the cluster, Pods are added to them"},
		Why: "A machine is started and joins by kubeadm, as an administrator would do it. A controller that reads the nodes once, or only when a DaemonSet changes, " +
			"leaves the new node without network, storage and log agents; one that waits for Ready keeps the network away that Ready waits for.",
		Needs: joining(),
		Nodes: framework.NodeNeed{Topology: true},
		Body: func(ctx context.Context, e *framework.Env) {
			plain := e.CreateDaemonSet(ctx, daemon(e, "plain"))
			eager := daemon(e, "eager")
			eager.Spec.Template.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
			eager = e.CreateDaemonSet(ctx, eager)
			becomes(ctx, e, plain)
			becomes(ctx, e, eager)
			node := site.JoinSlowly(ctx, e)
			running(ctx, e, plain, node)
			running(ctx, e, eager, node)
			e.Check(madeBeforeReady(e.History.Entries(), eager, node), "the DaemonSet that tolerates everything has its pod before node %s is Ready", node)
		},
	}
}

// madeBeforeReady judges that the DaemonSet's pod for the node was created
// before the node was recorded as Ready.
func madeBeforeReady(entries []history.Entry, ds *appsv1.DaemonSet, node string) error {
	s, en, err := site.FirstPlaced(entries, ds.Namespace, ds.Name, node)
	if err != nil {
		return err
	}
	n := s.Node(node)
	if n == nil {
		return nil
	}
	if isReady, _ := await.NodeReady(n); isReady {
		return fmt.Errorf("node %s was Ready before pod %s came (entry %s)", node, en.Name, en)
	}
	return nil
}

func burstOfJoins() framework.Spec {
	return framework.Spec{
		ID: "DS-NOD-008", Area: framework.NodeLife, Title: "nodes join at the same time", Level: framework.Core, Slow: true,
		Behaviour: "Nodes that join at the same time MUST each end with exactly one pod, and exactly one MUST have been created for each.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset: as nodes are added to the cluster, Pods are added to them"},
		Why: "Registration is a storm of updates: labels, taints that come and go, addresses. A controller that does not know what it has just created " +
			"answers two of them with two pods; one that merges the events of two nodes forgets one of them.",
		Needs: joining(),
		Nodes: framework.NodeNeed{Topology: true},
		Body: func(ctx context.Context, e *framework.Env) {
			ds := e.CreateDaemonSet(ctx, daemon(e, "daemon"))
			becomes(ctx, e, ds)
			nodes := site.JoinTogether(ctx, e, 2)
			running(ctx, e, ds, nodes...)
			created := site.Created(e.History.Entries(), ds)
			e.That(len(created) == len(nodes), "one pod was created for each node", "%d pods were created for %d nodes", len(created), len(nodes))
		},
	}
}

func sameNameAgain() framework.Spec {
	return framework.Spec{
		ID: "DS-NOD-007", Area: framework.NodeLife, Title: "a node is replaced by one of the same name", Level: framework.Core, Slow: true,
		Behaviour: "A node that is replaced by another machine of the same name MUST end with exactly one pod that runs on the new machine, and MUST NOT have two at any instant.",
		Clauses:   []string{"kubernetes#75836: a node that comes back under its name must get its pod", "concepts/architecture/nodes, Node name uniqueness"},
		Why: "Machines are replaced under their names, faster than the pod garbage collector looks. The pod of the old machine is bound to the name and looks alive: " +
			"a controller may keep it or replace it, but may not count it as running where no kubelet has started it, nor leave two.",
		Needs: joining(),
		Nodes: framework.NodeNeed{Topology: true},
		Body: func(ctx context.Context, e *framework.Env) {
			ds := e.CreateDaemonSet(ctx, daemon(e, "daemon"))
			name := site.Join(ctx, e)
			running(ctx, e, ds, name)
			machine := e.History.State().Node(name).UID
			e.RemoveNode(ctx, name)
			started := time.Now()
			site.JoinAs(ctx, e, name)
			e.BecomesFor(ctx, ds.Name, e.Timeouts.RolloutOf(1)+e.Timeouts.PodGC, "the new node "+name+" has exactly one pod, and its container was started there", func(s *history.State) error {
				if n := s.Node(name); n == nil || n.UID == machine {
					return fmt.Errorf("the event log does not show the new node %s yet", name)
				}
				if err := site.Running(ds, name)(s); err != nil {
					return err
				}
				return startedAfter(site.One(s, ds, name), started)
			})
			e.Check(fleet.Each(e, func(s *history.State, _ history.Entry) error {
				if pods := fleet.On(s, s.DaemonSet(ds.Name), name); len(pods) > 1 {
					return fmt.Errorf("node %s has pods %s and %s", name, pods[0].Name, pods[1].Name)
				}
				return nil
			}), "at every instant there is at most one live pod for the node")
		},
	}
}

// startedAfter judges that the pod is Ready and its container was started after the moment.
func startedAfter(pod *corev1.Pod, moment time.Time) error {
	if !oracle.Ready(pod) {
		return fmt.Errorf("pod %s is not Ready", pod.Name)
	}
	for _, c := range pod.Status.ContainerStatuses {
		switch {
		case c.State.Running == nil:
			return fmt.Errorf("container %s of pod %s does not run", c.Name, pod.Name)
		// The API keeps whole seconds.
		case c.State.Running.StartedAt.Time.Before(moment.Truncate(time.Second)):
			return fmt.Errorf("container %s of pod %s was started at %s, before the machine was replaced", c.Name, pod.Name, c.State.Running.StartedAt)
		}
	}
	return nil
}
