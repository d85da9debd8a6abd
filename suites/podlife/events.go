package podlife

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/policy"
	"github.com/dsconform/dsconform/suites/internal/site"
)

// creationEvents: events are what a person sees first.
func creationEvents() framework.Spec {
	return framework.Spec{
		ID: "DS-EVT-001", Area: framework.PodLife, Title: "creations and deletions are announced", Level: framework.Core,
		Behaviour: "Each pod the controller creates or deletes MUST be named by exactly one Normal event SuccessfulCreate or SuccessfulDelete, from daemonset-controller, on its own DaemonSet, and nothing MUST be told that was not done.",
		Clauses:   []string{"pkg/controller createPods, DeletePod", "pkg/controller/daemon NewDaemonSetsController: the recorder's component"},
		Covers:    []string{"DS-EVT-002", "DS-EVT-006"},
		Why: "`kubectl describe ds` shows these events; a silent controller leaves its users guessing, one that tells twice, or of another DaemonSet, leads them astray. " +
			"Two DaemonSets share the nodes here; only one loses a node, and is rolled.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			key := e.Key("daemon")
			e.LabelNode(ctx, e.Nodes[0], key, "yes")
			e.LabelNode(ctx, e.Nodes[1], key, "yes")
			beside := fleet.Deploy(ctx, e, e.DaemonSet("beside"))
			old := fleet.Deploy(ctx, e, e.DaemonSet("agent", fleet.NodeSelector(key, "yes")))
			victim, other := old.Pods[e.Nodes[0]].Name, old.Pods[e.Nodes[1]].Name
			untouched := toldOnly("beside", created(beside.Pods[e.Nodes[0]].Name), created(beside.Pods[e.Nodes[1]].Name))
			e.UnlabelNode(ctx, e.Nodes[0], key)
			deeds := []deed{created(victim), created(other), deleted(victim)}
			e.BecomesFor(ctx, "agent", e.Timeouts.Placement, "both creations and the deletion have their one event, and nothing else is told", fleet.Every(toldOnly("agent", deeds...), untouched))

			// Of the pods that go a controller knows how many, not which: the end of the one
			// may be taken for that of the next, which is then deleted, and told of, twice.
			e.BecomesFor(ctx, "agent", e.Timeouts.PodReady, "the pod of the node that was lost is gone", site.Gone(old.Pods[e.Nodes[0]]))
			last := fleet.AwaitRollout(ctx, e, e.SetImage(ctx, "agent", "agent:v2"))
			deeds = append(deeds, deleted(other), created(last.Pods[e.Nodes[1]].Name))
			e.BecomesFor(ctx, "agent", e.Timeouts.Placement, "so have the deletion and the creation of the rollout", fleet.Every(toldOnly("agent", deeds...), untouched))
			e.Stays(ctx, "nothing more is told", nil, fleet.Every(toldOnly("agent", deeds...), untouched))
			for _, ev := range e.History.State().Events() {
				e.That(ev.Reason != "FailedPlacement", "no event FailedPlacement, which went with the controller's own scheduling", "%s", ev.Message)
			}
			rolledOut(ctx, e)
		},
	}
}

