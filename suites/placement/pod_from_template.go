package placement

import (
	"context"
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func podFromTemplate() framework.Spec {
	return framework.Spec{
		ID: "DS-PLC-022", Area: framework.Placement, Title: "pods are what the template says", Level: framework.Core,
		Behaviour: "Each pod MUST be the template: its spec verbatim, its labels with those of the revision added, its annotations and finalizers, a name generated from the DaemonSet's; nothing of the DaemonSet's own metadata.",
		Clauses:   []string{"DaemonSetSpec.template: an object that describes the pod that will be created", "pkg/controller GetPodFromTemplate"},
		Covers:    []string{"DS-PLC-027"},
		Why: "The templates are rich in what a controller could lose that knows only some fields: every field that a template may have on every cluster, in two of them, for the node's namespaces exclude some. " +
			"Nobody schedules the pods, so that it matters to none whether they could run. Pods are compared as they were created, field by field, but for what the API server is known to add.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			site.ServiceAccount(ctx, e, "agent")
			for _, ds := range []*appsv1.DaemonSet{e.DaemonSet("rich", unscheduled, rich), e.DaemonSet("host", unscheduled, ofTheNode)} {
				ds = placed(ctx, e, ds, e.Nodes...)
				hash := fleet.AwaitHash(ctx, e, ds)
				for _, pod := range site.Created(e.History.Entries(), ds) {
					e.Check(oracle.PodFromTemplate(ds, pod, oracle.TargetNode(pod), hash), "pod %s is what the template says", pod.Name)
					if ds.Name == "rich" {
						e.Check(metadata(pod, hash), "pod %s has the metadata that the template says", pod.Name)
					}
				}
			}
		},
	}
}

// metadata judges literally what of the metadata the specs's own words say.
func metadata(pod *corev1.Pod, hash string) error {
	labels := maps.Clone(pod.Labels)
	// The older mark of the revision may stand beside the hash.
	delete(labels, "pod-template-generation")
	want := map[string]string{"app": "rich", "of": "the-template", appsv1.ControllerRevisionHashLabelKey: hash}
	switch {
	case pod.GenerateName != "rich-":
		return fmt.Errorf("its generateName is %q", pod.GenerateName)
	case hash == "" || !maps.Equal(labels, want):
		return fmt.Errorf("its labels are %v, not %v", labels, want)
	case !maps.Equal(pod.Annotations, map[string]string{"note": "of the template"}):
		return fmt.Errorf("its annotations are %v", pod.Annotations)
	case !slices.Equal(pod.Finalizers, []string{framework.HoldFinalizer}):
		return fmt.Errorf("its finalizers are %v", pod.Finalizers)
	}
	return nil
}

// hold keeps the pod's object in place, deleted or not, until release.
func hold(ctx context.Context, e *framework.Env, pod *corev1.Pod) {
	e.Act("holds by a finalizer Pod", history.KindPod, pod)
	patch := fmt.Appendf(nil, `{"metadata":{"finalizers":[%q]}}`, framework.HoldFinalizer)
	_, err := e.Client.CoreV1().Pods(e.Namespace).Patch(ctx, pod.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	e.Must(err, "hold pod %s", pod.Name)
}

// release lets a held pod go.
func release(ctx context.Context, e *framework.Env, pod *corev1.Pod) {
	e.Must(e.LetGo(ctx, pod), "let go of pod %s", pod.Name)
}
