package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/clusters/await"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

// byHand tells whether the spec itself did something to the node: then what
// became of it is no accident of the environment.
func (v *view) byHand(node string) bool {
	return len(v.s.ActionsOn(history.KindNode, &metav1.ObjectMeta{Name: node})) > 0
}

// downstream is environment, unless the spec itself had its hand on the node.
func (v *view) downstream(node string) Class {
	if v.byHand(node) {
		return NonConformant
	}
	return v.environment()
}

// nodeDown: the node of a pod that is not available is not Ready.
func nodeDown(v *view) *Diagnosis {
	for _, p := range v.unavailable() {
		n := v.s.Node(oracle.TargetNode(p))
		for _, c := range n.Status.Conditions {
			if c.Type != corev1.NodeReady || c.Status == corev1.ConditionTrue {
				continue
			}
			return &Diagnosis{
				Class:    v.downstream(n.Name),
				Cause:    fmt.Sprintf("node %s has not been Ready for %s, so its pod %s cannot be", n.Name, v.ago(c.LastTransitionTime.Time), p.Name),
				Evidence: []string{fmt.Sprintf("node %s: Ready %s, %s: %s", n.Name, c.Status, c.Reason, c.Message), podLine(p)},
				Look:     []string{"the kubelet and the container runtime of node " + n.Name},
			}
		}
	}
	return nil
}

// unsteadyNodes: nodes of the DaemonSet's pods stopped being Ready by themselves
// while it was waited for. What belongs where, and what the status is to say,
// changes with each of them, so that nothing can be held against the controller.
func unsteadyNodes(v *view) *Diagnosis {
	if v.in.Since.IsZero() {
		return nil
	}
	ready, told := map[string]bool{}, map[string]bool{}
	var lost []string
	for _, e := range v.in.Entries {
		n, ok := e.Object.(*corev1.Node)
		if !ok || e.Change == history.Deleted {
			continue
		}
		was := ready[n.Name]
		ready[n.Name], _ = await.NodeReady(n)
		if was && !ready[n.Name] && !e.Time.Before(v.in.Since) && !told[n.Name] && v.has(n.Name) && !v.byHand(n.Name) {
			told[n.Name] = true
			lost = append(lost, e.String())
		}
	}
	if len(lost) == 0 {
		return nil
	}
	return &Diagnosis{
		Class:    Environment,
		Cause:    fmt.Sprintf("the nodes do not hold still: %s with a pod of DaemonSet %s stopped being Ready by itself meanwhile", count(len(lost), "node"), v.ds.Name),
		Evidence: lost,
		Look:     []string{"the load of the machine, and what keeps its kubelets, real or simulated, from reporting"},
	}
}

// collection is longer than the pod garbage collector takes: it looks every 20 s,
// and waits 40 s whether a node that left comes back.
const collection = 90 * time.Second

// notCollected: a pod stands whose node has left, though to end it is the pod
// garbage collector's work.
func notCollected(v *view) *Diagnosis {
	for _, p := range v.pods {
		node := p.Spec.NodeName
		if node == "" || v.s.Node(node) != nil || oracle.Terminating(p) || v.gone(node) < collection {
			continue
		}
		return &Diagnosis{
			Class:    v.downstream(node),
			Cause:    fmt.Sprintf("node %s has left, and its pod %s still stands %s later: the pod garbage collector has not come for it", node, p.Name, v.gone(node).Truncate(time.Second)),
			Evidence: []string{podLine(p)},
			Look:     []string{"whether kube-controller-manager runs with pod-garbage-collector-controller, and its log"},
		}
	}
	return nil
}

// gone gives how long ago the node left; 0 if nobody saw it leave.
func (v *view) gone(node string) time.Duration {
	for _, e := range slices.Backward(v.in.Entries) {
		if n, ok := e.Object.(*corev1.Node); ok && n.Name == node && e.Change == history.Deleted {
			return v.now.Sub(e.Time)
		}
	}
	return 0
}

// has tells whether a pod of the DaemonSet is for the node.
func (v *view) has(node string) bool {
	return slices.ContainsFunc(v.pods, func(p *corev1.Pod) bool { return oracle.TargetNode(p) == node })
}

// ownDomain ends the names of schedulers that specs name so that nobody binds the pod.
const ownDomain = ".dsconform.dev"

