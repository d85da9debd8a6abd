package podlife

import (
	"context"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

// collisionCountKept: the hashes of the past depend on it.
func collisionCountKept() framework.Spec {
	return framework.Spec{
		ID: "DS-STA-015", Area: framework.PodLife, Title: "collisionCount never goes back", Level: framework.Extended,
		Behaviour: "collisionCount MUST be absent or 0 while no names clash, the controller MUST keep whatever value it has reached through its own status writes, and a lower value MUST be rejected as invalid (422).",
		Clauses:   []string{"DaemonSet.status.collisionCount", "pkg/apis/apps/validation ValidateDaemonSetStatusUpdate"},
		Why: "The count goes into the hash by which new revisions are named. A controller that writes a status of its own making sets it back, and meets the same clash again: " +
			"it can never make that revision.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			start(ctx, e)
			e.That(collisions(e.History.State()) == 0, "without a clash collisionCount is absent or 0", "it is %d", collisions(e.History.State()))
			patchStatus(ctx, e, `{"status":{"collisionCount":3}}`)
			fleet.AwaitRollout(ctx, e, fleet.Update(ctx, e, "agent", fleet.Template("2")))
			e.Check(fleet.Each(e, keepsThree()), "collisionCount stays 3 through the status writes of a rollout")

			_, err := e.Client.AppsV1().DaemonSets(e.Namespace).Patch(ctx, "agent", types.MergePatchType, []byte(`{"status":{"collisionCount":2}}`), metav1.PatchOptions{}, "status")
			e.Check(refused(err), "a lower collisionCount is rejected as invalid")
			_, err = e.Client.AppsV1().DaemonSets(e.Namespace).Patch(ctx, "agent", types.MergePatchType, []byte(`{"status":{"collisionCount":null}}`), metav1.PatchOptions{}, "status")
			e.Check(refused(err), "an absent collisionCount after a present one is rejected as invalid")
			e.That(collisions(e.History.State()) == 3, "collisionCount is still 3", "it is %d", collisions(e.History.State()))
		},
	}
}

func collisions(s *history.State) int32 {
	if n := s.DaemonSet("agent").Status.CollisionCount; n != nil {
		return *n
	}
	return 0
}

// keepsThree judges the entries of the log in their order: once collisionCount
// is 3 it stays so.
func keepsThree() func(*history.State, history.Entry) error {
	reached := false
	return func(s *history.State, en history.Entry) error {
		if _, ok := en.Object.(*appsv1.DaemonSet); !ok || s.DaemonSet("agent") == nil {
			return nil
		}
		n := collisions(s)
		if reached && n != 3 {
			return fmt.Errorf("collisionCount became %d", n)
		}
		reached = reached || n == 3
		return nil
	}
}

// refused judges that the answer is "invalid" (422).
func refused(err error) error {
	if err == nil {
		return errors.New("it was accepted")
	}
	if !apierrors.IsInvalid(err) {
		return fmt.Errorf("the answer is not \"invalid\" (422) but: %w", err)
	}
	return nil
}
