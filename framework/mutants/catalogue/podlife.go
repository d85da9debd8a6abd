package catalogue

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// podlife are defects in what becomes of pods that fail, end or are deleted.
func podlife() []Mutant { return slices.Concat(finished(), backoff(), deletions()) }

// finished are defects in the replacement of pods that have failed or ended.
func finished() []Mutant {
	return []Mutant{
		{
			ID:         "leaves-failed-pods",
			Notice:     "A pod that has failed stays, and its node goes without.",
			Clauses:    []string{"DS-POD-002", "DS-RUM-018", "DS-POD-011"},
			Injection:  "writes: the deletion of a failed pod is taken for done",
			ModelledOn: "Waiting for the kubelet to start again what it has given up.",
			Inject: deletingUnless(func(s *rig.Setup, p *corev1.Pod) bool {
				return owner(s, p) != nil && p.Status.Phase == corev1.PodFailed
			}),
		},
		{
			ID:         "leaves-succeeded-pods",
			Notice:     "A pod that has ended well stays, and its node goes without.",
			Clauses:    []string{"DS-POD-003", "DS-OND-005"},
			Injection:  "view: pods that have succeeded run, and are not ready",
			ModelledOn: "The controller before 1.27 (kubernetes#117018): pods stay Completed after their node has shut down.",
			Inject: seeing(func(p *corev1.Pod) {
				if owned(p) && p.Status.Phase == corev1.PodSucceeded {
					p.Status.Phase = corev1.PodRunning
				}
			}),
		},
		{
			ID:         "leaves-rejected-pods",
			Notice:     "A pod that the kubelet has evicted or rejected stays, though one that failed by itself is replaced.",
			Clauses:    []string{"DS-POD-011"},
			Injection:  "writes: the deletion of a failed pod with a reason is taken for done",
			ModelledOn: "Leaving evicted pods to the pod garbage collector.",
			Inject: deletingUnless(func(s *rig.Setup, p *corev1.Pod) bool {
				return owner(s, p) != nil && p.Status.Phase == corev1.PodFailed && p.Status.Reason != ""
			}),
		},
		{
			ID:         "leaves-the-failed-behind",
			Notice:     "A failed pod gets a successor but is never deleted: with each failure one more is left.",
			Clauses:    []string{"DS-POD-002", "DS-POD-004"},
			Injection:  "view: failed pods are not there",
			ModelledOn: "Filtering what is not active, as a ReplicaSet does.",
			Inject: func(s *rig.Setup) {
				s.Wire.Pods.See(func(p *corev1.Pod) bool { return !owned(p) || p.Status.Phase != corev1.PodFailed })
			},
		},
		{
			ID:         "restarts-crash-loops",
			Notice:     "A pod whose container crashes again and again is deleted and made anew, so that nobody finds its logs.",
			Clauses:    []string{"DS-POD-010"},
			Injection:  "beside: pods with a container in CrashLoopBackOff are deleted",
			ModelledOn: "Helping the kubelet with what it does itself.",
			Inject: watching(func(s *rig.Setup, _, p *corev1.Pod) {
				if p == nil || !owned(p) || !live(p) {
					return
				}
				for _, c := range p.Status.ContainerStatuses {
					if c.State.Waiting != nil && c.State.Waiting.Reason == "CrashLoopBackOff" {
						remove(s, p, metav1.DeleteOptions{})
					}
				}
			}),
		},
		{
			ID:         "replaces-changed-pods",
			Notice:     "A pod whose image was changed in place is deleted, and comes back with the template's.",
			Clauses:    []string{"DS-POD-012"},
			Injection:  "beside: pods whose image changes are deleted",
			ModelledOn: "Comparing the pod with the template, and not their hashes.",
			Inject: watching(func(s *rig.Setup, before, p *corev1.Pod) {
				if before == nil || p == nil || !owned(p) || !live(p) {
					return
				}
				for i := range p.Spec.Containers {
					if p.Spec.Containers[i].Image != before.Spec.Containers[i].Image {
						remove(s, p, metav1.DeleteOptions{})
					}
				}
			}),
		},
	}
}

