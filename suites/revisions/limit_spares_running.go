package revisions

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func limitSparesRunning() framework.Spec {
	return framework.Spec{
		ID:        "DS-REV-009",
		Area:      framework.Revisions,
		Title:     "the history limit spares what still runs",
		Behaviour: "A ControllerRevision whose hash is carried by an existing pod MUST NOT be deleted, even over the limit; once no pod carries it, it MUST be.",
		Clauses:   []string{fieldLimit, sourceCleanup},
		Level:     framework.Extended,
		Why: "Pods of old templates run for as long as the user likes under OnDelete, and their revision is the only record of what they are. " +
			"Here pods of the first and second template run while the fourth is current: with limit 0 only the third may go.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.OnDelete, fleet.HistoryLimit(0), fleet.Template("1")))
			second := fleet.Update(ctx, e, name, fleet.Template("2"))
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "the controller has seen the second template", fleet.Observed(second))
			e.DeletePod(ctx, old.Pods[e.Nodes[1]], metav1.DeleteOptions{})
			e.BecomesFor(ctx, name, e.Timeouts.PodReady, "one pod is of the second template", old.Progress(second, 1, 0))

			third := fleet.Update(ctx, e, name, fleet.Template("3"))
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "revisions 1, 2 and 3 are there", fleet.Every(fleet.Observed(third), numbers(1, 2, 3)))
			fourth := fleet.Update(ctx, e, name, fleet.Template("4"))
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "of the old revisions only the one without pods is deleted", fleet.Every(fleet.Observed(fourth), numbers(1, 2, 4)))
			e.Stays(ctx, "revisions 1 and 2 are kept while their pods run", nil, numbers(1, 2, 4))

			for _, pod := range fleet.Take(e, name).All() {
				e.DeletePod(ctx, pod, metav1.DeleteOptions{})
			}
			fleet.AwaitRollout(ctx, e, fourth)
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "with the last old pod gone only the current revision is left", numbers(4))
			e.Check(fleet.Each(e, notCarried), "no revision is deleted while a pod of it exists")
		},
	}
}

// numbers judges that the DaemonSet's revisions have exactly the numbers.
func numbers(want ...int64) func(*history.State) error {
	return func(s *history.State) error {
		var got []int64
		for _, cr := range s.RevisionsOf(s.DaemonSet(name)) {
			got = append(got, cr.Revision)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			return fmt.Errorf("the revisions are %v; want %v", got, want)
		}
		return nil
	}
}

// notCarried judges an entry of the log: the deleted revision's hash is on no pod.
func notCarried(s *history.State, en history.Entry) error {
	if en.Kind != history.KindControllerRevision || en.Change != history.Deleted {
		return nil
	}
	for _, pod := range s.Pods() {
		if pod.Labels != nil && en.Name == name+"-"+fleet.HashOf(pod) {
			return fmt.Errorf("ControllerRevision %s is deleted while pod %s (terminating: %t) carries its hash", en.Name, pod.Name, oracle.Terminating(pod))
		}
	}
	return nil
}
