package commandline

import "github.com/dsconform/dsconform/framework"

// Specs gives the specs of the area.
func Specs() []framework.Spec {
	return []framework.Spec{
		applyIsIdempotent(),
		getShowsTheStatus(),
		describeShowsTheRollout(),
		podsByNode(),
		patchRolls(),
		setRolls(),
		statusWaits(),
		statusRefusesOnDelete(),
		pauseIsRefused(),
		logsOfOnePod(),
		scaleIsRefused(),
		deleteCascades(),
		eventsAreListed(),
		execPicksAPod(),
		nodeCommands(),
		deletePodComesBack(),
	}
}
