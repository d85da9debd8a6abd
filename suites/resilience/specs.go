package resilience

import "github.com/dsconform/dsconform/framework"

// Specs gives the specs of the area.
func Specs() []framework.Spec {
	return []framework.Spec{
		restartInSteadyState(),
		changesWhileDown(),
		killedMidRollout(),
		killedMidCreation(),
		failOver(),
		outage(),
		lostAnswers(),
		transientErrors(),
		stalePods(),
		oneStepAtATime(),
		staleSyncSkipped(),
		staleBeyondExpectations(),
		lostWatches(),
		neighbourRejected(),
		undeletable(),
		relabelled(),
		bornTerminating(),
		twoWriters(),
	}
}
