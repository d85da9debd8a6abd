package podlife

import "github.com/dsconform/dsconform/framework"

// Specs gives the specs of the area.
func Specs() []framework.Spec {
	return []framework.Spec{
		deletedPodReturns(),
		failedPodReplaced(),
		succeededPodReplaced(),
		failedPodBackoff(),
		terminatingFinishedPodReplaced(),
		crashLoopLeftToKubelet(),
		liveMutationKept(),
		ownerReferences(),
		orphanAdopted(),
		foreignNamespaceIgnored(),
		relabelledPodReleased(),
		relabelledBackAdopted(),
		backgroundDeletion(),
		foregroundDeletion(),
		orphanDeletion(),
		statusNumbers(),
		noNodeStatus(),
		steadyStatus(),
		statusEditCorrected(),
		foreignConditionKept(),
		creationEvents(),
		quotaDenialReported(),
		podSecurity(),
		hostPathKept(),
	}
}
