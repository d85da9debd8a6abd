package troubleshooting

import "github.com/dsconform/dsconform/framework"

// Specs gives the specs of the area.
func Specs() []framework.Spec {
	return []framework.Spec{
		selectorMatchesNoNode(),
		taintKeepsPodsAway(),
		hostResourcesRefused(),
		oldPodsDoNotEnd(),
		resourcesExhausted(),
		stepStatus(),
		stepDistribution(),
		stepNodes(),
		stepEvents(),
		stepResources(),
	}
}
