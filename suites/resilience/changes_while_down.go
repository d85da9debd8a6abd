package resilience

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func changesWhileDown() framework.Spec {
	return framework.Spec{
		ID:        "DS-RES-002",
		Area:      framework.Resilience,
		Title:     "what changed while the controller was down is caught up with",
		Behaviour: "Changes made while the controller is down (labels of nodes, deleted pods, a new template, DaemonSets made and deleted) MUST all be applied after its restart.",
		Clauses:   []string{"pkg/controller/daemon: every DaemonSet is looked at when it is first listed"},
		Level:     framework.Core,
		Why: "The state wanted is in the API, not in the events that led to it. A controller that acts on events alone " +
			"misses for ever what happened while it was away: nodes stay without their daemon, and old templates run on.",
		Needs:  []framework.Ability{framework.RestartController},
		Nodes:  framework.NodeNeed{Workers: 2},
		Serial: true,
		Body: func(ctx context.Context, e *framework.Env) {
			left, entered := e.Nodes[0], e.Nodes[1]
			zone := e.Key("zone")
			e.LabelNode(ctx, left, zone, "in")
			moved := e.CreateDaemonSet(ctx, e.DaemonSet("moved", fleet.NodeSelector(zone, "in")))
			fleet.AwaitRollout(ctx, e, moved)
			changed := fleet.Deploy(ctx, e, e.DaemonSet("changed"))
			deleted := e.CreateDaemonSet(ctx, e.DaemonSet("deleted"))
			fleet.AwaitRollout(ctx, e, deleted)

			e.StopController(ctx)
			e.UnlabelNode(ctx, left, zone)
			e.LabelNode(ctx, entered, zone, "in")
			e.DeletePod(ctx, changed.Pods[left], metav1.DeleteOptions{})
			updated := e.SetImage(ctx, "changed", "agent:v2")
			e.DeleteDaemonSet(ctx, deleted.Name, metav1.DeletePropagationBackground)
			created := e.CreateDaemonSet(ctx, e.DaemonSet("created"))
			// Else the spec would judge a controller that was never away.
			e.Must(unobserved(e.History.State(), created.Name), "find that no controller works while it is stopped")

			e.StartController(ctx)
			fleet.AwaitRollout(ctx, e, created)
			renewed := fleet.AwaitRollout(ctx, e, updated)
			e.That(onlyImage(renewed, e.Image("agent:v2")), "all pods of DaemonSet changed run the new image", "they are of revision %s", renewed.Hash)
			now := fleet.AwaitRollout(ctx, e, moved)
			e.That(len(now.Pods) == 1 && now.Pods[entered] != nil, "the pod of DaemonSet moved is on "+entered+" alone", "its pods are on %v", now.Nodes())
			e.BecomesFor(ctx, "", e.Timeouts.RolloutOf(len(e.Nodes)), "the pods of the deleted DaemonSet are gone", podless(deleted))
		},
	}
}

// onlyImage tells whether all pods of the fleet run the image.
func onlyImage(f *fleet.Fleet, image string) bool {
	for _, pod := range f.All() {
		if !runs(pod, image) {
			return false
		}
	}
	return true
}

func runs(pod *corev1.Pod, image string) bool {
	return len(pod.Spec.Containers) > 0 && pod.Spec.Containers[0].Image == image
}
