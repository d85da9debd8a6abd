package nodes

import "github.com/dsconform/dsconform/framework"

// Specs lists the specs of the area.
func Specs() []framework.Spec {
	return []framework.Spec{
		nodeJoins(), nodeLeaves(), statusAfterLeave(), sameNameAgain(), burstOfJoins(),
		strangerJoins(), unboundOfLeftNode(),
		drain(), evictionOnCordoned(), unreachableNode(), frozenNode(), reboot(),
	}
}
