package rollout

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func surgeUnderOnDelete() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUS-017",
		Area:      framework.RollingUpdate,
		Title:     "a leftover maxSurge means nothing under OnDelete",
		Behaviour: "With strategy OnDelete a rollingUpdate block that is left over MUST NOT cause surge: neither a second pod on a template change nor a successor beside a terminating pod.",
		Clauses:   []string{"API: DaemonSet spec.updateStrategy.rollingUpdate (only if type is RollingUpdate)", "pkg/controller/daemon/util: SurgeCount"},
		Level:     framework.Extended,
		Why: "Changing only the type by a patch leaves the block behind, and the API keeps it. " +
			"A controller that reads maxSurge without the type runs two agents on one node, where OnDelete never allows that.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.Lingering(3), fleet.MaxSurge("1"), func(ds *appsv1.DaemonSet) {
				ds.Spec.UpdateStrategy.Type = appsv1.OnDeleteDaemonSetStrategyType
			}))
			ds := e.SetImage(ctx, name, "agent:v2")
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "the controller has seen the new template and made no pod", fleet.Every(fleet.Observed(ds), old.Alone()))
			e.Stays(ctx, "the old pod stays alone", nil, old.Alone())

			e.DeletePod(ctx, old.All()[0], metav1.DeleteOptions{})
			fleet.AwaitRollout(ctx, e, ds)
			e.Check(fleet.Each(e, notBeside(old.All()[0])), "the successor is made only once the deleted pod has ended")
		},
	}
}

// notBeside judges an entry of the log: no pod is made for the old one's node
// while that one, though terminating, still runs. Its object may outlast its end
// by a moment.
func notBeside(old *corev1.Pod) func(*history.State, history.Entry) error {
	return func(s *history.State, en history.Entry) error {
		made, ok := en.Object.(*corev1.Pod)
		if !ok || en.Change != history.Added || en.UID == old.UID || oracle.TargetNode(made) != oracle.TargetNode(old) {
			return nil
		}
		if pod := s.Pod(old.Name); pod != nil && pod.UID == old.UID && !oracle.Terminal(pod) {
			return fmt.Errorf("pod %s is made while pod %s still runs", en.Name, old.Name)
		}
		return nil
	}
}