// quotaDenialReported: kubernetes#113787, a status that was not written because
// the creations failed.
func quotaDenialReported() framework.Spec {
	return framework.Spec{
		ID: "DS-PRI-005", Area: framework.PodLife, Title: "an exhausted quota is reported and outlived", Level: framework.Core,
		Behaviour: "When a quota refuses the pods, the controller MUST say so by FailedCreate events and write the true status, and MUST create the pods once there is room, without any edit of the DaemonSet.",
		Clauses:   []string{"concepts/policy/resource-quotas", "kubernetes#113787"},
		Covers:    []string{"DS-STA-010", "DS-EVT-003"},
		Why:       "Refusals are an everyday state; a controller that stops at the first one leaves a stale status, and one that gives up never recovers.",
		Refuses:   true,
		Nodes:     framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			lift := policy.NoRoom(ctx, e)
			e.CreateDaemonSet(ctx, e.DaemonSet("agent"))
			e.BecomesFor(ctx, "agent", e.Timeouts.Placement, "the refusal stands in an event and in the status", func(s *history.State) error {
				if err := told(s, "agent", refusedCreate(policy.Exhausted)); err != nil {
					return err
				}
				return numbers(s.DaemonSet("agent"), 2, 0, 0)
			})
			e.Check(nothingCreated(e.History.State(), "agent"), "nothing is told that was not done")
			lift(ctx)
			rolledOut(ctx, e)
			made := []*corev1.Pod{podOn(e, e.Nodes[0]), podOn(e, e.Nodes[1])}
			e.BecomesFor(ctx, "agent", e.Timeouts.Placement, "each pod that was created at last has its event", func(s *history.State) error {
				return errors.Join(told(s, "agent", created(made[0].Name)), told(s, "agent", created(made[1].Name)))
			})
		},
	}
}

// refusedCreate is a create that the API server refused with the words.
func refusedCreate(words string) deed {
	return deed{corev1.EventTypeWarning, "FailedCreate", words}
}

// nothingCreated judges that no event tells of a pod that was created.
func nothingCreated(s *history.State, daemonSet string) error {
	if ev, err := eventOf(s, daemonSet, created("")); err == nil {
		return fmt.Errorf("an event says: %s", ev.Message)
	}
	return nil
}

// liveMutationKept: a pod is updated by replacing it; what was changed in place
// is the changer's business until then.
func liveMutationKept() framework.Spec {
	return framework.Spec{
		ID: "DS-POD-012", Area: framework.PodLife, Title: "a pod changed in place is left alone", Level: framework.Core,
		Behaviour: "A pod whose image or annotations were changed in place MUST NOT be reverted, replaced, or counted as outdated.",
		Clauses:   []string{"pkg/controller/daemon/util IsPodUpdated"},
		Why:       "Whether a pod is up to date is told by its revision label; a controller that compares specs fights in-place updates and resizes.",
		Nodes:     framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			start(ctx, e)
			pod := podOn(e, e.Nodes[0])
			e.Act("changes image and annotations of Pod", history.KindPod, pod)
			fresh, err := e.Client.CoreV1().Pods(e.Namespace).Get(ctx, pod.Name, metav1.GetOptions{})
			e.Must(err, "read pod %s", pod.Name)
			if fresh.Annotations == nil {
				fresh.Annotations = map[string]string{}
			}
			fresh.Annotations["changed-by"] = "a-user"
			fresh.Spec.Containers[0].Image = e.Image("agent:v2")
			_, err = e.Client.CoreV1().Pods(e.Namespace).Update(ctx, fresh, metav1.UpdateOptions{})
			e.Must(err, "change pod %s in place", pod.Name)
			e.BecomesFor(ctx, "agent", e.Timeouts.PodReady, "the pod runs the other image", func(s *history.State) error {
				p := s.Pod(pod.Name)
				if p == nil || p.Annotations["changed-by"] == "" || p.Spec.Containers[0].Image != e.Image("agent:v2") {
					return fmt.Errorf("pod %s does not carry the change", pod.Name)
				}
				return oracle.RolledOut(s, s.DaemonSet("agent"))
			})
			e.Stays(ctx, "the pod stays, changed as it is, and counts as updated", nil, func(s *history.State) error {
				p, ds := s.Pod(pod.Name), s.DaemonSet("agent")
				switch {
				case p == nil || p.UID != pod.UID || p.DeletionTimestamp != nil:
					return fmt.Errorf("pod %s was replaced", pod.Name)
				case p.Spec.Containers[0].Image != e.Image("agent:v2") || p.Annotations["changed-by"] != "a-user":
					return fmt.Errorf("pod %s was reverted", pod.Name)
				case ds.Status.UpdatedNumberScheduled != 1:
					return fmt.Errorf("updatedNumberScheduled is %d", ds.Status.UpdatedNumberScheduled)
				}
				return nil
			})
		},
	}
}
