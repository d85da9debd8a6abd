package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/answer"
)

func fieldSelectors() framework.Spec {
	return framework.Spec{
		ID:        "DS-API-020",
		Area:      framework.API,
		Title:     "field selectors know name and namespace",
		Behaviour: "A field selector on metadata.name and metadata.namespace MUST select DaemonSets by them; one on any other field MUST be refused as a bad request (400), and a collection MUST NOT be deleted by it.",
		Clauses:   []string{"concepts/overview/working-with-objects/field-selectors, Supported fields: using unsupported field selectors produces an error"},
		Level:     framework.Core,
		Why: "`kubectl wait` and controllers of one DaemonSet watch by metadata.name. A selector that is not known and passed over selects everything: " +
			"harmless in a list, and all daemons of a namespace in a deletion.",
		Body: func(ctx context.Context, e *framework.Env) {
			accepts(ctx, e, row{name: "one", change: func(*appsv1.DaemonSet) {}}, row{name: "two", change: func(*appsv1.DaemonSet) {}})
			var problems []error
			for _, q := range []struct {
				selector string
				want     []string
			}{
				{"metadata.name=one", []string{"one"}},
				{"metadata.name!=one", []string{"two"}},
				{"metadata.name=three", nil},
				{"metadata.namespace=" + e.Namespace, []string{"one", "two"}},
				{"metadata.namespace!=" + e.Namespace, nil},
				{"metadata.name=two,metadata.namespace=" + e.Namespace, []string{"two"}},
			} {
				if wrong := selected(ctx, e, q.selector, q.want); wrong != nil {
					problems = append(problems, fmt.Errorf("%s: %w", q.selector, wrong))
				}
			}
			for _, selector := range []string{
				"status.numberReady=0", "spec.template.spec.nodeName=somewhere", "spec.updateStrategy.type=OnDelete", "metadata.uid=0", "metadata.name=one,status.phase=Running",
			} {
				_, err := client(e).List(ctx, metav1.ListOptions{FieldSelector: selector})
				e.Must(answer.Unanswered(err), "list by %s", selector)
				if wrong := answer.Refused(err, http.StatusBadRequest, metav1.StatusReasonBadRequest); wrong != nil {
					problems = append(problems, fmt.Errorf("%s: %w", selector, wrong))
				}
			}
			e.Check(errors.Join(problems...), "selectors on name and namespace select, and all others are refused (400)")

			err := client(e).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{FieldSelector: "status.numberReady=0"})
			e.Must(answer.Unanswered(err), "delete by a selector that is not known")
			e.Check(answer.Refused(err, http.StatusBadRequest, metav1.StatusReasonBadRequest), "a deletion by a selector that is not known is refused (400)")
			e.Check(selected(ctx, e, "", []string{"one", "two"}), "the refused deletion deleted nothing")
		},
	}
}

// selected judges that the list by the selector holds exactly these DaemonSets, none of them being deleted.
func selected(ctx context.Context, e *framework.Env, selector string, want []string) error {
	list, err := client(e).List(ctx, metav1.ListOptions{FieldSelector: selector})
	e.Must(answer.Unanswered(err), "list by %q", selector)
	if err != nil {
		return err
	}
	var got []string
	for _, ds := range list.Items {
		if ds.DeletionTimestamp != nil {
			return fmt.Errorf("DaemonSet %s is being deleted", ds.Name)
		}
		got = append(got, ds.Name)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		return fmt.Errorf("it selects %v, not %v", got, want)
	}
	return nil
}
