package oracle

import (
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework/history"
)

// NoneYet stands for the hash of a template that neither a ControllerRevision
// nor a pod is of. No label can have this value.
const NoneYet = "(none yet)"

// unrecorded is how long after a pod its revision may come to the event log,
// which follows both by watches of their own, before the controller counts as
// one that keeps none.
const unrecorded = 3 * time.Second

// CurrentHash gives the value of label controller-revision-hash by which the
// pods of the DaemonSet's present template are known: that of its current
// revision. Of a controller that keeps no ControllerRevisions at all, which the
// specs about them hold against it and no other spec does, it is the value that
// the pods carry which are as the present template says, or NoneYet. It is an
// error if there are revisions and none is of the present template, and if pods
// of one template carry two values or none.
func CurrentHash(s *history.State, ds *appsv1.DaemonSet) (string, error) {
	cr, missing := CurrentRevision(s, ds)
	if missing == nil {
		hash := Hash(cr)
		if hash == "" {
			return "", fmt.Errorf("ControllerRevision %s has no label %s", cr.Name, appsv1.ControllerRevisionHashLabelKey)
		}
		return hash, nil
	}
	ds, err := latest(s, ds)
	if err != nil {
		return "", err
	}
	if len(s.RevisionsOf(ds)) > 0 {
		return "", missing
	}
	made := slices.DeleteFunc(s.PodsOf(ds), func(pod *corev1.Pod) bool { return MadeFrom(pod, &ds.Spec.Template) != nil })
	if len(made) == 0 && templateGeneration(ds) == 1 {
		// Its own pods can only be of its first template, whatever was done to them.
		made = slices.DeleteFunc(s.PodsOf(ds), func(pod *corev1.Pod) bool { return pod.CreationTimestamp.Before(&ds.CreationTimestamp) })
	}
	hash, since := NoneYet, ds.CreationTimestamp
	for _, pod := range made {
		own := pod.Labels[appsv1.ControllerRevisionHashLabelKey]
		switch {
		case own == "":
			return "", fmt.Errorf("DaemonSet %s has no ControllerRevision, and its pod %s no label %s: nothing tells which template it is of", ds.Name, pod.Name, appsv1.ControllerRevisionHashLabelKey)
		case hash == NoneYet:
			hash, since = own, pod.CreationTimestamp
		case own != hash:
			return "", fmt.Errorf("DaemonSet %s has no ControllerRevision, and its pods of the present template carry the hashes %q and %q", ds.Name, hash, own)
		case pod.CreationTimestamp.Before(&since):
			since = pod.CreationTimestamp
		}
	}
	if due := since.Add(unrecorded); s.Now().Before(due) {
		return "", history.RetryAt(due, missing)
	}
	return hash, nil
}

// MadeFrom holds when the pod's labels and annotations have all of the
// template's, and its spec is the template's but for what the controller and
// others are known to add. Required node affinity is not in the pod to compare:
// the controller pins it to its node instead.
func MadeFrom(pod *corev1.Pod, template *corev1.PodTemplateSpec) error {
	var wrong complaints
	for kind, both := range map[string][2]map[string]string{
		"label": {template.Labels, pod.Labels}, "annotation": {template.Annotations, pod.Annotations},
	} {
		for key, want := range both[0] {
			if got, ok := both[1][key]; !ok || got != want {
				wrong.add("%s %s is %q, must be %q", kind, key, got, want)
			}
		}
	}
	if !slices.EqualFunc(pod.Spec.Tolerations, Tolerations(&appsv1.DaemonSet{Spec: appsv1.DaemonSetSpec{Template: *template}}), sameToleration) {
		wrong.add("its tolerations are not the template's and the automatic ones")
	}
	for _, d := range diff("spec.affinity", plain(chosen(template.Spec.Affinity)), plain(chosen(pod.Spec.Affinity))) {
		wrong.add("%s", d)
	}
	for _, d := range diff("spec", plain(bare(template.Spec, template.Spec)), plain(bare(pod.Spec, template.Spec))) {
		wrong.add("%s", d)
	}
	return wrong.err("pod %s is not of the template", pod.Name)
}

// chosen leaves the required node affinity out.
func chosen(affinity *corev1.Affinity) *corev1.Affinity {
	out := affinity.DeepCopy()
	if out == nil {
		out = &corev1.Affinity{}
	}
	if out.NodeAffinity == nil {
		out.NodeAffinity = &corev1.NodeAffinity{}
	}
	out.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = nil
	return out
}
