package histories

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

// Portrait is what a DaemonSet has come to, without all that tells of its way or
// is drawn anew each time: names, UIDs, times, numbers of revisions and
// generations, the hash (two DaemonSets need not share it), volumes' random names.
type Portrait struct {
	// Revision is the template that the current ControllerRevision holds.
	Revision corev1.PodTemplateSpec `json:"revision"`
	// Status are the figures of the status, but for numberMisscheduled: whether a
	// node with an untolerated NoSchedule taint has a pod hangs on what was there
	// before the taint was, and must.
	Status map[string]int32 `json:"status"`
	// Pods are the pods of the nodes that must run one, by the node's name.
	Pods map[string][]PodPortrait `json:"pods"`
}

// PodPortrait is what a pod is, whenever it was made.
type PodPortrait struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Spec        corev1.PodSpec    `json:"spec"`
	// Current says that the pod carries the hash of the current revision.
	Current   bool            `json:"current"`
	Phase     corev1.PodPhase `json:"phase"`
	Available bool            `json:"available"`
}

// PortraitOf takes the portrait of a DaemonSet of that name as it stands. It is
// an error if it has no current revision.
func PortraitOf(s *history.State, called string) (Portrait, error) {
	ds := s.DaemonSet(called)
	if ds == nil {
		return Portrait{}, errors.New("there is no DaemonSet " + called)
	}
	current, err := oracle.CurrentRevision(s, ds)
	if err != nil {
		return Portrait{}, err
	}
	template, err := oracle.RevisionTemplate(current)
	if err != nil {
		return Portrait{}, err
	}
	st := ds.Status
	p := Portrait{
		Revision: *template.DeepCopy(),
		Status: map[string]int32{
			"desiredNumberScheduled": st.DesiredNumberScheduled, "currentNumberScheduled": st.CurrentNumberScheduled,
			"numberReady": st.NumberReady, "updatedNumberScheduled": st.UpdatedNumberScheduled,
			"numberAvailable": st.NumberAvailable, "numberUnavailable": st.NumberUnavailable,
		},
		Pods: map[string][]PodPortrait{},
	}
	delete(p.Revision.Labels, nameLabel)
	rule := oracle.RuleOf(ds)
	for _, pod := range s.PodsOf(ds) {
		node := s.Node(oracle.TargetNode(pod))
		if node == nil || !rule.Decide(node).Run {
			continue
		}
		ok, _ := oracle.Available(pod, ds.Spec.MinReadySeconds, s.Now())
		p.Pods[node.Name] = append(p.Pods[node.Name], PodPortrait{
			Labels: ownLabels(pod), Annotations: pod.Annotations, Spec: plainSpec(pod),
			Current: !outdated(pod, current), Phase: pod.Status.Phase, Available: ok,
		})
	}
	return p, nil
}

// nameLabel is the label of the selector, by which the two DaemonSets differ.
const nameLabel = "app"

// ownLabels are the pod's labels without those that mark the DaemonSet, its
// revision and its generation.
func ownLabels(pod *corev1.Pod) map[string]string {
	out := maps.Clone(pod.Labels)
	for _, key := range []string{nameLabel, appsv1.ControllerRevisionHashLabelKey, "pod-template-generation"} {
		delete(out, key)
	}
	return out
}

// tokenVolume begins the random name of the volume that admission projects the
// service account's token by.
const tokenVolume = "kube-api-access-"

// plainSpec is the pod's spec with that name without its random end.
func plainSpec(pod *corev1.Pod) corev1.PodSpec {
	spec := *pod.Spec.DeepCopy()
	for i, v := range spec.Volumes {
		if strings.HasPrefix(v.Name, tokenVolume) {
			spec.Volumes[i].Name = tokenVolume
		}
	}
	for _, containers := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range containers {
			for j, m := range containers[i].VolumeMounts {
				if strings.HasPrefix(m.Name, tokenVolume) {
					containers[i].VolumeMounts[j].Name = tokenVolume
				}
			}
		}
	}
	return spec
}

// Differences says, line by line, where the portrait is not that of the fresh
// DaemonSet; none if there is no difference. Nodes are called by name.
func (p Portrait) Differences(fresh Portrait) []string {
	out := differ("the current ControllerRevision's template", fresh.Revision, p.Revision)
	out = append(out, differ("status", fresh.Status, p.Status)...)
	nodes := maps.Clone(p.Pods)
	maps.Copy(nodes, fresh.Pods)
	for _, node := range slices.Sorted(maps.Keys(nodes)) {
		have, want := p.Pods[node], fresh.Pods[node]
		if len(have) != len(want) {
			out = append(out, fmt.Sprintf("node %s has %d pods, with a fresh DaemonSet %d", node, len(have), len(want)))
			continue
		}
		for i := range have {
			out = append(out, differ("the pod of node "+node, want[i], have[i])...)
		}
	}
	return out
}

// differ compares two values by what JSON makes of them.
func differ(what string, fresh, have any) []string {
	a, errA := plain(fresh)
	b, errB := plain(have)
	if err := errors.Join(errA, errB); err != nil {
		return []string{fmt.Sprintf("%s cannot be compared: %v", what, err)}
	}
	return walk(what+":", "", a, b)
}

func plain(v any) (any, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, err
	}
	return out, nil
}

// walk goes down both values side by side.
func walk(what, path string, fresh, have any) []string {
	if a, ok := fresh.(map[string]any); ok {
		if b, same := have.(map[string]any); same {
			keys := maps.Clone(a)
			maps.Copy(keys, b)
			var out []string
			for _, k := range slices.Sorted(maps.Keys(keys)) {
				out = append(out, walk(what, path+"."+k, a[k], b[k])...)
			}
			return out
		}
	}
	if a, ok := fresh.([]any); ok {
		if b, same := have.([]any); same && len(a) == len(b) {
			var out []string
			for i := range a {
				out = append(out, walk(what, fmt.Sprintf("%s[%d]", path, i), a[i], b[i])...)
			}
			return out
		}
	}
	if a, b := oracle.Short(fresh), oracle.Short(have); a != b {
		return []string{fmt.Sprintf("%s %s is %s, of a fresh DaemonSet %s", what, strings.TrimPrefix(path, "."), b, a)}
	}
	return nil
}
