package nodes

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/site"
)

// joining are the abilities of a cluster whose nodes come and go.
func joining(more ...framework.Ability) []framework.Ability {
	return append([]framework.Ability{framework.AddNode, framework.RemoveNode}, more...)
}

// daemon is the plain DaemonSet, confined to the nodes that the spec makes.
func daemon(e *framework.Env, name string) *appsv1.DaemonSet {
	return e.DaemonSet(name, site.Own(e))
}

// running judges that the DaemonSet runs on exactly the nodes.
func running(ctx context.Context, e *framework.Env, ds *appsv1.DaemonSet, nodes ...string) {
	e.BecomesFor(ctx, ds.Name, e.Timeouts.RolloutOf(len(nodes)), sentence(ds.Name, nodes)+", and the pods are Ready", site.Running(ds, nodes...))
}

// becomes judges that the DaemonSet gets exactly the nodes.
func becomes(ctx context.Context, e *framework.Env, ds *appsv1.DaemonSet, nodes ...string) {
	e.BecomesFor(ctx, ds.Name, e.Timeouts.Placement, sentence(ds.Name, nodes), site.Exactly(ds, nodes...))
}

func sentence(name string, nodes []string) string {
	if len(nodes) == 0 {
		return fmt.Sprintf("DaemonSet %s has no pod, and a status that says desiredNumberScheduled 0", name)
	}
	return fmt.Sprintf("DaemonSet %s has exactly one pod for each of %s and for no other node, and its status counts them", name, strings.Join(nodes, ", "))
}
