package fleet

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework/history"
)

// Observed judges that the controller has seen the generation given.
func Observed(ds *appsv1.DaemonSet) func(*history.State) error {
	return Status(ds, func(appsv1.DaemonSetStatus) error { return nil })
}

// Status judges the status once it is about the generation given; what an
// earlier generation's status says proves nothing.
func Status(ds *appsv1.DaemonSet, judge func(appsv1.DaemonSetStatus) error) func(*history.State) error {
	return func(s *history.State) error {
		now, err := AtLeast(s, ds)
		if err != nil {
			return err
		}
		if now.Status.ObservedGeneration < ds.Generation {
			return fmt.Errorf("observedGeneration of DaemonSet %s is %d, its generation %d", ds.Name, now.Status.ObservedGeneration, now.Generation)
		}
		return judge(now.Status)
	}
}

// Counts judges some of the numbers of the status, each by its name in the API.
func Counts(ds *appsv1.DaemonSet, want map[string]int32) func(*history.State) error {
	return Status(ds, func(status appsv1.DaemonSetStatus) error {
		got := map[string]int32{
			"desiredNumberScheduled": status.DesiredNumberScheduled,
			"currentNumberScheduled": status.CurrentNumberScheduled,
			"updatedNumberScheduled": status.UpdatedNumberScheduled,
			"numberMisscheduled":     status.NumberMisscheduled,
			"numberReady":            status.NumberReady,
			"numberAvailable":        status.NumberAvailable,
			"numberUnavailable":      status.NumberUnavailable,
		}
		for name, n := range want {
			if got[name] != n {
				return fmt.Errorf("status.%s of DaemonSet %s is %d, not %d", name, ds.Name, got[name], n)
			}
		}
		return nil
	})
}
