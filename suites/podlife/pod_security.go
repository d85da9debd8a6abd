package podlife

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/answer"
)

// enforced is the namespace's label by which Pod Security is enforced.
const enforced = "pod-security.kubernetes.io/enforce"

func podSecurity() framework.Spec {
	return framework.Spec{
		ID: "DS-PRI-006", Area: framework.PodLife, Title: "Pod Security refuses the pods", Level: framework.Core,
		Behaviour: "Where Pod Security forbids the pods, the DaemonSet MUST be accepted with a warning, and the controller MUST say what is forbidden by FailedCreate events, write the true status, and create the pods once they are allowed, without any edit of the DaemonSet.",
		Clauses:   []string{"concepts/security/pod-security-admission: enforcement is applied to the pods, not to workload resources", "KEP-2579: Pod Security admission"},
		Covers:    []string{"DS-EVT-003"},
		Why: "Node agents are what the policy forbids most often. The warning is there when the manifest is applied, and the event afterwards is the only sign that is left: " +
			"a controller that is silent, or takes the refusal for final, leaves nodes without their agent and nobody told.",
		Refuses: true,
		Nodes:   framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			enforce(ctx, e, "restricted")
			awaitForbidden(ctx, e)
			listening, heard := answer.Listen(e)
			ds, err := listening.AppsV1().DaemonSets(e.Namespace).Create(ctx, e.DaemonSet("agent"), metav1.CreateOptions{})
			e.Must(answer.Unanswered(err), "create DaemonSet agent")
			e.Check(err, "the DaemonSet is accepted though its pods are forbidden")
			e.Act("created DaemonSet", history.KindDaemonSet, ds)
			e.Check(answer.Named(heard.Take(), `would violate PodSecurity "restricted:`), "the answer warns of the policy")

			e.BecomesFor(ctx, "agent", e.Timeouts.Placement, "the refusal stands in an event and in the status", func(s *history.State) error {
				if refused := told(s, "agent", refusedCreate(`violates PodSecurity "restricted:`)); refused != nil {
					return refused
				}
				return numbers(s.DaemonSet("agent"), 2, 0, 0)
			})
			e.That(len(e.History.State().Pods()) == 0, "no pod is there", "there are %d", len(e.History.State().Pods()))
			e.Check(nothingCreated(e.History.State(), "agent"), "nothing is told that was not done")
			enforce(ctx, e, "privileged")
			rolledOut(ctx, e)
		},
	}
}

// enforce sets the level that Pod Security enforces in the spec's namespace.
func enforce(ctx context.Context, e *framework.Env, level string) {
	patch := fmt.Appendf(nil, `{"metadata":{"labels":{%q:%q}}}`, enforced, level)
	_, err := e.Client.CoreV1().Namespaces().Patch(ctx, e.Namespace, types.MergePatchType, patch, metav1.PatchOptions{})
	e.Must(err, "enforce %s in namespace %s", level, e.Namespace)
}

// forbiddenPoll is how often the API server is asked whether it enforces by now:
// it reads the namespace from a cache of its own, which no watch tells of.
const forbiddenPoll = 100 * time.Millisecond

// awaitForbidden waits until the API server forbids the pods. It is asked by dry
// runs, which leave nothing behind.
func awaitForbidden(ctx context.Context, e *framework.Env) {
	probe := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "probe", Namespace: e.Namespace},
		Spec:       *e.DaemonSet("probe").Spec.Template.Spec.DeepCopy(),
	}
	err := wait.PollUntilContextTimeout(ctx, forbiddenPoll, e.Timeouts.Request, true, func(ctx context.Context) (bool, error) {
		_, err := e.Client.CoreV1().Pods(e.Namespace).Create(ctx, probe, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err != nil && !apierrors.IsForbidden(err) {
			return false, err
		}
		return apierrors.IsForbidden(err), nil
	})
	e.Must(err, "wait until Pod Security forbids the pods of namespace %s", e.Namespace)
}
