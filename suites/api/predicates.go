package api

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework/history"
)

// hasRevision judges that the DaemonSet has its ControllerRevision.
func hasRevision(ds *appsv1.DaemonSet) func(*history.State) error {
	return func(s *history.State) error {
		if len(s.RevisionsOf(ds)) == 0 {
			return fmt.Errorf("DaemonSet %s has no ControllerRevision", ds.Name)
		}
		return nil
	}
}
