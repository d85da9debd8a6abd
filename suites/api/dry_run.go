package api

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/answer"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func dryRun() framework.Spec {
	return framework.Spec{
		ID:        "DS-API-023",
		Area:      framework.API,
		Title:     "a dry run changes nothing",
		Behaviour: "Creation, update and deletion with dryRun=All MUST answer as they would, defaults filled in and faults refused, and MUST store nothing: no DaemonSet, no pod, no ControllerRevision, no pod deleted.",
		Clauses:   []string{apiConcepts + ", Dry-run", "KEP-576: APIServer DryRun"},
		Level:     framework.Core,
		Why: "`kubectl diff` and every pipeline's check send dry runs at a live cluster. One that reaches the store starts a daemon on each node, or restarts them all; " +
			"one that does not fill in and judge says that a manifest is right which is not.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			pods := fleet.Deploy(ctx, e, e.DaemonSet(name))
			before := get(ctx, e, name)
			revisions := fleet.Revisions(e.History.State(), before)
			all := []string{metav1.DryRunAll}

			ghost, err := client(e).Create(ctx, e.DaemonSet("ghost"), metav1.CreateOptions{DryRun: all})
			e.Must(answer.Unanswered(err), "create DaemonSet ghost as a dry run")
			e.Check(err, "a dry run of a creation is accepted")
			limit := ghost.Spec.RevisionHistoryLimit
			e.That(ghost.Spec.UpdateStrategy.Type == appsv1.RollingUpdateDaemonSetStrategyType && limit != nil && *limit == 10 && ghost.Generation == 1,
				"its answer has the defaults filled in", "it is %+v", ghost.Spec)
			e.Check(absent(ctx, e, "ghost"), "the dry run stored no DaemonSet")
			_, err = client(e).Create(ctx, e.DaemonSet("ghost", fleet.MinReadySeconds(-1)), metav1.CreateOptions{DryRun: all})
			e.Must(answer.Unanswered(err), "create a wrong DaemonSet as a dry run")
			e.Check(answer.Invalid(err, metav1.CauseTypeFieldValueInvalid, "spec.minReadySeconds"), "a dry run of what is wrong is refused")

			wanted := before.DeepCopy()
			fleet.Image(e, "agent:v2")(wanted)
			wanted.ResourceVersion = ""
			updated, err := client(e).Update(ctx, wanted, metav1.UpdateOptions{DryRun: all})
			e.Must(answer.Unanswered(err), "update DaemonSet %s as a dry run", name)
			e.Check(err, "a dry run of an update is accepted")
			e.That(updated.Spec.Template.Spec.Containers[0].Image == e.Image("agent:v2") && updated.Generation == before.Generation+1,
				"its answer is the DaemonSet as it would be", "image %s, generation %d", updated.Spec.Template.Spec.Containers[0].Image, updated.Generation)
			e.Check(client(e).Delete(ctx, name, metav1.DeleteOptions{DryRun: all}), "a dry run of a deletion is accepted")
			now := get(ctx, e, name)
			e.That(now.UID == before.UID && now.DeletionTimestamp == nil && now.Generation == before.Generation, "the dry runs left the DaemonSet as it was",
				"generation %d after %d, deletionTimestamp %v", now.Generation, before.Generation, now.DeletionTimestamp)

			// Whatever the dry runs have set going has been worked off by the end of this.
			fleet.CaughtUp(ctx, e, "witness")
			e.Holds(ctx, fleet.Every(pods.Alone(), fleet.SameRevisions(before, revisions)), "the pods and the revision of DaemonSet %s are those of before", name)
			e.Check(noneNamed("ghost", e.History.Entries()), "nothing of DaemonSet ghost was ever there")
		},
	}
}

// noneNamed judges that no object of the log has a name that begins so.
func noneNamed(prefix string, entries []history.Entry) error {
	for _, en := range entries {
		if en.Kind != history.KindAction && strings.HasPrefix(en.Name, prefix) {
			return fmt.Errorf("entry %s", en)
		}
	}
	return nil
}
