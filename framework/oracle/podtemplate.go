package oracle

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// PodFromTemplate holds when the pod is what the DaemonSet's template asks for
// on the node, but for what the API server, its admission plug-ins, the
// scheduler and the kubelet are known to add. ds must come from the API server,
// so that its template is defaulted; hash is that of the revision the pod must
// be of. (DS-PLC-008, DS-PLC-009, DS-PLC-022, DS-PLC-027, DS-TOL-001..005, DS-REV-004, DS-OWN-001, DS-HST-008)
func PodFromTemplate(ds *appsv1.DaemonSet, pod *corev1.Pod, node, hash string) error {
	var wrong complaints
	template := &ds.Spec.Template
	if want := ds.Name + "-"; pod.GenerateName != want {
		wrong.add("generateName is %q, must be %q", pod.GenerateName, want)
	}
	if pod.Namespace != ds.Namespace {
		wrong.add("it is in namespace %s, must be in %s", pod.Namespace, ds.Namespace)
	}
	podLabels(&wrong, ds, pod, hash)
	podAnnotations(&wrong, ds, pod)
	if !Terminating(pod) && !slices.Equal(pod.Finalizers, template.Finalizers) {
		wrong.add("its finalizers are %q, the template's %q", pod.Finalizers, template.Finalizers)
	}
	if err := OwnedBy(pod.OwnerReferences, ds); err != nil {
		wrong.add("%v", err)
	}
	if err := PinnedTo(pod, template, node); err != nil {
		wrong.add("%v", err)
	}
	if err := Tolerated(pod, ds); err != nil {
		wrong.add("%v", err)
	}
	for _, d := range diff("spec", plain(bare(template.Spec, template.Spec)), plain(bare(pod.Spec, template.Spec))) {
		wrong.add("%s", d)
	}
	return wrong.err("pod %s is not what the template of DaemonSet %s asks for on node %s", pod.Name, ds.Name, node)
}

// podLabels: the template's, the hash and the template generation, none of the
// DaemonSet's own. Binding adds the node's topology labels in newer clusters.
func podLabels(wrong *complaints, ds *appsv1.DaemonSet, pod *corev1.Pod, hash string) {
	want := maps.Clone(ds.Spec.Template.Labels)
	if want == nil {
		want = map[string]string{}
	}
	want[appsv1.ControllerRevisionHashLabelKey] = hash
	generation := templateGeneration(ds)
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if got, ok := pod.Labels[k]; !ok || got != want[k] {
			wrong.add("label %s is %q, must be %q", k, got, want[k])
		}
	}
	for _, k := range slices.Sorted(maps.Keys(pod.Labels)) {
		if _, ok := want[k]; ok || strings.HasPrefix(k, "topology.kubernetes.io/") {
			continue
		}
		if k == templateGenerationLabel {
			// Released controllers set this older mark too; one that leaves it out breaks no promise. A
			// pod made before the template went away and came back keeps the generation it was made at.
			if n, err := strconv.ParseInt(pod.Labels[k], 10, 64); generation > 0 && (err != nil || n < 1 || n > generation) {
				wrong.add("label %s is %q, must be a generation up to %d", k, pod.Labels[k], generation)
			}
			continue
		}
		wrong.add("label %s=%s is neither the template's nor one that the controller adds", k, pod.Labels[k])
	}
}

// podAnnotations: all of the template's, none of the DaemonSet's own. Others
// are no complaint, for network plug-ins and admission add theirs.
func podAnnotations(wrong *complaints, ds *appsv1.DaemonSet, pod *corev1.Pod) {
	for _, k := range slices.Sorted(maps.Keys(ds.Spec.Template.Annotations)) {
		if got, ok := pod.Annotations[k]; !ok || got != ds.Spec.Template.Annotations[k] {
			wrong.add("annotation %s is %q, the template's is %q", k, got, ds.Spec.Template.Annotations[k])
		}
	}
	for _, k := range slices.Sorted(maps.Keys(pod.Annotations)) {
		_, template := ds.Spec.Template.Annotations[k]
		if own, ok := ds.Annotations[k]; ok && !template && own == pod.Annotations[k] {
			wrong.add("annotation %s was copied from the DaemonSet, only the template's belong to the pod", k)
		}
	}
}

// PinnedTo holds when the pod's required node affinity is exactly one term with
// the one field metadata.name In [node], in place of the template's, and the
// rest of the affinity is the template's. (DS-PLC-007, DS-PLC-008, DS-PLC-021)
func PinnedTo(pod *corev1.Pod, template *corev1.PodTemplateSpec, node string) error {
	want := template.Spec.Affinity.DeepCopy()
	if want == nil {
		want = &corev1.Affinity{}
	}
	if want.NodeAffinity == nil {
		want.NodeAffinity = &corev1.NodeAffinity{}
	}
	want.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = &corev1.NodeSelector{
		NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchFields: []corev1.NodeSelectorRequirement{{
			Key: metav1.ObjectNameField, Operator: corev1.NodeSelectorOpIn, Values: []string{node},
		}}}},
	}
	got := pod.Spec.Affinity
	if got == nil {
		return fmt.Errorf("spec.affinity is missing, must pin the pod to node %s by metadata.name", node)
	}
	if found := diff("spec.affinity", plain(want), plain(got)); len(found) > 0 {
		return fmt.Errorf("the affinity does not pin the pod to node %s as it must: %s", node, strings.Join(found, "; "))
	}
	return nil
}

// Tolerated holds when the pod carries exactly Tolerations(ds), in that order.
func Tolerated(pod *corev1.Pod, ds *appsv1.DaemonSet) error {
	want := Tolerations(ds)
	got := pod.Spec.Tolerations
	var wrong complaints
	for _, t := range want {
		if !slices.ContainsFunc(got, func(g corev1.Toleration) bool { return sameToleration(g, t) }) {
			wrong.add("toleration %s is missing", tolerationText(t))
		}
	}
	for _, g := range got {
		if !slices.ContainsFunc(want, func(t corev1.Toleration) bool { return sameToleration(g, t) }) {
			wrong.add("toleration %s is neither the template's nor automatic", tolerationText(g))
		}
	}
	if len(wrong) == 0 && !slices.EqualFunc(got, want, sameToleration) {
		wrong.add("they are in another order, or some twice: %v", got)
	}
	return wrong.err("spec.tolerations are wrong")
}

func sameToleration(a, b corev1.Toleration) bool {
	seconds := (a.TolerationSeconds == nil) == (b.TolerationSeconds == nil) &&
		(a.TolerationSeconds == nil || *a.TolerationSeconds == *b.TolerationSeconds)
	return seconds && a.MatchToleration(&b)
}

func tolerationText(t corev1.Toleration) string {
	text := t.Key
	if t.Operator != "" {
		text += " " + string(t.Operator)
	}
	if t.Value != "" {
		text += " " + t.Value
	}
	text += ":" + string(t.Effect)
	if t.TolerationSeconds != nil {
		text += fmt.Sprintf(" for %d s", *t.TolerationSeconds)
	}
	return strings.TrimSpace(text)
}
