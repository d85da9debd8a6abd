package revisions

import "github.com/dsconform/dsconform/framework"

// name is the DaemonSet of every spec: each has a namespace of its own.
const name = "agent"

// The sources most specs of the area judge by.
const (
	docRollback    = "docs: tasks/manage-daemon/rollback-daemon-set"
	docUnderstand  = "docs: tasks/manage-daemon/rollback-daemon-set, Understanding DaemonSet revisions"
	apiRevision    = "API: apps/v1 ControllerRevision"
	fieldLimit     = "API: DaemonSet spec.revisionHistoryLimit"
	fieldCollision = "API: DaemonSet status.collisionCount"
	sourceHistory  = "pkg/controller/daemon/update.go: constructHistory"
	sourceSnapshot = "pkg/controller/daemon/update.go: snapshot"
	sourcePatch    = "pkg/controller/daemon/update.go: getPatch, Match"
	sourceCleanup  = "pkg/controller/daemon/update.go: cleanupHistory"
	sourceDedup    = "pkg/controller/daemon/update.go: dedupCurHistories"
	kubectlUndo    = "kubectl: rollout undo (polymorphichelpers/rollback.go)"
	kubectlHistory = "kubectl: rollout history (polymorphichelpers/history.go)"
	kubectlRestart = "kubectl: rollout restart (polymorphichelpers/objectrestarter.go)"
)

// Specs are the specs of the area.
func Specs() []framework.Spec {
	return []framework.Spec{
		firstRevision(),
		revisionData(),
		oneForEachTemplate(),
		returnReuses(),
		hashOfTemplate(),
		limitKeepsNewest(),
		limitSparesRunning(),
		limitZero(),
		limitLowered(),
		limitAfterFailure(),
		currentRecreated(),
		duplicateMerged(),
		duplicateHalfWay(),
		orphanAdopted(),
		nameClash(),
		longName(),
		dataImmutable(),
		labelRestored(),
		currentIsHighest(),
		undoHalfWay(),
		undoRefused(),
		undoRenumbers(),
		undoTemplateOnly(),
		historyListed(),
		restartOnly(),
	}
}
