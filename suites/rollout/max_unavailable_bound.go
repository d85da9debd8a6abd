package rollout

import (
	"context"
	"fmt"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

// bound is a maxUnavailable and how many of three nodes it may take down at once.
type bound struct {
	maxUnavailable string
	nodes          int
}

func maxUnavailableNumber() framework.Spec {
	return boundSpec(framework.Spec{
		ID:        "DS-RUM-002",
		Title:     "maxUnavailable as a number",
		Behaviour: "From a start with all pods available, the number of eligible nodes without an available pod MUST NOT exceed maxUnavailable at any instant of a rollout, and MUST reach it.",
		Why: "maxUnavailable is what users size their spare capacity by. The new pods get ready only when the spec lets them: " +
			"a controller that is off by one, or counts a new pod as available before it is ready, takes a further node down.",
	}, bound{"1", 1}, bound{"2", 2})
}

func maxUnavailablePercent() framework.Spec {
	return boundSpec(framework.Spec{
		ID:        "DS-RUM-003",
		Title:     "maxUnavailable as a per cent",
		Behaviour: "A maxUnavailable in per cent MUST be taken of desiredNumberScheduled and rounded up: of three nodes 10% are one and 40% are two.",
		Why: "The field's documentation says that the number is rounded up. Rounded down, 10% of three nodes is none and the rollout never starts; rounded to the nearest number, 40% are one; " +
			"taken of all nodes of the cluster instead of the eligible ones, the bound is too wide.",
	}, bound{"10%", 1}, bound{"40%", 2})
}

func maxUnavailableAll() framework.Spec {
	return boundSpec(framework.Spec{
		ID:        "DS-RUM-004",
		Title:     "maxUnavailable of all nodes",
		Behaviour: "A maxUnavailable of 100%, or of at least desiredNumberScheduled, MUST allow all pods to be replaced at once.",
		Why: "Users who set it prefer speed to service. A controller that caps the bound below the number of nodes " +
			"never has all old pods gone while no new one is ready.",
	}, bound{"100%", 3}, bound{"5", 3})
}

func boundSpec(spec framework.Spec, bounds ...bound) framework.Spec {
	spec.Area, spec.Level = framework.RollingUpdate, framework.Core
	spec.Clauses = []string{fieldMaxDown, docUpdate, sourceRolling}
	spec.Nodes = framework.NodeNeed{Workers: 3}
	spec.Body = func(ctx context.Context, e *framework.Env) {
		old := fleet.Deploy(ctx, e, e.DaemonSet(name))
		for i, b := range bounds {
			old = rollWithin(ctx, e, old, b, fmt.Sprint(i))
		}
	}
	return spec
}

// rollWithin rolls a new template out under the bound, each wave held until it
// was looked at, and gives the new pods.
func rollWithin(ctx context.Context, e *framework.Env, old *fleet.Fleet, b bound, template string) *fleet.Fleet {
	ds := fleet.Update(ctx, e, name, fleet.Template(template), fleet.MaxUnavailable(b.maxUnavailable), fleet.Gated)
	nodes := len(old.Pods)
	for done := b.nodes; ; done = min(done+b.nodes, nodes) {
		wave := fmt.Sprintf("maxUnavailable %s of %d nodes: the pods of exactly %d nodes are replaced and the others untouched", b.maxUnavailable, nodes, done)
		e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(nodes), wave, old.Progress(ds, done, 0))
		if done == b.nodes {
			e.Stays(ctx, wave+", as long as none of the new pods is ready", nil, old.Progress(ds, done, 0))
		}
		fleet.OpenAll(ctx, e, name)
		if done == nodes {
			break
		}
	}
	updated := fleet.AwaitRollout(ctx, e, ds)
	e.Check(fleet.Each(e, fleet.AtMostUnavailable(ds, old.Nodes(), b.nodes)),
		"with maxUnavailable %s at most %d of %d nodes are without an available pod, at every instant of the rollout", b.maxUnavailable, b.nodes, nodes)
	return updated
}
