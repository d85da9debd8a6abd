package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/answer"
)

func onlyAppsV1() framework.Spec {
	return framework.Spec{
		ID:        "DS-API-027",
		Area:      framework.API,
		Title:     "DaemonSets are served by apps/v1 alone",
		Behaviour: "Discovery MUST list DaemonSets, with their status, in apps/v1; extensions/v1beta1, apps/v1beta1 and apps/v1beta2 MUST be answered by 404.",
		Clauses:   []string{"reference/using-api/deprecation-guide, v1.16: DaemonSet", apiConcepts + ", API discovery"},
		Level:     framework.Core,
		Why: "The old groups had other rules: a selector that was filled in and could be changed, OnDelete as the default. A server that still takes their manifests " +
			"stores what nobody has written down any more.",
		Body: func(ctx context.Context, e *framework.Env) {
			served, err := e.Client.Discovery().ServerResourcesForGroupVersion("apps/v1")
			e.Must(answer.Unanswered(err), "discover apps/v1")
			e.Check(err, "apps/v1 is served")
			e.Check(lists(served.APIResources, "daemonsets", "daemonsets/status"), "apps/v1 lists DaemonSets and their status")
			var problems []error
			for _, gone := range []string{"extensions/v1beta1", "apps/v1beta1", "apps/v1beta2"} {
				for _, path := range []string{"/apis/" + gone, "/apis/" + gone + "/namespaces/" + e.Namespace + "/daemonsets"} {
					refusal := e.Client.Discovery().RESTClient().Get().AbsPath(path).Do(ctx).Error()
					e.Must(answer.Unanswered(refusal), "ask for %s", path)
					if wrong := answer.Refused(refusal, http.StatusNotFound, metav1.StatusReasonNotFound); wrong != nil {
						problems = append(problems, fmt.Errorf("%s: %w", path, wrong))
					}
				}
			}
			e.Check(errors.Join(problems...), "the groups of before 1.16 are answered by 404")
		},
	}
}

// lists judges that discovery lists each of the resources as a DaemonSet's, in namespaces.
func lists(resources []metav1.APIResource, names ...string) error {
	for _, name := range names {
		if !slices.ContainsFunc(resources, func(r metav1.APIResource) bool { return r.Name == name && r.Kind == "DaemonSet" && r.Namespaced }) {
			return fmt.Errorf("no namespaced resource %s of kind DaemonSet is listed", name)
		}
	}
	return nil
}
