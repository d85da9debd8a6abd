package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework/oracle"
)

// imageMissing: a container's image is not to be had.
func imageMissing(v *view) *Diagnosis {
	return v.waiting(func(p *corev1.Pod, c corev1.ContainerStatus, w *corev1.ContainerStateWaiting) *Diagnosis {
		if !slices.Contains([]string{"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ErrImageInspect"}, w.Reason) {
			return nil
		}
		return &Diagnosis{
			Class:    v.workload(p),
			Cause:    fmt.Sprintf("the image %s of container %s cannot be had on node %s (%s)", c.Image, c.Name, oracle.TargetNode(p), w.Reason),
			Evidence: []string{podLine(p) + ": " + w.Message},
			Look:     []string{"whether the image is on the node (crictl images) or its registry can be reached", "imagePullPolicy and imagePullSecrets of the template"},
		}
	})
}

// containerRefused: the kubelet cannot set the container up.
func containerRefused(v *view) *Diagnosis {
	return v.waiting(func(p *corev1.Pod, c corev1.ContainerStatus, w *corev1.ContainerStateWaiting) *Diagnosis {
		if !slices.Contains([]string{"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}, w.Reason) {
			return nil
		}
		return &Diagnosis{
			Class:    v.workload(p),
			Cause:    fmt.Sprintf("container %s cannot be started on node %s (%s): %s", c.Name, oracle.TargetNode(p), w.Reason, w.Message),
			Evidence: []string{podLine(p)},
			Look:     []string{"the ConfigMaps and Secrets that the template refers to, its securityContext and command"},
		}
	})
}

// containerCrashes: a container ends again and again.
func containerCrashes(v *view) *Diagnosis {
	return v.statuses(func(p *corev1.Pod, c corev1.ContainerStatus) *Diagnosis {
		last := c.LastTerminationState.Terminated
		if last == nil {
			last = c.State.Terminated
		}
		if last == nil || last.ExitCode == 0 && last.Signal == 0 && last.Reason != "OOMKilled" && c.RestartCount == 0 {
			return nil
		}
		cause := fmt.Sprintf("container %s on node %s crashes: it was restarted %d times and last ended with exit code %d (%s)",
			c.Name, oracle.TargetNode(p), c.RestartCount, last.ExitCode, last.Reason)
		evidence := []string{podLine(p)}
		if last.Message != "" {
			evidence = append(evidence, "it left the message: "+strings.TrimSpace(last.Message))
		}
		return &Diagnosis{
			Class: v.workload(p), Cause: cause, Evidence: evidence,
			Look: []string{fmt.Sprintf("kubectl logs %s -c %s --previous", p.Name, c.Name), "its probes, limits and command in the template"},
		}
	})
}

// mountFailed: a volume cannot be mounted.
func mountFailed(v *view) *Diagnosis {
	for _, p := range v.unavailable() {
		e := v.event("Pod", p.Name, "FailedMount", "FailedAttachVolume")
		if e == nil || slices.ContainsFunc(p.Status.ContainerStatuses, func(c corev1.ContainerStatus) bool { return c.State.Running != nil }) {
			continue
		}
		return &Diagnosis{
			Class:    v.workload(p),
			Cause:    fmt.Sprintf("a volume of pod %s cannot be mounted on node %s: %s", p.Name, oracle.TargetNode(p), strings.TrimSpace(e.Message)),
			Evidence: []string{podLine(p), eventText(e)},
			Look:     []string{"the volumes of the template: do the path, its type, the ConfigMap or Secret exist?"},
		}
	}
	return nil
}

// podEnded: a finished pod stands where a running one ought to.
func podEnded(v *view) *Diagnosis {
	for _, p := range v.pods {
		if !oracle.Terminal(p) || oracle.Terminating(p) {
			continue
		}
		since := p.CreationTimestamp.Time
		for _, c := range p.Status.Conditions {
			if c.LastTransitionTime.After(since) {
				since = c.LastTransitionTime.Time
			}
		}
		return &Diagnosis{
			Class: NonConformant,
			Cause: fmt.Sprintf("pod %s on node %s is %s (%s) and was not replaced; the controller must delete it and make a new one, after a wait if it failed before",
				p.Name, oracle.TargetNode(p), p.Status.Phase, orNone(p.Status.Reason)),
			Evidence: []string{podLine(p), p.Status.Message, v.lastWrite()},
			Look:     []string{"how often this node's pod failed: the wait doubles from 1 s up to 15 min", "why it ended: kubectl describe pod " + p.Name},
		}
	}
	return nil
}

// probeFails: the container runs but is not ready.
func probeFails(v *view) *Diagnosis {
	for _, p := range v.unavailable() {
		for _, c := range p.Status.ContainerStatuses {
			if c.State.Running == nil || c.Ready {
				continue
			}
			d := &Diagnosis{
				Class:    v.workload(p),
				Cause:    fmt.Sprintf("container %s of pod %s on node %s runs but is not ready", c.Name, p.Name, oracle.TargetNode(p)),
				Evidence: []string{podLine(p)},
				Look:     []string{"the readiness and startup probes of the template, and what the container answers to them"},
			}
			if e := v.event("Pod", p.Name, "Unhealthy"); e != nil {
				d.Cause += ": " + strings.TrimSpace(e.Message)
				d.Evidence = append(d.Evidence, eventText(e))
			}
			return d
		}
	}
	return nil
}

// slack is what a kubelet takes beyond the grace to report a pod's end.
const slack = 5 * time.Second

// bereft tells whether the node should have a pod and has none that works or will.
func (v *view) bereft(node string) bool {
	n := v.s.Node(node)
	if n == nil || !v.rule.Decide(n).Run {
		return false
	}
	for _, p := range v.pods {
		if oracle.TargetNode(p) == node && !oracle.Terminating(p) && !oracle.Terminal(p) {
			return false
		}
	}
	return true
}

// stuckTerminating: a pod that is on its way out keeps its node from getting the next one.
func stuckTerminating(v *view) *Diagnosis {
	for _, p := range v.pods {
		if !oracle.Terminating(p) {
			continue
		}
		node := oracle.TargetNode(p)
		grace := int64(0)
		if p.DeletionGracePeriodSeconds != nil {
			grace = *p.DeletionGracePeriodSeconds
		}
		d := &Diagnosis{Evidence: []string{podLine(p)}}
		switch left := p.DeletionTimestamp.Sub(v.now); {
		case oracle.Terminal(p):
			if len(p.Finalizers) == 0 || !v.bereft(node) {
				continue
			}
			d.Class = NonConformant
			d.Cause = fmt.Sprintf("the controller waits for pod %s on node %s, which has ended (phase %s): only its object is still held, by the finalizers %s",
				p.Name, node, p.Status.Phase, strings.Join(p.Finalizers, ", "))
			d.Look = []string{"how the controller counts a pod that has ended and is being deleted: its node lacks a pod"}
		case len(p.Finalizers) > 0:
			d.Class = v.workload(p)
			d.Cause = fmt.Sprintf("pod %s on node %s is terminating but held by the finalizers %s", p.Name, node, strings.Join(p.Finalizers, ", "))
			d.Look = []string{"who is to remove these finalizers"}
		case left > -slack && grace > 0:
			d.Class = v.workload(p)
			d.Cause = fmt.Sprintf("pod %s on node %s is still terminating, within its grace of %d s (%s left)", p.Name, node, grace, max(left, 0).Truncate(time.Second))
			d.Look = []string{"whether the container ends on SIGTERM; terminationGracePeriodSeconds and preStop of the template"}
		case left <= -slack:
			d.Class = v.downstream(node)
			d.Cause = fmt.Sprintf("pod %s on node %s is stuck terminating: its grace of %d s ended %s ago", p.Name, node, grace, (-left).Truncate(time.Second))
			d.Look = []string{"the kubelet of node " + node + ": does it run, can it reach the API server and the container runtime?"}
		default:
			continue
		}
		return d
	}
	return nil
}

// waiting looks at the containers that wait to start, init containers first.
func (v *view) waiting(look func(*corev1.Pod, corev1.ContainerStatus, *corev1.ContainerStateWaiting) *Diagnosis) *Diagnosis {
	return v.statuses(func(p *corev1.Pod, c corev1.ContainerStatus) *Diagnosis {
		if c.State.Waiting == nil {
			return nil
		}
		return look(p, c, c.State.Waiting)
	})
}

// statuses looks at the containers of pods that are not available.
func (v *view) statuses(look func(*corev1.Pod, corev1.ContainerStatus) *Diagnosis) *Diagnosis {
	for _, p := range v.unavailable() {
		for _, c := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
			if d := look(p, c); d != nil {
				return d
			}
		}
	}
	return nil
}

func podLine(p *corev1.Pod) string {
	return fmt.Sprintf("pod %s on node %s: phase %s, Ready %t", p.Name, oracle.TargetNode(p), orNone(string(p.Status.Phase)), oracle.Ready(p))
}

func orNone(s string) string {
	if s == "" {
		return "none given"
	}
	return s
}
