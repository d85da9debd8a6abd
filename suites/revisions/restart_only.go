package revisions

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

// restartedAt is the annotation by which kubectl makes the template another one.
const restartedAt = "kubectl.kubernetes.io/restartedAt"

func restartOnly() framework.Spec {
	return framework.Spec{
		ID:        "DS-KUB-007",
		Area:      framework.Revisions,
		Title:     "restart rolls once, and not under OnDelete",
		Behaviour: "kubectl rollout restart MUST change only the template annotation restartedAt, and so cause one rollout with one new revision; under OnDelete it MUST restart no pod.",
		Clauses:   []string{kubectlRestart, "docs: kubectl rollout restart", sourceHistory},
		Level:     framework.Extended,
		Why: "An annotation is all it takes to demand new pods. A controller that leaves annotations out of the hash restarts nothing; " +
			"one that does not look at the strategy restarts pods under OnDelete.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name))
			first := stored(ctx, e)
			restarted := restart(ctx, e)
			e.Check(onlyAnnotated(first, restarted), "the template has the annotation %s and is the same in all else", restartedAt)
			once := fleet.AwaitRollout(ctx, e, restarted)
			e.Holds(ctx, fleet.Every(numbers(1, 2), old.Progress(restarted, 1, 0)), "the pod is replaced and there is one revision more")

			fleet.Update(ctx, e, name, fleet.OnDelete)
			ds := restart(ctx, e)
			kept := fleet.Every(once.Alone(), fleet.Counts(ds, map[string]int32{"updatedNumberScheduled": 0}), numbers(1, 2, 3))
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "under OnDelete the restart makes a revision and leaves the pod alone", kept)
			e.Stays(ctx, "the pod is left alone", nil, kept)
		},
	}
}

func restart(ctx context.Context, e *framework.Env) *appsv1.DaemonSet {
	e.Act("restarts DaemonSet", history.KindDaemonSet, &metav1.ObjectMeta{Namespace: e.Namespace, Name: name})
	e.Check(succeeded(e.Kubectl.RolloutRestart(ctx, name), "daemonset.apps/"+name+" restarted"), "kubectl restarts the DaemonSet")
	return stored(ctx, e)
}

// onlyAnnotated judges that the annotation is new and all else of the spec the same.
func onlyAnnotated(before, now *appsv1.DaemonSet) error {
	rest := now.Spec.DeepCopy()
	if rest.Template.Annotations[restartedAt] == "" {
		return fmt.Errorf("the template's annotations are %v", rest.Template.Annotations)
	}
	delete(rest.Template.Annotations, restartedAt)
	if !equality.Semantic.DeepEqual(*rest, before.Spec) {
		return fmt.Errorf("the spec without the annotation is %+v, it was %+v", *rest, before.Spec)
	}
	return nil
}
