package placement

import (
	"context"
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

const finalizer = "dsconform.dev/held"

func podFromTemplate() framework.Spec {
	return framework.Spec{
		ID: "DS-PLC-022", Area: framework.Placement, Title: "pods are what the template says", Level: framework.Core,
		Behaviour: "Each pod MUST be the template: its spec verbatim, its labels with those of the revision added, its annotations and finalizers, a name generated from the DaemonSet's; nothing of the DaemonSet's own metadata.",
		Clauses:   []string{"DaemonSetSpec.template: an object that describes the pod that will be created", "pkg/controller GetPodFromTemplate"},
		Covers:    []string{"DS-PLC-027"},
		Why: "The template is rich in what a controller could lose that knows only some fields: spread constraints, limits, init containers, volumes, a security context. " +
			"Pods are compared as they were created, field by field, but for what the API server is known to add.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			e.Cleanup("let go of the pods held by the template's finalizer", func(ctx context.Context) error { return releaseAll(ctx, e) })
			ds := placed(ctx, e, e.DaemonSet("rich", unscheduled, rich), e.Nodes...)
			hash := fleet.AwaitHash(ctx, e, ds)
			for _, pod := range site.Created(e.History.Entries(), ds) {
				e.Check(oracle.PodFromTemplate(ds, pod, oracle.TargetNode(pod), hash), "pod %s is what the template says", pod.Name)
				e.Check(metadata(pod, hash), "pod %s has the metadata that the template says", pod.Name)
			}
		},
	}
}

// rich fills the template with what a plain one lacks.
func rich(ds *appsv1.DaemonSet) {
	ds.Labels["of"], ds.Annotations = "the-daemonset", map[string]string{"of": "the DaemonSet"}
	t := &ds.Spec.Template
	t.Labels["of"], t.Annotations, t.Finalizers = "the-template", map[string]string{"note": "of the template"}, []string{finalizer}
	yes, user, grace := true, int64(65534), int64(7)
	t.Spec.TerminationGracePeriodSeconds = &grace
	t.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
		MaxSkew: 2, TopologyKey: corev1.LabelHostname, WhenUnsatisfiable: corev1.ScheduleAnyway, LabelSelector: ds.Spec.Selector.DeepCopy(),
	}}
	t.Spec.Volumes = []corev1.Volume{{Name: "scratch", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{Medium: corev1.StorageMediumMemory}}}}
	t.Spec.HostAliases = []corev1.HostAlias{{IP: "127.0.0.9", Hostnames: []string{"agent.local"}}}
	t.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsNonRoot: &yes, RunAsUser: &user}
	agent := &t.Spec.Containers[0]
	agent.Resources.Limits = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("32Mi")}
	agent.Env = []corev1.EnvVar{{Name: "NODE", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "spec.nodeName"}}}}
	agent.VolumeMounts = []corev1.VolumeMount{{Name: "scratch", MountPath: "/scratch"}}
	agent.SecurityContext = &corev1.SecurityContext{ReadOnlyRootFilesystem: &yes, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}}
	always := corev1.ContainerRestartPolicyAlways
	t.Spec.InitContainers = []corev1.Container{
		{Name: "prepare", Image: agent.Image, Args: []string{"--version"}},
		{Name: "sidecar", Image: agent.Image, RestartPolicy: &always},
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
	case !slices.Equal(pod.Finalizers, []string{finalizer}):
		return fmt.Errorf("its finalizers are %v", pod.Finalizers)
	}
	return nil
}

// hold keeps the pod's object in place, deleted or not, until release.
func hold(ctx context.Context, e *framework.Env, pod *corev1.Pod) {
	e.Cleanup("let go of the held pods", func(ctx context.Context) error { return releaseAll(ctx, e) })
	e.Act("holds by a finalizer Pod", history.KindPod, pod)
	e.Must(finalizers(ctx, e, pod.Name, `["`+finalizer+`"]`), "hold pod %s", pod.Name)
}

// release lets a held pod go.
func release(ctx context.Context, e *framework.Env, pod *corev1.Pod) {
	e.Act("lets go of Pod", history.KindPod, pod)
	e.Must(finalizers(ctx, e, pod.Name, "null"), "let go of pod %s", pod.Name)
}

// releaseAll lets go of whatever in the spec's namespace is held.
func releaseAll(ctx context.Context, e *framework.Env) error {
	pods, err := e.Client.CoreV1().Pods(e.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("list the pods of namespace %s: %w", e.Namespace, err)
	}
	for _, pod := range pods.Items {
		if slices.Contains(pod.Finalizers, finalizer) {
			if err := finalizers(ctx, e, pod.Name, "null"); err != nil {
				return err
			}
		}
	}
	return nil
}

func finalizers(ctx context.Context, e *framework.Env, pod, list string) error {
	patch := fmt.Appendf(nil, `{"metadata":{"finalizers":%s}}`, list)
	if _, err := e.Client.CoreV1().Pods(e.Namespace).Patch(ctx, pod, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("set the finalizers of pod %s to %s: %w", pod, list, err)
	}
	return nil
}
