package cost

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/unbound"
)

func rollout() framework.Spec {
	return framework.Spec{
		ID: "DS-CST-001", Area: framework.Cost, Title: "a new DaemonSet", Level: framework.Extended, Smoke: true,
		Behaviour: "A first rollout over N nodes MUST cost N pod creates and one ControllerRevision create, no other request about pods, and a number of status updates that grows with N alone.",
		Clauses:   []string{sourceSync, "pkg/controller/daemon updateDaemonSetStatus: nothing is written that has not changed"},
		Why: "On a cluster of thousands of nodes each needless request for a pod is thousands. A controller that reads each pod after it has made it, " +
			"patches it to mark it, or writes the status at every look, is an outage of the API server waiting for a large cluster.",
		Needs: []framework.Ability{framework.ReadAudit},
		Nodes: framework.NodeNeed{Workers: 3},
		Body: func(ctx context.Context, e *framework.Env) {
			n := len(e.Nodes)
			since := begin(ctx, e)
			fleet.Deploy(ctx, e, e.DaemonSet(name))
			asked := charged(ctx, e, since)
			e.Check(bill{
				"create pods": exactly(n), "create controllerrevisions": exactly(1), statusUpdate: statusWrites(n),
			}.check(asked), "a first rollout over %d nodes costs what it must", n)
		},
	}
}

func update() framework.Spec {
	return framework.Spec{
		ID: "DS-CST-009", Area: framework.Cost, Title: "an update", Level: framework.Extended, Covers: []string{"DS-CST-006"},
		Behaviour: "A rolling update of N nodes MUST cost N pod deletes, N pod creates and one ControllerRevision create, and no other request about pods.",
		Clauses:   []string{"pkg/controller/daemon/update.go rollingUpdate", sourceSync},
		Why: "A pod that is made, thrown away and made again also ends in one good pod. Only the count of requests shows the churn, " +
			"which every node pays with an image pull and a start.",
		Needs: []framework.Ability{framework.ReadAudit},
		Nodes: framework.NodeNeed{Workers: 3},
		Body: func(ctx context.Context, e *framework.Env) {
			n := len(e.Nodes)
			fleet.Deploy(ctx, e, e.DaemonSet(name))
			since := begin(ctx, e)
			fleet.AwaitRollout(ctx, e, e.SetImage(ctx, name, "agent:v2"))
			asked := charged(ctx, e, since)
			e.Check(bill{
				"delete pods": exactly(n), "create pods": exactly(n), "create controllerrevisions": exactly(1),
				statusUpdate: {1, 6*n + 3},
			}.check(asked), "an update of %d nodes costs what it must", n)
		},
	}
}

func oneDeleteEach() framework.Spec {
	return framework.Spec{
		ID: "DS-CST-006", Area: framework.Cost, Title: "a pod that takes its time to go", Level: framework.Extended,
		Behaviour: "Each pod that is removed MUST cost exactly one delete, however long it takes to terminate and however often the controller looks at it meanwhile.",
		Clauses:   []string{"pkg/controller/daemon podsShouldBeOnNode: a pod that terminates is not deleted again", "kubernetes issue 78972"},
		Why: "Pods may take minutes to end, and the controller looks at them many times meanwhile. One that deletes at each look floods the API server, " +
			"and no watch shows it: the second delete changes nothing.",
		Needs: []framework.Ability{framework.ReadAudit},
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			zone := e.Key("zone")
			for _, node := range e.Nodes {
				e.LabelNode(ctx, node, zone, "in")
			}
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.NodeSelector(zone, "in"), fleet.Lingering(5)))
			since := begin(ctx, e)
			for _, node := range e.Nodes {
				e.UnlabelNode(ctx, node, zone)
			}
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "both pods terminate", terminating(old))
			for look := range 5 {
				fleet.Touch(ctx, e, name, fmt.Sprint(look))
			}
			ds := e.History.State().DaemonSet(name)
			e.BecomesFor(ctx, name, e.Timeouts.PodReady, "both pods are gone, and the status says so",
				fleet.Every(old.Gone, fleet.Counts(ds, map[string]int32{"desiredNumberScheduled": 0, "currentNumberScheduled": 0, "numberMisscheduled": 0})))
			asked := charged(ctx, e, since)
			e.Check(bill{"delete pods": exactly(len(old.Pods)), statusUpdate: {1, 20}}.check(asked),
				"the removal of %d pods costs one delete each", len(old.Pods))
		},
	}
}

// terminating judges that all pods of the fleet are marked for deletion.
func terminating(old *fleet.Fleet) func(*history.State) error {
	return func(s *history.State) error {
		for _, own := range old.All() {
			if pod := s.Pod(own.Name); pod == nil || pod.DeletionTimestamp == nil {
				return fmt.Errorf("pod %s is not terminating", own.Name)
			}
		}
		return nil
	}
}

// idle is how long a controller with nothing to do is watched: many times what
// a controller takes for a look.
const idle = 20 * time.Second

func steadyState() framework.Spec {
	return framework.Spec{
		ID: "DS-CST-002", Area: framework.Cost, Title: "nothing to do costs nothing", Level: framework.Extended, Slow: true,
		Behaviour: "A DaemonSet that is rolled out MUST cost no request but open watches, also while nodes send heartbeats, and pods that are not its own come and go.",
		Clauses:   []string{"pkg/controller/daemon syncNodeUpdate: what does not concern a DaemonSet does not make it be looked at", "DaemonSetStatus is written when it has changed"},
		Why: "Most of the time there is nothing to do, on every cluster, for every DaemonSet. A controller that writes its status at each heartbeat of a node, " +
			"or lists pods once in a while instead of watching them, costs as much at rest as at work.",
		Needs: []framework.Ability{framework.ReadAudit},
		Nodes: framework.NodeNeed{Workers: 2, Exclusive: true},
		Body: func(ctx context.Context, e *framework.Env) {
			fleet.Deploy(ctx, e, e.DaemonSet(name))
			since := begin(ctx, e)
			for beat := range 10 {
				e.Must(heartbeat(ctx, e, e.Nodes[beat%len(e.Nodes)], beat), "let a node send a heartbeat")
			}
			comeAndGo(ctx, e)
			e.StaysFor(ctx, idle, "nothing changes in the namespace", nil, fleet.Every())
			e.Check(bill{}.check(e.Asked(ctx, since)), "a DaemonSet at rest costs nothing in %s", idle)
		},
	}
}

// comeAndGo makes a pod of nobody's in the namespace and deletes it again.
func comeAndGo(ctx context.Context, e *framework.Env) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "stranger", Namespace: e.Namespace}, Spec: e.DaemonSet("stranger", unbound.Scheduler).Spec.Template.Spec}
	e.Act("creates Pod", history.KindPod, pod)
	made, err := e.Client.CoreV1().Pods(e.Namespace).Create(ctx, pod, metav1.CreateOptions{})
	e.Must(err, "create a pod of nobody's")
	e.DeletePod(ctx, made, metav1.DeleteOptions{})
}

// heartbeat writes a node's status as its kubelet does: a condition is confirmed.
func heartbeat(ctx context.Context, e *framework.Env, node string, beat int) error {
	patch := fmt.Appendf(nil, `{"status":{"conditions":[{"type":"dsconform.dev/Heartbeat","status":"True","reason":"Beat%d","lastHeartbeatTime":%q,"lastTransitionTime":%q}]}}`,
		beat, time.Now().UTC().Format(time.RFC3339), time.Unix(0, 0).UTC().Format(time.RFC3339))
	_, err := e.Client.CoreV1().Nodes().Patch(ctx, node, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	return err
}
