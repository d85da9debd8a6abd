package clusters

import "fmt"

// NodeName is the name of the i-th node of a role, counted from 0, in a cluster
// that names its nodes itself.
func NodeName(cluster string, role Role, i int) string {
	if i == 0 {
		return fmt.Sprintf("%s-%s", cluster, role)
	}
	return fmt.Sprintf("%s-%s%d", cluster, role, i+1)
}
