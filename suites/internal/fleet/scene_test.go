package fleet

import (
	"encoding/json"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework/history"
)

const space = "space"

// start is the moment the scenes begin.
var start = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// scene is a hand-written log.
type scene struct {
	entries []history.Entry
	at      time.Time
	version int
}

func newScene() *scene { return &scene{at: start} }

func (sc *scene) put(change history.Change, kind history.Kind, o interface {
	runtime.Object
	metav1.Object
}) *scene {
	sc.version++
	o.SetResourceVersion(fmt.Sprint(sc.version))
	sc.entries = append(sc.entries, history.Entry{
		Seq: int64(len(sc.entries) + 1), Time: sc.at, Kind: kind, Change: change, Namespace: o.GetNamespace(), Name: o.GetName(),
		UID: o.GetUID(), ResourceVersion: o.GetResourceVersion(), Object: o,
	})
	return sc
}

func (sc *scene) after(d time.Duration) *scene {
	sc.at = sc.at.Add(d)
	return sc
}

func (sc *scene) state() *history.State { return history.Replay(space, sc.entries) }

// set is a DaemonSet of the generation whose template is named by text.
func set(generation int64, template string) *appsv1.DaemonSet {
	ds := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: "agent", Namespace: space, UID: "set", Generation: generation}}
	ds.Spec.Template.Annotations = map[string]string{"template": template}
	return ds
}

// revision is the ControllerRevision of set's template; its hash is the text.
func revision(number int64, template string) *appsv1.ControllerRevision {
	raw, err := json.Marshal(map[string]any{"spec": map[string]any{"template": set(1, template).Spec.Template}})
	if err != nil {
		panic(err)
	}
	return &appsv1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{
			Name: "agent-" + template, Namespace: space, UID: types.UID("cr-" + template), OwnerReferences: owner(),
			Labels: map[string]string{appsv1.ControllerRevisionHashLabelKey: template},
		},
		Revision: number, Data: runtime.RawExtension{Raw: raw},
	}
}

func owner() []metav1.OwnerReference {
	return []metav1.OwnerReference{*metav1.NewControllerRef(set(1, ""), appsv1.SchemeGroupVersion.WithKind("DaemonSet"))}
}

// pod is a pod of the revision on the node, not ready.
func pod(name, node, hash string, changes ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: space, UID: types.UID("pod-" + name), OwnerReferences: owner(),
			Labels: map[string]string{appsv1.ControllerRevisionHashLabelKey: hash},
		},
		Spec: corev1.PodSpec{NodeName: node},
	}
	for _, change := range changes {
		change(p)
	}
	return p
}

func terminating(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: start} }

func ended(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed }

// ready makes the pod ready since d after the start.
func ready(d time.Duration) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.Conditions = []corev1.PodCondition{{
			Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(start.Add(d)),
		}}
	}
}

// rolling is the scene of two nodes with pods of revision old after the
// template became new; further pods are put in as they are.
func rolling(pods ...*corev1.Pod) (*scene, *Fleet) {
	before := newScene().
		put(history.Added, history.KindDaemonSet, set(1, "old")).put(history.Added, history.KindControllerRevision, revision(1, "old")).
		put(history.Added, history.KindPod, pod("a-old", "a", "old")).put(history.Added, history.KindPod, pod("b-old", "b", "old"))
	fleet := Of(before.state(), "agent")
	before.put(history.Modified, history.KindDaemonSet, set(2, "new")).put(history.Added, history.KindControllerRevision, revision(2, "new"))
	for _, p := range pods {
		before.put(history.Modified, history.KindPod, p)
	}
	return before, fleet
}