// backoff are defects in the wait between failures of one node.
func backoff() []Mutant {
	return []Mutant{
		{
			ID:         "no-backoff",
			Notice:     "A node that rejects its pod gets a new one at once, over and over: hundreds in a minute.",
			Clauses:    []string{"DS-POD-004"},
			Injection:  "option: the wait after a failure is nothing",
			ModelledOn: "kubernetes#65240: a hot loop against the kubelet.",
			Inject: func(s *rig.Setup) {
				s.Options.Backoff, s.Options.MaxBackoff = time.Nanosecond, time.Nanosecond
			},
		},
		{
			ID:         "backoff-does-not-grow",
			Notice:     "A node that rejects its pod for days gets a new one each second.",
			Clauses:    []string{"DS-POD-004"},
			Injection:  "option: the longest wait is as long as the first",
			ModelledOn: "A ticker where a backoff is meant.",
			Inject:     func(s *rig.Setup) { s.Options.MaxBackoff = s.Options.Backoff },
		},
		{
			ID:         "backoff-is-shared",
			Notice:     "A node that rejects its pod makes the other nodes wait for theirs when it fails there once.",
			Clauses:    []string{"DS-POD-005"},
			Injection:  "writes: failed pods are deleted after a wait that is the DaemonSet's",
			ModelledOn: "Keying the backoff by DaemonSet.",
			Inject:     throttling(func(ds *appsv1.DaemonSet, _ *corev1.Pod) string { return string(ds.UID) }),
		},
		{
			ID:         "backoff-of-all-on-the-node",
			Notice:     "A daemon that fails again and again on a node keeps the other daemons there waiting for theirs when they fail once.",
			Clauses:    []string{"DS-POD-005"},
			Injection:  "writes: failed pods are deleted after a wait that is the node's, whatever the DaemonSet",
			ModelledOn: "Keying the backoff by node.",
			Inject:     throttling(func(_ *appsv1.DaemonSet, p *corev1.Pod) string { return target(p) }),
		},
		{
			ID:         "backoff-outlives-the-template",
			Notice:     "A template that mends what failed still has to wait until the old one's wait is over.",
			Clauses:    []string{"DS-POD-006"},
			Injection:  "writes: failed pods are deleted after a wait that is the node's, whatever the generation",
			ModelledOn: "A key of the backoff without observedGeneration.",
			Inject:     throttling(func(ds *appsv1.DaemonSet, p *corev1.Pod) string { return string(ds.UID) + target(p) }),
		},
	}
}

// throttling has failed pods be deleted only after a wait that doubles with each
// failure of the same key.
func throttling(key func(*appsv1.DaemonSet, *corev1.Pod) string) inject {
	return func(s *rig.Setup) {
		type turn struct {
			last time.Time
			wait time.Duration
		}
		var mu sync.Mutex
		turns, waiting := map[string]turn{}, map[types.UID]bool{}
		take := func(ds *appsv1.DaemonSet, p *corev1.Pod) time.Duration {
			mu.Lock()
			defer mu.Unlock()
			t, ok := turns[key(ds, p)]
			if left := t.wait - time.Since(t.last); ok && left > 0 {
				if waiting[p.UID] {
					return 0
				}
				waiting[p.UID] = true
				return left
			}
			turns[key(ds, p)] = turn{last: time.Now(), wait: max(s.Options.Backoff, min(2*t.wait, s.Options.MaxBackoff))}
			return -1
		}
		s.Wire.OnWrite("delete", "pods", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
			p := s.Wire.Pods.Stored(r.Namespace, r.Name)
			if p == nil || p.Status.Phase != corev1.PodFailed {
				return next(ctx, r)
			}
			ds := owner(s, p)
			if ds == nil {
				return next(ctx, r)
			}
			left := take(ds, p)
			if left < 0 {
				return next(ctx, r)
			}
			if left > 0 {
				after(s, left, func() {
					take(ds, p)
					remove(s, p, metav1.DeleteOptions{})
				})
			}
			return wire.Refuse(http.StatusNotFound, "pods \""+r.Name+"\" not found"), nil
		})
	}
}
