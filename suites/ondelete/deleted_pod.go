package ondelete

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func deletedPod() framework.Spec {
	return framework.Spec{
		ID:        "DS-OND-003",
		Area:      framework.OnDelete,
		Title:     "a deleted pod comes back new",
		Behaviour: "Under OnDelete a pod that a user deletes MUST be replaced by one of the newest template with its revision, and the other pods MUST stay as they are.",
		Clauses:   []string{docOnDelete, sourceSync},
		Level:     framework.Core,
		Why: "Deleting a pod is how the user says \"now, here\". A controller that brings the old template back ignores the update for ever; " +
			"one that takes the deletion for a go-ahead replaces pods nobody released.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.OnDelete))
			ds := e.SetImage(ctx, name, "agent:v2")
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "the controller has seen the new template", fleet.Observed(ds))

			first, second := e.Nodes[0], e.Nodes[1]
			e.DeletePod(ctx, old.Pods[first], metav1.DeleteOptions{})
			half := fleet.Every(old.Progress(ds, 1, 0), old.Kept(second), fleet.Counts(ds, map[string]int32{"updatedNumberScheduled": 1, "numberAvailable": 2}))
			e.BecomesFor(ctx, name, e.Timeouts.PodReady, "node "+first+" has a pod of the newest template, node "+second+" keeps its own, and one pod counts as updated", half)
			pod := fleet.Take(e, name).Pods[first]
			e.That(pod != nil && pod.Spec.Containers[0].Image == e.Image("agent:v2"), "the pod runs the image of the newest template", "it does not")
			e.Stays(ctx, "the other node's pod is left alone", nil, half)

			e.DeletePod(ctx, old.Pods[second], metav1.DeleteOptions{})
			fleet.AwaitRollout(ctx, e, ds)
		},
	}
}
