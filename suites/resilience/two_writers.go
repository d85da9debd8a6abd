package resilience

import (
	"context"
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

// turns is how often each of two writers changes the template.
const turns = 10

func twoWriters() framework.Spec {
	return framework.Spec{
		ID:        "DS-RES-017",
		Area:      framework.Resilience,
		Title:     "two writers race, and the last accepted template wins",
		Behaviour: "When two writers change the template at once, the pods MUST end as those of the last generation that the API server accepted.",
		Clauses:   []string{"API conventions: optimistic concurrency by resourceVersion", "DaemonSetStatus.observedGeneration"},
		Level:     framework.Core,
		Why: "A human with kubectl and a delivery tool meet on one DaemonSet more often than either knows. A controller that rolls out what it has begun with, " +
			"or takes one of two generations for the other, leaves pods of a template that stands nowhere any more.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxUnavailable("100%")))
			e.Act("changes the template by two hands at once", history.KindDaemonSet, &metav1.ObjectMeta{Namespace: e.Namespace, Name: name})
			done := make(chan error, 2)
			for _, writer := range []string{"left", "right"} {
				go func() { done <- changeTemplate(ctx, e, writer) }()
			}
			e.Must(errors.Join(<-done, <-done), "change the template by two hands")
			ds, err := e.Client.AppsV1().DaemonSets(e.Namespace).Get(ctx, name, metav1.GetOptions{})
			e.Must(err, "read DaemonSet %s", name)
			last := atRest(ctx, e, ds)
			want := ds.Spec.Template.Annotations
			for _, pod := range last.All() {
				for key, value := range want {
					e.That(pod.Annotations[key] == value, fmt.Sprintf("every pod is of the last template, %s: %s", key, value), "pod %s has %q there", pod.Name, pod.Annotations[key])
				}
			}
		},
	}
}

// changeTemplate is one of the writers: whoever comes too late reads anew and
// tries again. It fails no spec, for it runs aside.
func changeTemplate(ctx context.Context, e *framework.Env, writer string) error {
	sets := e.Client.AppsV1().DaemonSets(e.Namespace)
	patience := retry.DefaultBackoff
	patience.Steps = 10
	for turn := range turns {
		err := retry.RetryOnConflict(patience, func() error {
			ds, err := sets.Get(ctx, name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			fleet.Template(fmt.Sprintf("%s-%d", writer, turn))(ds)
			_, err = sets.Update(ctx, ds, metav1.UpdateOptions{})
			return err
		})
		if err != nil {
			return fmt.Errorf("the %s writer, turn %d: %w", writer, turn, err)
		}
	}
	return nil
}
