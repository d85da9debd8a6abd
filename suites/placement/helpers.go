package placement

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
	"github.com/dsconform/dsconform/suites/internal/unbound"
)

// unscheduled names a scheduler that nobody runs. Which node a pod is for is
// the controller's decision, and stands in the pod before any scheduler acts: a
// spec about that alone needs no container started.
func unscheduled(ds *appsv1.DaemonSet) { unbound.Scheduler(ds) }

// placed creates the DaemonSet and judges that it gets exactly the nodes.
func placed(ctx context.Context, e *framework.Env, ds *appsv1.DaemonSet, nodes ...string) *appsv1.DaemonSet {
	got := e.CreateDaemonSet(ctx, ds)
	becomes(ctx, e, got, nodes...)
	return got
}

// becomes judges that the DaemonSet gets exactly the nodes.
func becomes(ctx context.Context, e *framework.Env, ds *appsv1.DaemonSet, nodes ...string) {
	e.BecomesFor(ctx, ds.Name, e.Timeouts.Placement, sentence(ds.Name, nodes), site.Exactly(ds, nodes...))
}

// running creates the DaemonSet and judges that it runs on exactly the nodes.
func running(ctx context.Context, e *framework.Env, ds *appsv1.DaemonSet, nodes ...string) *appsv1.DaemonSet {
	got := e.CreateDaemonSet(ctx, ds)
	becomesRunning(ctx, e, got, nodes...)
	return got
}

// becomesRunning judges that the DaemonSet gets exactly the nodes and runs there.
func becomesRunning(ctx context.Context, e *framework.Env, ds *appsv1.DaemonSet, nodes ...string) {
	e.BecomesFor(ctx, ds.Name, e.Timeouts.RolloutOf(len(nodes)), sentence(ds.Name, nodes)+", and the pods are Ready", site.Running(ds, nodes...))
}

func sentence(name string, nodes []string) string {
	if len(nodes) == 0 {
		return fmt.Sprintf("DaemonSet %s has no pod, and a status that says desiredNumberScheduled 0", name)
	}
	return fmt.Sprintf("DaemonSet %s has exactly one pod for each of %s and for no other node, and its status counts them", name, strings.Join(nodes, ", "))
}

// row is one DaemonSet of a table and the nodes it must get.
type row struct {
	name   string
	change fleet.Change
	nodes  []string
}

// table creates a DaemonSet for each row and judges them all together; what
// stands against any row is said. No container is started.
func table(ctx context.Context, e *framework.Env, expected string, rows []row) {
	var all []site.Condition
	for _, r := range rows {
		ds := e.CreateDaemonSet(ctx, e.DaemonSet(r.name, unscheduled, r.change))
		all = append(all, site.Exactly(ds, r.nodes...))
	}
	e.Becomes(ctx, e.Timeouts.Placement, expected, fleet.Every(all...))
}

// requires demands nodes that match at least one of the terms.
func requires(terms ...corev1.NodeSelectorTerm) fleet.Change {
	return func(ds *appsv1.DaemonSet) {
		ds.Spec.Template.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: terms},
		}}
	}
}

// prefers asks the scheduler, and nobody else, for nodes that match the term.
func prefers(term corev1.NodeSelectorTerm) fleet.Change {
	return func(ds *appsv1.DaemonSet) {
		if ds.Spec.Template.Spec.Affinity == nil {
			ds.Spec.Template.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{}}
		}
		ds.Spec.Template.Spec.Affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution = []corev1.PreferredSchedulingTerm{
			{Weight: 100, Preference: term},
		}
	}
}

// allOf is a term that matches where all the expressions do.
func allOf(expressions ...corev1.NodeSelectorRequirement) corev1.NodeSelectorTerm {
	return corev1.NodeSelectorTerm{MatchExpressions: expressions}
}

// named is a term over the node's name.
func named(op corev1.NodeSelectorOperator, node string) corev1.NodeSelectorTerm {
	return corev1.NodeSelectorTerm{MatchFields: []corev1.NodeSelectorRequirement{expr("metadata.name", op, node)}}
}

func expr(key string, op corev1.NodeSelectorOperator, values ...string) corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: key, Operator: op, Values: values}
}

// tolerates adds tolerations to the template.
func tolerates(tolerations ...corev1.Toleration) fleet.Change {
	return func(ds *appsv1.DaemonSet) {
		ds.Spec.Template.Spec.Tolerations = append(ds.Spec.Template.Spec.Tolerations, tolerations...)
	}
}

// exists is a toleration of the key with any value.
func exists(key string, effect corev1.TaintEffect) corev1.Toleration {
	return corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, Effect: effect}
}

// changed applies the changes one after the other, as one change.
func changed(changes ...fleet.Change) fleet.Change {
	return func(ds *appsv1.DaemonSet) {
		for _, c := range changes {
			c(ds)
		}
	}
}
