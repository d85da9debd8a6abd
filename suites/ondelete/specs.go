package ondelete

import "github.com/dsconform/dsconform/framework"

// name is the DaemonSet of every spec: each has a namespace of its own.
const name = "agent"

// The sources most specs of the area judge by.
const (
	docOnDelete   = "docs: tasks/manage-daemon/update-daemon-set, DaemonSet Update Strategy: OnDelete"
	fieldType     = "API: DaemonSet spec.updateStrategy.type"
	sourceUpdate  = "pkg/controller/daemon/daemon_controller.go: updateDaemonSet"
	sourceSync    = "pkg/controller/daemon/daemon_controller.go: syncNodes"
	sourceHistory = "pkg/controller/daemon/update.go: constructHistory"
)

// Specs are the specs of the area.
func Specs() []framework.Spec {
	return []framework.Spec{
		templateChange(),
		deletedPod(),
		newNode(),
		endedPods(),
		toRollingUpdate(),
		fromRollingUpdate(),
		ineligibleNode(),
	}
}
