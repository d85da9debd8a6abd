package placement

import "github.com/dsconform/dsconform/framework"

// Specs lists the specs of the area.
func Specs() []framework.Spec {
	return []framework.Spec{
		everyEligibleNode(), nodeSelector(), affinityOperators(), affinityByName(), selectorAndAffinity(),
		nothingMatches(), preferencesDoNotPlace(), pinnedByAffinity(), otherScheduler(), nodeName(),
		nodeNameAndSelector(), noRoom(), cordonedNode(), taintedNode(), softTaint(), tolerationMatching(),
		controlPlaneNodes(), antiAffinityIsTheSchedulers(), podFromTemplate(), duplicatesArePruned(),
		replacementWaits(), foreignPods(), virtualNode(), notReadyNode(), comparisonTolerations(),
		roomAppears(), preemption(), hostPortTaken(),

		automaticTolerations(), hostNetworkToleration(), templateKeepsItsTolerations(), userTolerationsFirst(),
		finiteTolerationReplaced(), noDefaultSeconds(), blanketToleration(), notToleratedByDefault(),
		pressureWithNoExecute(), masterToleration(),

		labelAdded(), labelLost(), noExecuteAdded(), noScheduleAdded(), statusAfterTaint(),
		taintRemovedFromMisscheduled(), taintRemoved(), nodeNoise(), templateMovesPods(), labelFlaps(),
		unboundPodLosesItsNode(), rolloutOverTaint(),
	}
}
