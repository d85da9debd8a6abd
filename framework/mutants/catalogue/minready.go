package catalogue

import (
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"

	"github.com/dsconform/dsconform/framework/mutants/rig"
)

// minReady are defects in minReadySeconds.
func minReady() []Mutant {
	return []Mutant{
		{
			ID:         "ignores-min-ready-seconds",
			Notice:     "Pods count as available as soon as they are ready, whatever minReadySeconds says.",
			Clauses:    []string{"DS-MRS-001", "DS-MRS-004", "DS-RUS-009"},
			Injection:  "view: minReadySeconds is 0",
			ModelledOn: "Taking ready for available, which they are by default.",
			Inject:     taking(func(ds *appsv1.DaemonSet) { ds.Spec.MinReadySeconds = 0 }),
		},
		{
			ID:         "min-ready-since-start",
			Notice:     "minReadySeconds count from the pod's start: one that has run for long is available in the instant in which it is ready.",
			Clauses:    []string{"DS-MRS-003", "DS-MRS-001"},
			Injection:  "view: the condition Ready is as old as the pod",
			ModelledOn: "Using status.startTime where the condition's lastTransitionTime is meant.",
			Inject:     readySince(func(p *corev1.Pod, _ metav1.Time) metav1.Time { return p.CreationTimestamp }),
		},
		{
			ID:         "min-ready-from-first-readiness",
			Notice:     "A pod that falters and comes back is available at once: minReadySeconds do not start anew.",
			Clauses:    []string{"DS-MRS-003"},
			Injection:  "view: the condition Ready is as old as it was when it was true first",
			ModelledOn: "Remembering by pod when it was first seen ready.",
			Inject: func(s *rig.Setup) {
				var first sync.Map
				readySince(func(p *corev1.Pod, since metav1.Time) metav1.Time {
					was, _ := first.LoadOrStore(p.UID, since)
					return was.(metav1.Time)
				})(s)
			},
		},
		{
			ID:         "clock-runs-ahead",
			Notice:     "Pods are available some seconds before minReadySeconds have passed.",
			Clauses:    []string{"DS-MRS-001", "DS-MRS-004"},
			Injection:  "option: the controller's clock is 3 s ahead",
			ModelledOn: "Clocks that differ, and a comparison with one's own.",
			Inject:     func(s *rig.Setup) { s.Options.Clock = skewed{clock.RealClock{}, 3 * time.Second} },
		},
		{
			ID:         "clock-runs-behind",
			Notice:     "Pods are available only long after minReadySeconds have passed.",
			Clauses:    []string{"DS-MRS-001"},
			Injection:  "option: the controller's clock is ten minutes behind",
			ModelledOn: "Clocks that differ, and a comparison with one's own.",
			Inject:     func(s *rig.Setup) { s.Options.Clock = skewed{clock.RealClock{}, -10 * time.Minute} },
		},
		{
			ID:         "min-ready-never-rechecked",
			Notice:     "A pod becomes available only when something else happens to it after minReadySeconds.",
			Clauses:    []string{"DS-MRS-001", "DS-MRS-004", "DS-POD-004"},
			Injection:  "inside: the queue drops what is to come later",
			ModelledOn: "kubernetes#39785: acting on events alone, where time is what changes.",
			Inject: func(s *rig.Setup) {
				s.Inside(func(i *rig.Insides) {
					i.Queue(func(q workqueue.TypedRateLimitingInterface[string]) workqueue.TypedRateLimitingInterface[string] {
						return &timeless{TypedRateLimitingInterface: q}
					})
				})
			},
		},
		{
			ID:         "min-ready-in-minutes",
			Notice:     "minReadySeconds pass ten times as slowly.",
			Clauses:    []string{"DS-MRS-001"},
			Injection:  "view: minReadySeconds is ten times as long",
			ModelledOn: "A unit lost on the way.",
			Inject:     taking(func(ds *appsv1.DaemonSet) { ds.Spec.MinReadySeconds *= 10 }),
		},
		{
			ID:         "min-ready-of-creation",
			Notice:     "A change of minReadySeconds has no effect on a DaemonSet that is there.",
			Clauses:    []string{"DS-MRS-005"},
			Injection:  "view: minReadySeconds is what it was when the DaemonSet was first seen",
			ModelledOn: "Re-computing availability only when a pod changes or the template does.",
			Inject: func(s *rig.Setup) {
				var first sync.Map
				taking(func(ds *appsv1.DaemonSet) {
					was, _ := first.LoadOrStore(ds.UID, ds.Spec.MinReadySeconds)
					ds.Spec.MinReadySeconds = was.(int32)
				})(s)
			},
		},
		{
			ID:         "future-readiness-counts",
			Notice:     "A pod whose node's clock is ahead is available before minReadySeconds have passed since that moment.",
			Clauses:    []string{"DS-MRS-006"},
			Injection:  "view: a condition Ready of the future is as old as the pod",
			ModelledOn: "The absolute value of a difference.",
			Inject: readySince(func(p *corev1.Pod, since metav1.Time) metav1.Time {
				if time.Until(since.Time) > 0 {
					return p.CreationTimestamp
				}
				return since
			}),
		},
		{
			ID:         "timeless-readiness-counts",
			Notice:     "A pod whose condition Ready has no time is available at once though minReadySeconds is set.",
			Clauses:    []string{"DS-MRS-007"},
			Injection:  "view: a condition Ready without a time is as old as the pod",
			ModelledOn: "Zero is long ago: leaving out the check of IsZero.",
			Inject: readySince(func(p *corev1.Pod, since metav1.Time) metav1.Time {
				if since.IsZero() {
					return metav1.NewTime(p.CreationTimestamp.Add(-24 * time.Hour))
				}
				return since
			}),
		},
		{
			ID:         "timeless-readiness-never-counts",
			Notice:     "A pod whose condition Ready has no time is never available, not even where minReadySeconds is 0.",
			Clauses:    []string{"DS-MRS-007"},
			Injection:  "view: a condition Ready without a time is not true",
			ModelledOn: "Asking for a time before minReadySeconds is looked at.",
			Inject: seeing(func(p *corev1.Pod) {
				for i, c := range p.Status.Conditions {
					if c.Type == corev1.PodReady && c.LastTransitionTime.IsZero() {
						p.Status.Conditions[i].Status = corev1.ConditionFalse
					}
				}
			}),
		},
	}
}

// readySince has a condition Ready=True be seen as true since the time that
// since gives.
func readySince(since func(*corev1.Pod, metav1.Time) metav1.Time) inject {
	return seeing(func(p *corev1.Pod) {
		for i, c := range p.Status.Conditions {
			if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
				p.Status.Conditions[i].LastTransitionTime = since(p, c.LastTransitionTime)
			}
		}
	})
}

// skewed is a clock that is off by so much.
type skewed struct {
	clock.RealClock
	by time.Duration
}

// Now implements clock.PassiveClock.
func (c skewed) Now() time.Time { return c.RealClock.Now().Add(c.by) }

// Since implements clock.PassiveClock.
func (c skewed) Since(t time.Time) time.Duration { return c.Now().Sub(t) }
