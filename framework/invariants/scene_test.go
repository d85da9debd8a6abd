package invariants

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

// scene writes a log by hand: each call is one change, a millisecond after the last.
type scene struct {
	t       *testing.T
	now     time.Time
	rv      int
	entries []history.Entry
	ds      *appsv1.DaemonSet
	nodes   map[string]*corev1.Node
	pods    map[string]*corev1.Pod
	crs     map[string]*appsv1.ControllerRevision
	// except are rules that the scene is not about.
	except map[string]string
}

// newScene has a DaemonSet with image v1 and its revision, and nodes a, b and c.
func newScene(t *testing.T, edit ...func(*appsv1.DaemonSet)) *scene {
	t.Helper()
	s := &scene{
		t: t, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), rv: 100,
		nodes: map[string]*corev1.Node{}, pods: map[string]*corev1.Pod{}, crs: map[string]*appsv1.ControllerRevision{},
	}
	for _, n := range []string{"a", "b", "c"} {
		s.nodes[n] = &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: n, UID: types.UID("node-" + n)}}
		s.put(history.KindNode, history.Listed, s.nodes[n])
	}
	s.ds = &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: "spec", Name: "agent", UID: "U", Generation: 1}}
	s.ds.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "agent"}}
	s.ds.Spec.UpdateStrategy.Type = appsv1.RollingUpdateDaemonSetStrategyType
	s.ds.Spec.Template.Labels = map[string]string{"app": "agent"}
	s.ds.Spec.Template.Spec.Containers = []corev1.Container{{Name: "agent", Image: "v1"}}
	for _, e := range edit {
		e(s.ds)
	}
	s.put(history.KindDaemonSet, history.Added, s.ds)
	s.revision("v1", 1)
	return s
}

// anyNumbers lets the scene's statuses say what no pod bears out.
func (s *scene) anyNumbers() {
	s.except = map[string]string{"status-truth": "the numbers are made up"}
}

func surge(n int) func(*appsv1.DaemonSet) {
	return func(ds *appsv1.DaemonSet) {
		zero, surge := intstr.FromInt(0), intstr.FromInt(n)
		ds.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateDaemonSet{MaxUnavailable: &zero, MaxSurge: &surge}
	}
}

func unavailable(v string) func(*appsv1.DaemonSet) {
	return func(ds *appsv1.DaemonSet) {
		x := intstr.Parse(v)
		ds.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateDaemonSet{MaxUnavailable: &x}
	}
}

func onDelete(ds *appsv1.DaemonSet) {
	ds.Spec.UpdateStrategy = appsv1.DaemonSetUpdateStrategy{Type: appsv1.OnDeleteDaemonSetStrategyType}
}

// put adds an entry with a copy of the object as it stands.
func (s *scene) put(kind history.Kind, change history.Change, o interface {
	runtime.Object
	metav1.Object
}) {
	s.now = s.now.Add(time.Millisecond)
	s.rv++
	o.SetResourceVersion(fmt.Sprint(s.rv))
	copied := o.DeepCopyObject()
	s.entries = append(s.entries, history.Entry{
		Seq: int64(len(s.entries)) + 1, Time: s.now, Kind: kind, Change: change, Namespace: o.GetNamespace(),
		Name: o.GetName(), UID: o.GetUID(), ResourceVersion: o.GetResourceVersion(), Object: copied,
	})
}

func (s *scene) pass(d time.Duration) { s.now = s.now.Add(d) }

// act notes a deed of the spec.
func (s *scene) act(text string, on history.Kind, o metav1.Object) {
	e := history.Entry{Seq: int64(len(s.entries)) + 1, Time: s.now, Kind: history.KindAction, Change: history.Note, On: on, Namespace: "spec", Text: text}
	if o != nil {
		e.Namespace, e.Name, e.UID = o.GetNamespace(), o.GetName(), o.GetUID()
	}
	s.entries = append(s.entries, e)
}

// edit changes the DaemonSet's specification.
func (s *scene) edit(change func(*appsv1.DaemonSet)) {
	change(s.ds)
	s.ds.Generation++
	s.put(history.KindDaemonSet, history.Modified, s.ds)
}

// roll sets the image; the revision follows.
func (s *scene) roll(image string, number int64) {
	s.edit(func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.Containers[0].Image = image })
	s.revision(image, number)
}

// status changes the DaemonSet's status.
func (s *scene) status(change func(*appsv1.DaemonSetStatus)) {
	change(&s.ds.Status)
	s.put(history.KindDaemonSet, history.Modified, s.ds)
}

// converged writes the status that says that all pods are available.
func (s *scene) converged() {
	var nodes []*corev1.Node
	var pods []*corev1.Pod
	for _, n := range s.nodes {
		nodes = append(nodes, n)
	}
	for _, p := range s.pods {
		pods = append(pods, p)
	}
	s.status(func(st *appsv1.DaemonSetStatus) {
		*st = oracle.ExpectedStatus(s.ds, nodes, pods, s.ds.Spec.Template.Spec.Containers[0].Image, s.now)
	})
}

