package diagnose

import (
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

// controllerSilent: nothing of what only a DaemonSet controller writes has
// come since the specification was written.
func controllerSilent(v *view) *Diagnosis {
	if v.now.Sub(v.asked) < patience || v.wrote && !v.last.Before(v.asked) || v.ds.DeletionTimestamp != nil {
		return nil
	}
	if v.ds.Status.ObservedGeneration >= v.ds.Generation {
		return nil
	}
	d := &Diagnosis{Class: NonConformant}
	if !v.wrote && v.event("DaemonSet", v.ds.Name, "SuccessfulCreate", "FailedCreate", "SuccessfulDelete") == nil {
		d.Cause = fmt.Sprintf("no controller writes: nothing has touched DaemonSet %s for %s, since it was created; is a DaemonSet controller running?", v.ds.Name, v.ago(v.asked))
		d.Evidence = []string{"no pod, no ControllerRevision, no event and no status: observedGeneration is still 0"}
	} else {
		d.Cause = fmt.Sprintf("the controller has gone silent: it has written nothing for DaemonSet %s since generation %d came, %s ago; does it still run?",
			v.ds.Name, v.ds.Generation, v.ago(v.asked))
		d.Evidence = []string{fmt.Sprintf("observedGeneration is %d; its last write was %s ago", v.ds.Status.ObservedGeneration, v.ago(v.last))}
	}
	d.Look = []string{
		"whether a DaemonSet controller runs at all (kube-controller-manager --controllers, the subject's process and its log)",
		"whether it is the leader, and whether its account may list and watch daemonsets, pods, nodes and controllerrevisions",
	}
	return d
}

// refusals are what the API server's answer to a pod creation says, and whose it is.
func refusals() []struct{ mark, what, look string } {
	return []struct{ mark, what, look string }{
		{"exceeded quota", "a ResourceQuota is used up", "kubectl describe resourcequota in the namespace"},
		{"violates PodSecurity", "Pod Security forbids such pods in the namespace", "the namespace's labels pod-security.kubernetes.io/*"},
		{"admission webhook", "an admission webhook denies them", "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations"},
		{"failed calling webhook", "an admission webhook does not answer", "the webhook's Service and its pods"},
		{"no PriorityClass", "the template names a PriorityClass that does not exist", "kubectl get priorityclasses"},
		{"error looking up service account", "the template's ServiceAccount does not exist", "kubectl get serviceaccounts in the namespace"},
		{"is forbidden: User", "the controller's account may not create pods", "the RBAC roles bound to the controller's account"},
	}
}

// creationRefused: the API server does not take the pods.
func creationRefused(v *view) *Diagnosis {
	e := v.event("DaemonSet", v.ds.Name, "FailedCreate")
	if e == nil || len(v.missing()) == 0 {
		return nil
	}
	d := &Diagnosis{
		Class:    NonConformant,
		Cause:    "the API server refuses the pods of DaemonSet " + v.ds.Name,
		Evidence: []string{eventText(e)},
		Look:     []string{"the message of the event FailedCreate"},
	}
	message := strings.ToLower(e.Message)
	for _, r := range refusals() {
		if strings.Contains(message, strings.ToLower(r.mark)) {
			d.Cause += ": " + r.what
			d.Look = []string{r.look}
			if r.mark != "is forbidden: User" && !v.in.Refusing && v.statusRight() {
				// The controller tried, reported it, and its status tells the truth.
				d.Class = Suite
			}
			return d
		}
	}
	return d
}

// missing lists the eligible nodes without any pod object of the DaemonSet.
func (v *view) missing() []string {
	has := map[string]bool{}
	for _, p := range v.pods {
		has[oracle.TargetNode(p)] = true
	}
	var out []string
	for _, n := range oracle.Eligible(v.ds, v.nodes) {
		if !has[n] {
			out = append(out, n)
		}
	}
	return out
}

func (v *view) statusRight() bool {
	return v.hash != "" && oracle.StatusDiff(v.ds, v.nodes, v.pods, v.hash, v.now) == nil
}

// Limits above which repeated writes are no work but a loop. A pod of a node is
// made anew a few times at most: failed pods are replaced with growing waits,
// which makes at most six in the first half minute.
const (
	loopWindow   = patience
	loopPods     = 6
	loopStatuses = 30
)

// hotLoop: the controller makes the same write again and again.
func hotLoop(v *view) *Diagnosis {
	created, statuses := map[string]int{}, 0
	var before *appsv1.DaemonSet
	for _, e := range v.in.Entries {
		recent := v.now.Sub(e.Time) <= loopWindow
		switch o := e.Object.(type) {
		case *corev1.Pod:
			if recent && e.Change == history.Added && own(o, v.ds) {
				created[oracle.TargetNode(o)]++
			}
		case *appsv1.DaemonSet:
			if o.UID != v.ds.UID {
				continue
			}
			if recent && before != nil && before.Generation == o.Generation && sameStatus(before, o) && before.ResourceVersion != o.ResourceVersion {
				statuses++
			}
			before = o
		}
	}
	look := []string{"what undoes the controller's work (kubelet rejections, an admission webhook that changes labels, a second controller)", "the controller's log"}
	worst := ""
	for _, n := range v.nodes {
		if created[n.Name] > created[worst] {
			worst = n.Name
		}
	}
	switch {
	case created[worst] > loopPods:
		return &Diagnosis{
			Class: NonConformant, Look: look,
			Cause:    fmt.Sprintf("the controller is in a hot loop: it made %d pods for node %s within %s", created[worst], worst, loopWindow),
			Evidence: v.endings(worst),
		}
	case statuses > loopStatuses:
		return &Diagnosis{
			Class: NonConformant, Look: look,
			Cause:    fmt.Sprintf("something is in a hot loop: DaemonSet %s was written %d times within %s with nothing changed in it", v.ds.Name, statuses, loopWindow),
			Evidence: []string{"the newest marks are " + managers(v.ds)},
		}
	}
	return nil
}

// endings says how the last pods of a node ended.
func (v *view) endings(node string) []string {
	var out []string
	for i := len(v.in.Entries) - 1; i >= 0 && len(out) < 2; i-- {
		e := v.in.Entries[i]
		if p, ok := e.Object.(*corev1.Pod); ok && e.Change == history.Deleted && own(p, v.ds) && oracle.TargetNode(p) == node {
			out = append(out, fmt.Sprintf("pod %s ended in phase %s %s %s", p.Name, p.Status.Phase, p.Status.Reason, p.Status.Message))
		}
	}
	return out
}

func managers(ds *appsv1.DaemonSet) string {
	var out []string
	for _, m := range ds.ManagedFields {
		text := m.Manager
		if m.Subresource != "" {
			text += " (" + m.Subresource + ")"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// wrongPlaces: pods that are missing, too many, or where they must not be, with
// no refusal and no pod on its way out that would explain it.
func wrongPlaces(v *view) *Diagnosis {
	err := v.placement()
	if err == nil || v.now.Sub(v.last) < patience && v.now.Sub(v.asked) < patience || controllerSilent(v) != nil {
		return nil
	}
	if v.event("DaemonSet", v.ds.Name, "FailedCreate") != nil && len(v.missing()) > 0 {
		return nil // creationRefused says more
	}
	d := &Diagnosis{
		Class:    NonConformant,
		Cause:    err.Error(),
		Evidence: []string{v.lastWrite()},
		Look:     []string{"the controller's log for DaemonSet " + v.ds.Name, "the labels and taints of these nodes: kubectl get nodes --show-labels, kubectl describe node"},
	}
	for _, p := range v.pods {
		if oracle.Terminating(p) {
			d.Evidence = append(d.Evidence, fmt.Sprintf("pod %s on node %s is terminating", p.Name, oracle.TargetNode(p)))
		}
	}
	if e := v.event("DaemonSet", v.ds.Name, "FailedDelete"); e != nil {
		d.Evidence = append(d.Evidence, eventText(e))
	}
	return d
}

func (v *view) lastWrite() string {
	if !v.wrote {
		return "the controller has written nothing for it so far"
	}
	return fmt.Sprintf("the controller's last write for it was %s ago", v.ago(v.last))
}
