package placement

import (
	"context"

	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/site"
)

// taint gives a taint that no other spec knows.
func taint(e *framework.Env, name string, effect corev1.TaintEffect) corev1.Taint {
	return corev1.Taint{Key: e.Key(name), Value: "true", Effect: effect}
}

func taintedNode() framework.Spec {
	return framework.Spec{
		ID: "DS-PLC-017", Area: framework.Placement, Title: "an untolerated NoSchedule taint", Level: framework.Core,
		Behaviour: "A node with a NoSchedule taint that the pods do not tolerate MUST NOT get a pod and MUST NOT count as desired.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset, Taints and tolerations", "DaemonSetStatus.desiredNumberScheduled"},
		Why:       "The scheduler would refuse the pod. A controller that creates it all the same leaves a Pending pod that looks like a shortage, and a rollout that never ends.",
		Nodes:     framework.NodeNeed{Workers: 2, Exclusive: true},
		Body: func(ctx context.Context, e *framework.Env) {
			e.TaintNode(ctx, e.Nodes[0], taint(e, "keep-off", corev1.TaintEffectNoSchedule))
			site.Known(ctx, e, e.Nodes[0])
			running(ctx, e, e.DaemonSet("plain"), e.Nodes[1])
		},
	}
}

func softTaint() framework.Spec {
	return framework.Spec{
		ID: "DS-PLC-018", Area: framework.Placement, Title: "a PreferNoSchedule taint", Level: framework.Core,
		Behaviour: "A PreferNoSchedule taint MUST NOT keep a pod off the node, tolerated or not.",
		Clauses:   []string{"concepts/scheduling-eviction/taint-and-toleration: PreferNoSchedule is a preference or soft version of NoSchedule"},
		Why:       "The soft taint is an advice to a scheduler with a choice of nodes, and a daemon pod has none. A controller that counts it leaves the node without its daemon.",
		Nodes:     framework.NodeNeed{Workers: 1, Exclusive: true},
		Body: func(ctx context.Context, e *framework.Env) {
			e.TaintNode(ctx, e.Nodes[0], taint(e, "rather-not", corev1.TaintEffectPreferNoSchedule))
			running(ctx, e, e.DaemonSet("plain"), e.Nodes...)
		},
	}
}

func tolerationMatching() framework.Spec {
	return framework.Spec{
		ID: "DS-PLC-019", Area: framework.Placement, Title: "how tolerations match taints", Level: framework.Core,
		Behaviour: "A toleration MUST match a taint by key, value and effect; Exists matches any value, an empty effect every effect, an empty key with Exists every taint; a node is eligible only if all its NoSchedule and NoExecute taints are matched.",
		Clauses:   []string{"Toleration.key, .operator, .value, .effect", "concepts/scheduling-eviction/taint-and-toleration, Concepts"},
		Why: "The first node has one taint, the second has it too and two of effect NoExecute, of which one has no value. Each row is one rule of matching; " +
			"a controller with a rule of its own gives some row a node too many or too few, and its pods wait for a scheduler that disagrees.",
		Nodes: framework.NodeNeed{Workers: 2, Exclusive: true},
		Body: func(ctx context.Context, e *framework.Env) {
			single, twice := e.Nodes[0], e.Nodes[1]
			key, other, bare := e.Key("team"), e.Key("phase"), e.Key("bare")
			for _, node := range e.Nodes {
				e.TaintNode(ctx, node, corev1.Taint{Key: key, Value: "blue", Effect: corev1.TaintEffectNoSchedule})
			}
			e.TaintNode(ctx, twice, corev1.Taint{Key: other, Value: "x", Effect: corev1.TaintEffectNoExecute})
			e.TaintNode(ctx, twice, corev1.Taint{Key: bare, Effect: corev1.TaintEffectNoExecute})
			site.Known(ctx, e, e.Nodes...)
			t := func(key string, op corev1.TolerationOperator, value string, effect corev1.TaintEffect) corev1.Toleration {
				return corev1.Toleration{Key: key, Operator: op, Value: value, Effect: effect}
			}
			equal := t(key, corev1.TolerationOpEqual, "blue", corev1.TaintEffectNoSchedule)
			second, valueless := t(other, corev1.TolerationOpExists, "", corev1.TaintEffectNoExecute), t(bare, corev1.TolerationOpEqual, "", corev1.TaintEffectNoExecute)
			seconds, finite := int64(3600), second
			finite.TolerationSeconds = &seconds
			onSingle, both, none := []string{single}, e.Nodes, []string{}
			table(ctx, e, "every DaemonSet of the table has exactly the nodes whose taints it tolerates", []row{
				{"no-toleration", tolerates(), none},
				{"equal", tolerates(equal), onSingle},
				{"equal-by-default", tolerates(t(key, "", "blue", corev1.TaintEffectNoSchedule)), onSingle},
				{"equal-other-value", tolerates(t(key, corev1.TolerationOpEqual, "red", corev1.TaintEffectNoSchedule)), none},
				{"equal-other-case", tolerates(t(key, corev1.TolerationOpEqual, "Blue", corev1.TaintEffectNoSchedule)), none},
				{"equal-no-value", tolerates(t(key, corev1.TolerationOpEqual, "", corev1.TaintEffectNoSchedule)), none},
				{"other-key", tolerates(t(e.Key("crew"), corev1.TolerationOpEqual, "blue", corev1.TaintEffectNoSchedule)), none},
				{"other-effect", tolerates(t(key, corev1.TolerationOpEqual, "blue", corev1.TaintEffectNoExecute)), none},
				{"soft-effect", tolerates(t(key, corev1.TolerationOpEqual, "blue", corev1.TaintEffectPreferNoSchedule)), none},
				{"any-effect", tolerates(t(key, corev1.TolerationOpEqual, "blue", "")), onSingle},
				{"exists", tolerates(t(key, corev1.TolerationOpExists, "", corev1.TaintEffectNoSchedule)), onSingle},
				{"one-each", tolerates(equal, second, valueless), both},
				{"one-each-for-a-time", tolerates(equal, finite, valueless), both},
				{"one-missing", tolerates(equal, second), onSingle},
				{"a-value-for-none", tolerates(equal, second, t(bare, corev1.TolerationOpEqual, "x", corev1.TaintEffectNoExecute)), onSingle},
				{"second-with-wrong-effect", tolerates(equal, valueless, t(other, corev1.TolerationOpExists, "", corev1.TaintEffectNoSchedule)), onSingle},
				{"every-key-one-effect", tolerates(t("", corev1.TolerationOpExists, "", corev1.TaintEffectNoSchedule)), onSingle},
				{"everything", tolerates(t("", corev1.TolerationOpExists, "", "")), both},
			})
		},
	}
}
