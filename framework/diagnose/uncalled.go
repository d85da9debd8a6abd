package diagnose

import (
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework/history"
)

// uncalledFor is the cause of a change that nothing in the namespace explains:
// the change itself, and who made it.
func uncalledFor(in Input) string {
	const nothing = "nothing called for it: the DaemonSets of the namespace, their pods and nodes are as they must be"
	for _, e := range slices.Backward(in.Entries) {
		m, ok := e.Object.(metav1.Object)
		if !ok || e.Namespace != in.Namespace || e.Kind == history.KindEvent {
			continue
		}
		return fmt.Sprintf("%s; the last change was %s, by %s", nothing, e, history.WritersText(history.Writers(nil, m)))
	}
	return nothing
}
