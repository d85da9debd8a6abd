package cost

import "github.com/dsconform/dsconform/framework"

// Specs gives the specs of the area.
func Specs() []framework.Spec {
	return []framework.Spec{
		rollout(),
		steadyState(),
		rejectedCreates(),
		oneDeleteEach(),
		rights(),
		onlyTheAffected(),
		update(),
		burst(),
		thousandNodes(),
		oneAtATime(),
	}
}
