package fleet

import (
	"context"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

// Skew is how far the clocks of kubelets, controller and this program may be
// apart where a moment told by one is held against a moment seen by another.
const Skew = time.Second

// ReadyFor judges that the fleet's pods have all been ready for so long. It
// holds by time passing alone, so a wait for it needs no change.
func (f *Fleet) ReadyFor(d time.Duration) func(*history.State) error {
	return func(s *history.State) error {
		for _, own := range f.All() {
			pod := s.Pod(own.Name)
			if pod == nil || pod.UID != own.UID {
				return fmt.Errorf("pod %s is gone", own.Name)
			}
			since := ReadySince(pod)
			if since.IsZero() {
				return fmt.Errorf("pod %s is not ready", pod.Name)
			}
			if at := since.Add(d); s.Now().Before(at) {
				return history.RetryAt(at, fmt.Errorf("pod %s has been ready for %s, not for %s", pod.Name, s.Now().Sub(since), d))
			}
		}
		return nil
	}
}

// Unready judges that none of the fleet's pods is ready.
func (f *Fleet) Unready() func(*history.State) error {
	return func(s *history.State) error {
		for _, own := range f.All() {
			if pod := s.Pod(own.Name); pod != nil && oracle.Ready(pod) {
				return fmt.Errorf("pod %s is ready", pod.Name)
			}
		}
		return nil
	}
}

// AwaitReadyFor waits until the fleet's pods have all been ready for so long.
func (f *Fleet) AwaitReadyFor(ctx context.Context, e *framework.Env, d time.Duration) {
	e.BecomesFor(ctx, f.Name, d+e.Timeouts.PodReady, fmt.Sprintf("the pods have been ready for %s", d), f.ReadyFor(d))
}

// Unavailable are those of the nodes without a live pod of the DaemonSet that
// has been ready for minReadySeconds.
func Unavailable(s *history.State, ds *appsv1.DaemonSet, nodes []string) []string {
	return slices.DeleteFunc(slices.Clone(nodes), func(node string) bool {
		return slices.ContainsFunc(On(s, ds, node), func(pod *corev1.Pod) bool { return available(s, ds, pod) })
	})
}

func available(s *history.State, ds *appsv1.DaemonSet, pod *corev1.Pod) bool {
	ok, _ := oracle.Available(pod, ds.Spec.MinReadySeconds, s.Now().Add(Skew))
	return ok
}

// AtMostUnavailable judges an entry of the log: once the DaemonSet is of the
// generation given, never more than limit of the nodes are without an available pod.
func AtMostUnavailable(ds *appsv1.DaemonSet, nodes []string, limit int) func(*history.State, history.Entry) error {
	return func(s *history.State, _ history.Entry) error {
		now, err := AtLeast(s, ds)
		if err != nil {
			return nil //nolint:nilerr // before the change nothing is judged
		}
		if down := Unavailable(s, now, nodes); len(down) > limit {
			return fmt.Errorf("nodes %v are without an available pod; at most %d may be", down, limit)
		}
		return nil
	}
}
