package rollout

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func surgeMovesByTaint() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUS-010",
		Area:      framework.RollingUpdate,
		Title:     "with maxSurge the old place is kept until the new one serves",
		Behaviour: "With maxSurge, when a change of the template's tolerations moves the DaemonSet from tainted nodes to others, an available old pod MUST stay until an available new pod elsewhere makes it one too many, and MUST then be removed.",
		Clauses:   []string{fieldMaxSurge, "kubernetes issues 118823, 119317", sourceRolling + " (shouldNotRunPodsToDelete)"},
		Level:     framework.Extended,
		Why: "maxSurge promises that what is in service does not shrink. The old node has a NoSchedule taint that the new template does not tolerate, so its pod may stay. A controller that cleans up first leaves the service without any pod " +
			"until the new one is ready, which here takes as long as the spec likes; one that never cleans up leaves two.",
		Nodes:    framework.NodeNeed{Workers: 2, Exclusive: true},
		Versions: ">= 1.29.0-0",
		Body: func(ctx context.Context, e *framework.Env) {
			from, to := e.Nodes[0], e.Nodes[1]
			old := betweenTaints(ctx, e)
			ds := fleet.Update(ctx, e, name, toleratesOnly(e, "to"))
			waits := fleet.Every(old.Kept(from), newOn(ds, to), fleet.Counts(ds, map[string]int32{"desiredNumberScheduled": 1, "numberMisscheduled": 1, "numberAvailable": 0}))
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(1), "node "+to+" has its new pod, and the old pod of node "+from+" is kept", waits)
			e.Stays(ctx, "the old pod is kept while the new one is not ready", nil, waits)
			fleet.OpenAll(ctx, e, name)
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(1), "the new pod serves, and the old one is gone", fleet.Every(old.Gone, site.Running(ds, to)))
		},
	}
}

func surgeMovesUnready() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUS-011",
		Area:      framework.RollingUpdate,
		Title:     "with maxSurge an unready pod in the old place goes at once",
		Behaviour: "With maxSurge, when a change of the template's tolerations moves the DaemonSet away from a node, an old pod there that is not available MUST be deleted at once, ready successor or not.",
		Clauses:   []string{fieldMaxSurge, "kubernetes issues 118823, 119317", sourceRolling},
		Level:     framework.Extended,
		Why: "What serves nobody need not be kept, and may hold what its successor waits for. A controller that keeps every old pod until the new ones are ready keeps the broken one for ever if they do not become so; " +
			"one that counts it as a node to be surged on makes a new pod where none may be.",
		Nodes:    framework.NodeNeed{Workers: 2, Exclusive: true},
		Versions: ">= 1.29.0-0",
		Body: func(ctx context.Context, e *framework.Env) {
			from, to := e.Nodes[0], e.Nodes[1]
			old := betweenTaints(ctx, e)
			fleet.Shut(ctx, e, old.Pods[from])
			e.BecomesFor(ctx, name, e.Timeouts.PodReady, "the old pod is not ready", old.Unready())
			ds := fleet.Update(ctx, e, name, toleratesOnly(e, "to"))
			moved := fleet.Every(old.Gone, site.Exactly(ds, to))
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(1), "the unready old pod is gone, though its successor on node "+to+" is not ready", moved)
			e.Stays(ctx, "node "+from+" gets no other pod", nil, moved)
		},
	}
}

func surgeMovesByLabel() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUS-012",
		Area:      framework.RollingUpdate,
		Title:     "with maxSurge a node that no longer matches is left at once",
		Behaviour: "With maxSurge, when a change of the template's nodeSelector moves the DaemonSet, the pods of nodes that no longer match MUST be deleted at once, however far the new ones have come.",
		Clauses:   []string{"docs: concepts/workloads/controllers/daemonset, Updating a DaemonSet: delete Pods from newly not-matching nodes", sourceManage},
		Level:     framework.Extended,
		Why: "A node without the label may not have the pod at all, unlike one whose taint only keeps new pods away. A controller that holds such pods until the new ones serve " +
			"leaves a daemon where the user has just said that none may be, for ever if the new ones do not become ready.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			from, to := e.Nodes[0], e.Nodes[1]
			e.LabelNode(ctx, from, e.Key("place"), "from")
			e.LabelNode(ctx, to, e.Key("place"), "to")
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxSurge("1"), fleet.Gated, fleet.NodeSelector(e.Key("place"), "from")))
			ds := fleet.Update(ctx, e, name, fleet.NodeSelector(e.Key("place"), "to"))
			moved := fleet.Every(old.Gone, site.Exactly(ds, to))
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(1), "the old pod of node "+from+" is gone, though its successor on node "+to+" is not ready", moved)
			e.Stays(ctx, "node "+from+" gets no other pod", nil, moved)
		},
	}
}

// betweenTaints gives each of the two nodes a NoSchedule taint of its own and
// runs the gated DaemonSet, with maxSurge, on the first one, whose taint it tolerates.
func betweenTaints(ctx context.Context, e *framework.Env) *fleet.Fleet {
	for i, taint := range []string{"from", "to"} {
		e.TaintNode(ctx, e.Nodes[i], corev1.Taint{Key: e.Key(taint), Value: "true", Effect: corev1.TaintEffectNoSchedule})
	}
	site.Known(ctx, e, e.Nodes[:2]...)
	return fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxSurge("1"), fleet.Gated, toleratesOnly(e, "from")))
}

// toleratesOnly leaves the template with one toleration: of the taint.
func toleratesOnly(e *framework.Env, taint string) fleet.Change {
	return func(ds *appsv1.DaemonSet) {
		ds.Spec.Template.Spec.Tolerations = []corev1.Toleration{{Key: e.Key(taint), Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}}
	}
}

// newOn judges that the node has one live pod of the DaemonSet's current revision.
func newOn(ds *appsv1.DaemonSet, node string) func(*history.State) error {
	return func(s *history.State) error {
		now, hash, err := fleet.Current(s, ds)
		if err != nil {
			return err
		}
		if live := fleet.On(s, now, node); len(live) != 1 || fleet.HashOf(live[0]) != hash {
			return fmt.Errorf("node %s does not have one pod, of the current revision: it has %d", node, len(live))
		}
		return nil
	}
}