// unscheduled: a pod waits for the scheduler.
func unscheduled(v *view) *Diagnosis {
	for _, p := range v.unavailable() {
		if p.Spec.NodeName != "" {
			continue
		}
		node := oracle.TargetNode(p)
		for _, c := range p.Status.Conditions {
			if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
				return &Diagnosis{
					Class:    v.downstream(node),
					Cause:    fmt.Sprintf("the scheduler does not find room for pod %s on its node %s: %s", p.Name, node, c.Message),
					Evidence: []string{podLine(p)},
					Look:     []string{"requests, ports and affinity of the template against what node " + node + " has left: kubectl describe node " + node},
				}
			}
		}
		if e := v.event("Pod", p.Name, "FailedScheduling"); e != nil {
			return &Diagnosis{
				Class: v.downstream(node), Cause: fmt.Sprintf("pod %s cannot be scheduled: %s", p.Name, e.Message),
				Evidence: []string{eventText(e)}, Look: []string{"kubectl describe node " + node},
			}
		}
		if v.now.Sub(p.CreationTimestamp.Time) < patience || strings.HasSuffix(p.Spec.SchedulerName, ownDomain) {
			continue
		}
		return v.schedulerSilent(p)
	}
	return nil
}

// schedulerSilent: neither bound nor refused.
func (v *view) schedulerSilent(p *corev1.Pod) *Diagnosis {
	d := &Diagnosis{
		Class: v.environment(),
		Cause: fmt.Sprintf("the scheduler is silent: pod %s has waited for %s, neither bound nor refused, and no pod of the namespace was bound since", p.Name, v.ago(p.CreationTimestamp.Time)),
		Evidence: []string{
			fmt.Sprintf("pod %s is pinned to node %s by metadata.name and has no condition PodScheduled", p.Name, oracle.TargetNode(p)),
			"binding is the scheduler's work, not the controller's",
		},
		Look: []string{"whether kube-scheduler runs, and its log"},
	}
	if name := p.Spec.SchedulerName; name != "" && name != corev1.DefaultSchedulerName {
		d.Class = v.workload(p)
		d.Cause = fmt.Sprintf("pod %s asks for scheduler %q, and no scheduler of that name has bound it for %s", p.Name, name, v.ago(p.CreationTimestamp.Time))
		d.Look = []string{"whether that scheduler runs"}
		return d
	}
	if other := v.boundSince(p); other != "" {
		d.Class = NonConformant
		d.Cause = fmt.Sprintf("pod %s has waited for the scheduler for %s, while it bound pod %s in between", p.Name, v.ago(p.CreationTimestamp.Time), other)
		d.Look = []string{"schedulerName and schedulingGates of the pod", "the scheduler's log"}
	}
	for _, a := range v.in.Entries {
		if a.Kind == history.KindAction && strings.Contains(strings.ToLower(a.Text), "scheduler") {
			d.Class = NonConformant
			d.Evidence = append(d.Evidence, "the spec itself: "+a.String())
		}
	}
	return d
}

// boundSince gives a pod that was bound after p had come; "" if none was.
func (v *view) boundSince(p *corev1.Pod) string {
	unbound, come := map[types.UID]bool{}, false
	for _, e := range v.in.Entries {
		o, ok := e.Object.(*corev1.Pod)
		if !ok {
			continue
		}
		come = come || o.UID == p.UID
		if o.Spec.NodeName == "" {
			unbound[o.UID] = true
		} else if unbound[o.UID] {
			delete(unbound, o.UID)
			if come {
				return o.Name
			}
		}
	}
	return ""
}

// kubeletSilent: a bound pod of which the kubelet has said nothing.
func kubeletSilent(v *view) *Diagnosis {
	for _, p := range v.unavailable() {
		if p.Spec.NodeName == "" || p.Status.StartTime != nil || len(p.Status.ContainerStatuses) > 0 || oracle.Terminal(p) {
			continue
		}
		bound := p.CreationTimestamp.Time
		for _, c := range p.Status.Conditions {
			if c.Type == corev1.PodScheduled && c.LastTransitionTime.After(bound) {
				bound = c.LastTransitionTime.Time
			}
		}
		if v.now.Sub(bound) < patience {
			continue
		}
		return &Diagnosis{
			Class:    v.downstream(p.Spec.NodeName),
			Cause:    fmt.Sprintf("the kubelet of node %s is silent: pod %s was bound to it %s ago and has no status", p.Spec.NodeName, p.Name, v.ago(bound)),
			Evidence: []string{podLine(p)},
			Look:     []string{"the kubelet of node " + p.Spec.NodeName + " and its log"},
		}
	}
	return nil
}
