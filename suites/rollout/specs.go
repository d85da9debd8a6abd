package rollout

import "github.com/dsconform/dsconform/framework"

// name is the DaemonSet of every spec: each has a namespace of its own.
const name = "agent"

// Specs are the specs of the area.
func Specs() []framework.Spec {
	return []framework.Spec{
		templateChange(),
		everyField(),
		maxUnavailableNumber(),
		maxUnavailablePercent(),
		maxUnavailableAll(),
		brokenImage(),
		besideBroken(),
		unavailableFirst(),
		healthySurvive(),
		stoppedKubelet(),
		deletedOnce(),
		newestTemplateWins(),
		budgetRaised(),
		templateKept(),
		equalTemplate(),
		userDeletesPod(),
		nodeJoins(),
		graceAndDisruptionBudget(),
		failedPods(),
		extraPod(),
		backHalfWay(),
		minReadyCounts(),
		readyFlap(),
		minReadyPace(),
		minReadyRaised(),
		surgeOneByOne(),
		surgePercent(),
		surgeOldUnready(),
		surgeAllUnready(),
		surgeOldDeleted(),
		surgeMinReady(),
		surgeReadyFlap(),
		surgeHostPort(),
		hostPortHandedOver(),
		surgeTakenBack(),
		surgeUnderOnDelete(),
		surgeAtRest(),
		surgeMovesByTaint(),
		surgeMovesUnready(),
		surgeMovesByLabel(),
		surgeNodeGone(),
		observedGeneration(),
	}
}
