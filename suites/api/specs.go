package api

import "github.com/dsconform/dsconform/framework"

// Specs gives the specs of the area.
func Specs() []framework.Spec {
	return []framework.Spec{
		selectorNeeded(), selectorMatchesTemplate(), selectorImmutable(),
		podsThatEnd(), countsNotNegative(), strategyTypes(), boundsInRange(), oneBound(),
		defaults(), onDeleteBlockIgnored(),
		specAndStatusApart(), generationCounts(), templateGeneration(), names(),
		concurrentUpdates(), noCreateOnUpdate(), fieldSelectors(), serverSideApply(),
		warnings(), dryRun(),
		imageVolumes(), templateValidated(), containerRestartPolicy(),
		onlyAppsV1(),
	}
}