func (s *scene) owner() []metav1.OwnerReference {
	return []metav1.OwnerReference{*metav1.NewControllerRef(s.ds, appsv1.SchemeGroupVersion.WithKind("DaemonSet"))}
}

// revision is the one of the present template; image doubles as hash. It is
// renumbered if it exists.
func (s *scene) revision(image string, number int64) *appsv1.ControllerRevision {
	s.t.Helper()
	if cr := s.crs[image]; cr != nil {
		cr.Revision = number
		s.put(history.KindControllerRevision, history.Modified, cr)
		return cr
	}
	raw, err := json.Marshal(map[string]any{"spec": map[string]any{"template": s.ds.Spec.Template}})
	if err != nil {
		s.t.Fatal(err)
	}
	cr := &appsv1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "spec", Name: "agent-" + image, UID: types.UID("cr-" + image), OwnerReferences: s.owner(),
			Labels: map[string]string{"app": "agent", appsv1.ControllerRevisionHashLabelKey: image},
		},
		Data: runtime.RawExtension{Raw: raw}, Revision: number,
	}
	s.crs[image] = cr
	s.put(history.KindControllerRevision, history.Added, cr)
	return cr
}

// create is the controller making a pod of the present template for the node.
func (s *scene) create(node, name string, edit ...func(*corev1.Pod)) *corev1.Pod {
	hash := s.ds.Spec.Template.Spec.Containers[0].Image
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Namespace: "spec", Name: name, GenerateName: "agent-", UID: types.UID("pod-" + name), OwnerReferences: s.owner(),
		CreationTimestamp: metav1.NewTime(s.now), Labels: map[string]string{"app": "agent", appsv1.ControllerRevisionHashLabelKey: hash},
	}}
	p.Spec.Tolerations = oracle.Tolerations(s.ds)
	p.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
		NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchFields: []corev1.NodeSelectorRequirement{{Key: "metadata.name", Operator: "In", Values: []string{node}}}}},
	}}}
	p.Status.Phase = corev1.PodPending
	for _, e := range edit {
		e(p)
	}
	s.pods[name] = p
	s.put(history.KindPod, history.Added, p)
	return p
}

// modify changes a pod by whoever's hand.
func (s *scene) modify(name string, change func(*corev1.Pod)) {
	change(s.pods[name])
	s.put(history.KindPod, history.Modified, s.pods[name])
}

// ready binds the pod and makes it run.
func (s *scene) ready(name string) { s.readiness(name, corev1.ConditionTrue) }

func (s *scene) readiness(name string, is corev1.ConditionStatus) {
	s.modify(name, func(p *corev1.Pod) {
		p.Spec.NodeName = oracle.TargetNode(p)
		p.Status.Phase = corev1.PodRunning
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: is, LastTransitionTime: metav1.NewTime(s.now)}}
	})
}

// remove starts the deletion of a pod; gone ends it.
func (s *scene) remove(name string) {
	s.modify(name, func(p *corev1.Pod) { at := metav1.NewTime(s.now); p.DeletionTimestamp = &at })
}

func (s *scene) gone(name string) {
	s.put(history.KindPod, history.Deleted, s.pods[name])
	delete(s.pods, name)
}

func (s *scene) taint(node, key string, effect corev1.TaintEffect) {
	s.nodes[node].Spec.Taints = append(s.nodes[node].Spec.Taints, corev1.Taint{Key: key, Effect: effect})
	s.put(history.KindNode, history.Modified, s.nodes[node])
}

// up rolls the DaemonSet out: a ready pod on each node, named after node and image.
func (s *scene) up() {
	image := s.ds.Spec.Template.Spec.Containers[0].Image
	for _, n := range []string{"a", "b", "c"} {
		s.create(n, n+"-"+image)
		s.ready(n + "-" + image)
	}
	s.converged()
}

// replace is one whole step of a rolling update on a node.
func (s *scene) replace(node, from, to string) {
	s.remove(node + "-" + from)
	s.gone(node + "-" + from)
	s.create(node, node+"-"+to)
	s.ready(node + "-" + to)
}

// breaks judges the log and wants exactly the one rule broken, with the text.
func (s *scene) breaks(id, text string) {
	s.t.Helper()
	got := Judge(s.entries, s.except)
	if len(got.Violations) == 0 {
		s.t.Errorf("nothing was found, want %s: %s", id, text)
	}
	for _, v := range got.Violations {
		if v.Invariant != id || !strings.Contains(v.Message, text) {
			s.t.Errorf("found %v, want %s: %s", v, id, text)
		}
	}
}

// holds judges the log and wants nothing found.
func (s *scene) holds() {
	s.t.Helper()
	got := Judge(s.entries, s.except)
	for _, v := range got.Violations {
		s.t.Errorf("false alarm: %v", v)
	}
	if got.Unknown != "" {
		s.t.Errorf("unknown: %s", got.Unknown)
	}
}
