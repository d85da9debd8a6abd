package podlife

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

// statusConverges measures, for each kind of change, how long the status trails.
func statusConverges() framework.Spec {
	return framework.Spec{
		ID: "DS-STA-016", Area: framework.PodLife, Title: "the status catches up with every kind of change", Level: framework.Core,
		Behaviour: "After any change of a node or a pod the status MUST come to say what nodes and pods say, at the latest when the DaemonSet is looked at for another reason.",
		Clauses:   []string{"DaemonSet.status", "pkg/controller/daemon syncNodeUpdate"},
		Why: "Released Kubernetes does not look at every change: since 1.33 a NoSchedule taint alone does not make it. How long the status trails is measured for each kind of change; " +
			"that it is right after a touch is what is judged. A controller that adds up its own deeds instead of counting never becomes right.",
		Nodes: framework.NodeNeed{Workers: 2, Exclusive: true},
		Slow:  true,
		Body: func(ctx context.Context, e *framework.Env) {
			key := e.Key("daemon")
			held := corev1.Taint{Key: e.Key("held"), Value: "true", Effect: corev1.TaintEffectNoSchedule}
			cleared := corev1.Taint{Key: e.Key("cleared"), Value: "true", Effect: corev1.TaintEffectNoExecute}
			first, second := e.Nodes[0], e.Nodes[1]
			e.LabelNode(ctx, first, key, "yes")
			fleet.Deploy(ctx, e, e.DaemonSet("agent", fleet.Gated, fleet.NodeSelector(key, "yes")))
			pod := func() *corev1.Pod {
				e.BecomesFor(ctx, "agent", e.Timeouts.PodReady, "node "+second+" has a pod whose containers run", func(s *history.State) error { return runningOn(s, second) })
				return podOn(e, second)
			}
			gated := func(ready bool) func(*history.State) error {
				return func(s *history.State) error { return readiness(s, second, ready) }
			}
			for _, row := range []struct {
				what string
				act  func()
				seen func(*history.State) error
			}{
				{"a label that makes a node eligible", func() { e.LabelNode(ctx, second, key, "yes") }, nil},
				{"a pod that becomes ready", func() { fleet.Open(ctx, e, pod()) }, gated(true)},
				{"a pod that falters", func() { fleet.Shut(ctx, e, pod()) }, gated(false)},
				{"a deleted pod", func() { e.DeletePod(ctx, pod(), metav1.DeleteOptions{}) }, goes(e, second)},
				{"a NoSchedule taint", func() { pod(); e.TaintNode(ctx, second, held) }, nil},
				{"the end of a NoSchedule taint", func() { e.UntaintNode(ctx, second, held) }, nil},
				{"a NoExecute taint", func() { pod(); e.TaintNode(ctx, second, cleared) }, nil},
				{"the end of a NoExecute taint", func() { e.UntaintNode(ctx, second, cleared) }, nil},
				{"a label that is lost", func() { e.UnlabelNode(ctx, second, key) }, nil},
			} {
				row.act()
				if row.seen != nil {
					site.Await(ctx, e, e.Timeouts.PodReady, "the log shows "+row.what, row.seen)
				}
				e.Measure("status lag after "+row.what, promptly(ctx, e, time.Now()))
				fleet.Touch(ctx, e, "agent", row.what)
				e.BecomesFor(ctx, "agent", e.Timeouts.RolloutOf(1), "after "+row.what+" the pods are where they belong and the status is right", trueStatus)
			}
		},
	}
}

// runningOn judges that the one pod of DaemonSet "agent" for the node runs.
func runningOn(s *history.State, node string) error {
	live := fleet.On(s, s.DaemonSet("agent"), node)
	if len(live) != 1 || live[0].Status.Phase != corev1.PodRunning {
		return fmt.Errorf("it has %d live pods, or its pod does not run", len(live))
	}
	return nil
}

// readiness judges whether the node's pod of DaemonSet "agent" is ready.
func readiness(s *history.State, node string, want bool) error {
	for _, p := range fleet.On(s, s.DaemonSet("agent"), node) {
		if ready(p) == want {
			return nil
		}
	}
	return fmt.Errorf("node %s has no pod with readiness %t", node, want)
}

// goes judges that a pod of the node is being deleted, or gone.
func goes(e *framework.Env, node string) func(*history.State) error {
	return func(*history.State) error {
		for _, en := range e.History.Entries() {
			if p, ok := en.Object.(*corev1.Pod); ok && oracle.TargetNode(p) == node && (en.Change == history.Deleted || oracle.Terminating(p)) {
				return nil
			}
		}
		return fmt.Errorf("no pod of node %s is being deleted", node)
	}
}

// promptly gives how long the status took to be right without another event, or
// that it did not become so in the time a prompt controller needs.
func promptly(ctx context.Context, e *framework.Env, began time.Time) string {
	prompt := 2 * e.Timeouts.Quiet
	limit, cancel := context.WithTimeout(ctx, prompt)
	defer cancel()
	if e.History.Await(limit, trueStatus) != nil {
		return "more than " + prompt.String()
	}
	return time.Since(began).Round(time.Millisecond).String()
}

// trueStatus judges that the pods of DaemonSet "agent" are where they belong and
// its status says what nodes and pods say.
func trueStatus(s *history.State) error {
	ds := s.DaemonSet("agent")
	hash, err := oracle.CurrentHash(s, ds)
	if err != nil {
		return err
	}
	if err := oracle.Placement(s, ds); err != nil {
		return err
	}
	return oracle.StatusDiff(ds, s.Nodes(), s.PodsOf(ds), hash, s.Now())
}
