package rollout

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

// pause is how long the pods of the spec take to end, in seconds.
const pause = 4

func graceAndDisruptionBudget() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUM-016",
		Area:      framework.RollingUpdate,
		Title:     "a rollout honours grace, and no disruption budget holds it up",
		Behaviour: "A rollout MUST delete pods with their own terminationGracePeriodSeconds and preStop honoured, and a PodDisruptionBudget MUST NOT block it.",
		Clauses:   []string{"docs: tasks/run-application/configure-pdb (workload controllers are not limited by budgets)", "docs: concepts/workloads/pods/pod-lifecycle, termination of pods"},
		Level:     framework.Core,
		Why: "A rollout is bounded by maxUnavailable alone; a controller that evicts instead of deleting stalls for ever at a budget of all pods. " +
			"One that deletes with grace 0 kills node agents in the middle of their work.",
		Nodes: framework.NodeNeed{Workers: 2},
		Slow:  true,
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxUnavailable("1"), fleet.Lingering(pause)))
			all := intstr.FromInt(len(old.Pods))
			e.Apply(ctx, &policyv1.PodDisruptionBudget{
				ObjectMeta: metav1.ObjectMeta{Name: name},
				Spec:       policyv1.PodDisruptionBudgetSpec{MinAvailable: &all, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}},
			})
			e.Must(refusesEviction(ctx, e, old.All()[0]), "have a PodDisruptionBudget that guards the pods")

			ds := e.SetImage(ctx, name, "agent:v2")
			fleet.AwaitRollout(ctx, e, ds)
			// A pod that has ended is replaced before its object is gone.
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "all old pods are gone", old.Gone)
			e.Check(ended(e.History.Entries(), old), "each old pod was given its grace period of %d s and its preStop pause of %d s", 2*pause, pause)
		},
	}
}

// refusesEviction proves the budget: a dry run of an eviction is refused by it.
func refusesEviction(ctx context.Context, e *framework.Env, pod *corev1.Pod) error {
	err := e.Client.PolicyV1().Evictions(pod.Namespace).Evict(ctx, &policyv1.Eviction{
		ObjectMeta:    metav1.ObjectMeta{Name: pod.Name, Namespace: pod.Namespace},
		DeleteOptions: &metav1.DeleteOptions{DryRun: []string{metav1.DryRunAll}},
	})
	switch {
	case apierrors.IsTooManyRequests(err):
		return nil
	case err == nil:
		return fmt.Errorf("an eviction of pod %s is not refused by the budget", pod.Name)
	}
	return fmt.Errorf("try the eviction of pod %s, which the budget should refuse: %w", pod.Name, err)
}

// ended judges how each of the fleet's pods ended: marked with the grace period
// of its own spec, and gone no sooner than its preStop pause after the mark.
func ended(entries []history.Entry, f *fleet.Fleet) error {
	marked, gone := map[string]history.Entry{}, map[string]history.Entry{}
	for _, en := range entries {
		pod, ok := en.Object.(*corev1.Pod)
		if !ok {
			continue
		}
		if _, seen := marked[pod.Name]; !seen && en.Change == history.Modified && pod.DeletionTimestamp != nil {
			marked[pod.Name] = en
		}
		if en.Change == history.Deleted {
			gone[pod.Name] = en
		}
	}
	for _, own := range f.All() {
		mark, ok := marked[own.Name]
		if !ok {
			return fmt.Errorf("pod %s was never seen terminating", own.Name)
		}
		given, want := mark.Object.(*corev1.Pod).DeletionGracePeriodSeconds, *own.Spec.TerminationGracePeriodSeconds
		if given == nil || *given != want {
			return fmt.Errorf("pod %s was deleted with a grace period of %v s, its own is %d s", own.Name, deref(given), want)
		}
		end, ok := gone[own.Name]
		if !ok {
			return fmt.Errorf("pod %s is not gone", own.Name)
		}
		if took := end.Time.Sub(mark.Time); took < pause*time.Second-fleet.Skew/2 {
			return fmt.Errorf("pod %s was gone %s after it was marked, before its preStop pause of %d s was over", own.Name, took.Round(time.Millisecond), pause)
		}
	}
	return nil
}

func deref(seconds *int64) any {
	if seconds == nil {
		return "no"
	}
	return *seconds
}
