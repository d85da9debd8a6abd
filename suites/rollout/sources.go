package rollout

// The sources most specs of the area judge by.
const (
	docUpdate      = "docs: tasks/manage-daemon/update-daemon-set"
	fieldMaxDown   = "API: DaemonSet spec.updateStrategy.rollingUpdate.maxUnavailable"
	fieldMaxSurge  = "API: DaemonSet spec.updateStrategy.rollingUpdate.maxSurge"
	fieldMinReady  = "API: DaemonSet spec.minReadySeconds"
	kepSurge       = "KEP-1591: DaemonSet surge during rolling update"
	sourceRolling  = "pkg/controller/daemon/update.go: rollingUpdate"
	sourceManage   = "pkg/controller/daemon/daemon_controller.go: podsShouldBeOnNode"
	sourceStatus   = "pkg/controller/daemon/daemon_controller.go: updateDaemonSetStatus"
	sourceHistory  = "pkg/controller/daemon/update.go: constructHistory"
	fieldObserved  = "API: DaemonSet status.observedGeneration"
	sourcePatch    = "pkg/controller/daemon/update.go: getPatch, Match"
	sourceStrategy = "pkg/registry/apps/daemonset/strategy.go: PrepareForUpdate"
)
