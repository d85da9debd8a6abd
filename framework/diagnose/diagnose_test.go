package diagnose

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
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

var update = flag.Bool("update", false, "write the golden files anew")

// scene writes a log: a DaemonSet on three nodes, as a working controller keeps it.
type scene struct {
	t       *testing.T
	now     time.Time
	entries []history.Entry
	ds      *appsv1.DaemonSet
	nodes   map[string]*corev1.Node
	pods    map[string]*corev1.Pod
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{t: t, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), nodes: map[string]*corev1.Node{}, pods: map[string]*corev1.Pod{}}
	for _, n := range []string{"a", "b", "c"} {
		s.nodes[n] = &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: n}}
		s.nodes[n].Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue, LastTransitionTime: s.time()}}
		s.put(history.KindNode, history.Listed, s.nodes[n])
	}
	one := intstr.FromInt32(1)
	s.ds = &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: "spec", Name: "agent", UID: "U", Generation: 1, CreationTimestamp: s.time()}}
	s.ds.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "agent"}}
	s.ds.Spec.UpdateStrategy = appsv1.DaemonSetUpdateStrategy{Type: "RollingUpdate", RollingUpdate: &appsv1.RollingUpdateDaemonSet{MaxUnavailable: &one}}
	s.ds.Spec.Template.Labels = map[string]string{"app": "agent"}
	s.ds.Spec.Template.Spec.Containers = []corev1.Container{{Name: "agent", Image: "v1"}}
	s.put(history.KindDaemonSet, history.Added, s.ds)
	return s
}

func (s *scene) time() metav1.Time    { return metav1.NewTime(s.now) }
func (s *scene) pass(d time.Duration) { s.now = s.now.Add(d) }

func (s *scene) put(kind history.Kind, change history.Change, o interface {
	runtime.Object
	metav1.Object
}) {
	o.SetResourceVersion(fmt.Sprint(100 + len(s.entries)))
	s.entries = append(s.entries, history.Entry{
		Seq: int64(len(s.entries)) + 1, Time: s.now, Kind: kind, Change: change, Namespace: o.GetNamespace(), Name: o.GetName(),
		UID: o.GetUID(), ResourceVersion: o.GetResourceVersion(), Object: o.DeepCopyObject(),
	})
}

func (s *scene) act(text string, on history.Kind, name string) {
	s.entries = append(s.entries, history.Entry{Seq: int64(len(s.entries)) + 1, Time: s.now, Kind: history.KindAction, Change: history.Note, On: on, Name: name, Text: text})
}

func (s *scene) owner() []metav1.OwnerReference {
	return []metav1.OwnerReference{*metav1.NewControllerRef(s.ds, appsv1.SchemeGroupVersion.WithKind("DaemonSet"))}
}

func (s *scene) revision(number int64) {
	hash := s.ds.Spec.Template.Spec.Containers[0].Image
	raw, err := json.Marshal(map[string]any{"spec": map[string]any{"template": s.ds.Spec.Template}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.put(history.KindControllerRevision, history.Added, &appsv1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{Namespace: "spec", Name: "agent-" + hash, OwnerReferences: s.owner(), Labels: map[string]string{appsv1.ControllerRevisionHashLabelKey: hash}},
		Data:       runtime.RawExtension{Raw: raw}, Revision: number,
	})
}

// create makes the pod that the controller makes, unbound.
func (s *scene) create(node string) *corev1.Pod {
	hash := s.ds.Spec.Template.Spec.Containers[0].Image
	name := node + "-" + hash
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Namespace: "spec", Name: name, GenerateName: "agent-", UID: types.UID("pod-" + name), OwnerReferences: s.owner(), CreationTimestamp: s.time(),
		Labels: map[string]string{"app": "agent", appsv1.ControllerRevisionHashLabelKey: hash},
	}}
	p.Spec.Containers = s.ds.Spec.Template.Spec.Containers
	p.Spec.Tolerations = oracle.Tolerations(s.ds)
	p.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
		NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchFields: []corev1.NodeSelectorRequirement{{Key: "metadata.name", Operator: "In", Values: []string{node}}}}},
	}}}
	p.Status.Phase = corev1.PodPending
	s.pods[name] = p
	s.put(history.KindPod, history.Added, p)
	return p
}

func (s *scene) modify(name string, change func(*corev1.Pod)) {
	change(s.pods[name])
	s.put(history.KindPod, history.Modified, s.pods[name])
}

func (s *scene) bind(name string) {
	s.modify(name, func(p *corev1.Pod) {
		p.Spec.NodeName = oracle.TargetNode(p)
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionTrue, LastTransitionTime: s.time()}}
	})
}

// start is the kubelet taking the pod up; state is what its container does.
func (s *scene) start(name string, state corev1.ContainerState, ready bool) {
	s.bind(name)
	s.modify(name, func(p *corev1.Pod) {
		at := s.time()
		p.Status.StartTime = &at
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "agent", Image: "v1", State: state, Ready: ready}}
		if state.Running != nil {
			p.Status.Phase = corev1.PodRunning
		}
		if ready {
			p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: at})
		}
	})
}

func (s *scene) run(name string) {
	s.start(name, corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}, true)
}

// status is the controller writing the status that must stand.
func (s *scene) status() {
	st := history.Replay("spec", s.entries)
	st.SetNow(s.now)
	hash := s.ds.Spec.Template.Spec.Containers[0].Image
	s.ds.Status = oracle.ExpectedStatus(s.ds, st.Nodes(), st.PodsOf(s.ds), hash, s.now)
	s.put(history.KindDaemonSet, history.Modified, s.ds)
}

func (s *scene) event(kind, name, reason, message string) {
	e := &corev1.Event{ObjectMeta: metav1.ObjectMeta{Namespace: "spec", Name: fmt.Sprint("e", len(s.entries))}, Reason: reason, Message: message, Count: 3}
	e.InvolvedObject = corev1.ObjectReference{Kind: kind, Namespace: "spec", Name: name}
	e.LastTimestamp = s.time()
	s.put(history.KindEvent, history.Added, e)
}

// up is a DaemonSet that is rolled out, but for the nodes named.
func (s *scene) up(except ...string) {
	s.revision(1)
	for _, n := range []string{"a", "b", "c"} {
		s.create(n)
	}
	for _, n := range []string{"a", "b", "c"} {
		if len(except) == 0 || n != except[0] {
			s.run(n + "-v1")
		}
	}
	s.status()
}

// roll gives the template another image.
func (s *scene) roll() {
	s.ds.Spec.Template.Spec.Containers = []corev1.Container{{Name: "agent", Image: "v2"}}
	s.ds.Generation++
	s.put(history.KindDaemonSet, history.Modified, s.ds)
}

func (s *scene) notReady(node string) {
	s.nodes[node].Status.Conditions = []corev1.NodeCondition{{
		Type: corev1.NodeReady, Status: corev1.ConditionUnknown, Reason: "NodeStatusUnknown", Message: "Kubelet stopped posting node status.", LastTransitionTime: s.time(),
	}}
	s.put(history.KindNode, history.Modified, s.nodes[node])
}

// leave takes a node away; the controller tells of it.
func (s *scene) leave(node string) {
	s.put(history.KindNode, history.Deleted, s.nodes[node])
	s.status()
}

func waits(reason, message string) corev1.ContainerState {
	return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
}

func TestCause(t *testing.T) {
	for name, tc := range map[string]struct {
		class Class
		log   func(*scene)
	}{
		"controller-never-wrote": {NonConformant, func(s *scene) { s.pass(30 * time.Second) }},
		"controller-gone-silent": {NonConformant, func(s *scene) { s.up(); s.pass(time.Minute); s.roll(); s.pass(45 * time.Second) }},
		"quota": {Suite, func(s *scene) {
			s.revision(1)
			s.create("a")
			s.run("a-v1")
			s.event("DaemonSet", "agent", "FailedCreate", `Error creating: pods "agent-x" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=1, limited: pods=1`)
			s.status()
			s.pass(30 * time.Second)
		}},
		"quota-and-no-status": {NonConformant, func(s *scene) {
			s.revision(1)
			s.event("DaemonSet", "agent", "FailedCreate", `Error creating: pods "agent-x" is forbidden: exceeded quota: pods`)
			s.pass(30 * time.Second)
		}},
		"pod-security": {Suite, func(s *scene) {
			s.revision(1)
			s.event("DaemonSet", "agent", "FailedCreate", `Error creating: pods "agent-x" is forbidden: violates PodSecurity "restricted:latest": privileged`)
			s.status()
			s.pass(30 * time.Second)
		}},
		"webhook": {Suite, func(s *scene) {
			s.revision(1)
			s.event("DaemonSet", "agent", "FailedCreate", `Error creating: admission webhook "deny.example.com" denied the request: no`)
			s.status()
			s.pass(30 * time.Second)
		}},
		"rbac": {NonConformant, func(s *scene) {
			s.revision(1)
			s.event("DaemonSet", "agent", "FailedCreate", `Error creating: pods is forbidden: User "system:serviceaccount:kube-system:x" cannot create resource "pods"`)
			s.status()
			s.pass(30 * time.Second)
		}},
		"node-left-out": {NonConformant, func(s *scene) {
			s.revision(1)
			s.create("a")
			s.create("b")
			s.run("a-v1")
			s.run("b-v1")
			s.status()
			s.pass(30 * time.Second)
		}},
		"pod-where-it-must-not-be": {NonConformant, func(s *scene) {
			s.up()
			s.nodes["c"].Spec.Taints = []corev1.Taint{{Key: "dedicated", Value: "gpu", Effect: corev1.TaintEffectNoExecute}}
			s.put(history.KindNode, history.Modified, s.nodes["c"])
			s.event("DaemonSet", "agent", "FailedDelete", "Error deleting: denied")
			s.pass(30 * time.Second)
		}},
		"hot-loop-of-pods": {NonConformant, func(s *scene) {
			s.up()
			for range 8 {
				s.pass(time.Second)
				p := s.create("a")
				p.Status.Phase, p.Status.Reason, p.Status.Message = corev1.PodFailed, "OutOfcpu", "Pod was rejected"
				s.put(history.KindPod, history.Deleted, p)
			}
		}},
		"hot-loop-of-statuses": {NonConformant, func(s *scene) {
			s.up()
			s.ds.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubectl"}, {Manager: "my-controller", Subresource: "status"}}
			for range 40 {
				s.pass(200 * time.Millisecond)
				s.put(history.KindDaemonSet, history.Modified, s.ds)
			}
		}},
		"unschedulable": {Environment, func(s *scene) {
			s.up("c")
			s.modify("c-v1", func(p *corev1.Pod) {
				p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "0/3 nodes are available: 1 Insufficient cpu."}}
			})
			s.event("Pod", "c-v1", "FailedScheduling", "0/3 nodes are available: 1 Insufficient cpu.")
			s.pass(30 * time.Second)
		}},
		"unschedulable-and-status-wrong": {NonConformant, func(s *scene) {
			s.up("c")
			s.ds.Status.DesiredNumberScheduled = 2
			s.put(history.KindDaemonSet, history.Modified, s.ds)
			s.event("Pod", "c-v1", "FailedScheduling", "0/3 nodes are available: 1 Insufficient cpu.")
			s.pass(30 * time.Second)
		}},
		"scheduler-silent": {Environment, func(s *scene) {
			s.revision(1)
			for _, n := range []string{"a", "b", "c"} {
				s.create(n)
			}
			s.status()
			s.pass(30 * time.Second)
		}},
		"scheduler-stopped-by-the-spec": {NonConformant, func(s *scene) {
			s.act("stops the scheduler", "Component", "kube-scheduler")
			s.revision(1)
			for _, n := range []string{"a", "b", "c"} {
				s.create(n)
			}
			s.status()
			s.pass(30 * time.Second)
		}},
		"scheduler-binds-others": {NonConformant, func(s *scene) {
			s.up("c")
			s.pass(30 * time.Second)
		}},
		"other-scheduler": {Suite, func(s *scene) {
			s.ds.Spec.Template.Spec.SchedulerName = "mine"
			s.put(history.KindDaemonSet, history.Modified, s.ds)
			s.revision(1)
			for _, n := range []string{"a", "b", "c"} {
				p := s.create(n)
				p.Spec.SchedulerName = "mine"
				s.put(history.KindPod, history.Modified, p)
			}
			s.status()
			s.pass(30 * time.Second)
		}},
		"node-down": {Environment, func(s *scene) {
			s.up("c")
			s.bind("c-v1")
			s.notReady("c")
			s.pass(30 * time.Second)
		}},
		"node-down-by-the-spec": {NonConformant, func(s *scene) {
			s.act("stops the kubelet of Node", history.KindNode, "c")
			s.up("c")
			s.bind("c-v1")
			s.notReady("c")
			s.pass(30 * time.Second)
		}},
		"pod-of-a-node-that-was-removed": {NonConformant, func(s *scene) {
			s.act("removes Node", history.KindNode, "c")
			s.up()
			s.leave("c")
			s.pass(2 * time.Minute)
		}},
		"pod-of-a-node-that-has-just-left": {NonConformant, func(s *scene) { s.up(); s.leave("c"); s.pass(time.Minute) }},
		"kubelet-silent": {Environment, func(s *scene) {
			s.up("c")
			s.bind("c-v1")
			s.pass(30 * time.Second)
		}},
		"image": {Suite, func(s *scene) {
			s.up("c")
			s.start("c-v1", waits("ImagePullBackOff", `Back-off pulling image "127.0.0.1:1/nothing:v1"`), false)
			s.pass(30 * time.Second)
		}},
		"container-config": {Suite, func(s *scene) {
			s.up("c")
			s.start("c-v1", waits("CreateContainerConfigError", `configmap "settings" not found`), false)
			s.pass(30 * time.Second)
		}},
		"crash-loop": {Suite, func(s *scene) {
			s.up("c")
			s.start("c-v1", waits("CrashLoopBackOff", "back-off 40s"), false)
			s.modify("c-v1", func(p *corev1.Pod) {
				p.Status.ContainerStatuses[0].RestartCount = 4
				p.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 3, Reason: "Error", Message: "cannot read /host/proc\n"}
			})
			s.pass(30 * time.Second)
		}},
		"mount": {Suite, func(s *scene) {
			s.up("c")
			s.start("c-v1", waits("ContainerCreating", ""), false)
			s.event("Pod", "c-v1", "FailedMount", `MountVolume.SetUp failed for volume "data": hostPath type check failed: /no/such is not a directory`)
			s.pass(30 * time.Second)
		}},
		"readiness": {Suite, func(s *scene) {
			s.up("c")
			s.start("c-v1", corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}, false)
			s.event("Pod", "c-v1", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
			s.pass(30 * time.Second)
		}},
		"failed-pod-not-replaced": {NonConformant, func(s *scene) {
			s.up()
			s.modify("b-v1", func(p *corev1.Pod) { p.Status.Phase, p.Status.Reason = corev1.PodFailed, "Evicted" })
			s.pass(30 * time.Second)
		}},
		"terminating-within-its-grace": {Suite, func(s *scene) {
			s.up()
			s.modify("b-v1", func(p *corev1.Pod) {
				at, grace := metav1.NewTime(s.now.Add(10*time.Minute)), int64(600)
				p.DeletionTimestamp, p.DeletionGracePeriodSeconds = &at, &grace
			})
			s.pass(30 * time.Second)
		}},
		"terminating-past-its-grace": {Environment, func(s *scene) {
			s.up()
			s.act("deletes Pod", history.KindPod, "b-v1")
			s.modify("b-v1", func(p *corev1.Pod) {
				at, grace := metav1.NewTime(s.now.Add(5*time.Second)), int64(5)
				p.DeletionTimestamp, p.DeletionGracePeriodSeconds = &at, &grace
			})
			s.pass(65 * time.Second)
		}},
		"terminating-held-by-a-finalizer": {Suite, func(s *scene) {
			s.up()
			s.modify("b-v1", func(p *corev1.Pod) {
				at := s.time()
				p.DeletionTimestamp, p.Finalizers = &at, []string{"example.com/hold"}
			})
			s.pass(30 * time.Second)
		}},
		"set-held-by-a-foreign-finalizer": {Suite, func(s *scene) {
			s.up()
			at := s.time()
			s.ds.DeletionTimestamp, s.ds.Finalizers = &at, []string{"example.com/hold"}
			s.put(history.KindDaemonSet, history.Modified, s.ds)
			s.pass(30 * time.Second)
		}},
		"pod-taken-from-a-set-in-deletion": {NonConformant, func(s *scene) {
			s.up()
			at := s.time()
			s.ds.DeletionTimestamp, s.ds.Finalizers = &at, []string{"orphan", "example.com/hold"}
			s.put(history.KindDaemonSet, history.Modified, s.ds)
			s.modify("b-v1", func(p *corev1.Pod) { p.DeletionTimestamp = &at })
			s.pass(30 * time.Second)
		}},
		"set-held-by-finalizers": {NonConformant, func(s *scene) {
			s.up()
			at := s.time()
			s.ds.DeletionTimestamp, s.ds.Finalizers = &at, []string{"foregroundDeletion"}
			s.put(history.KindDaemonSet, history.Modified, s.ds)
			s.modify("b-v1", func(p *corev1.Pod) { p.Finalizers = []string{"example.com/hold"} })
			s.pass(30 * time.Second)
		}},
		"rollout-held-back-by-a-node": {Environment, func(s *scene) {
			s.up()
			s.roll()
			s.revision(2)
			s.put(history.KindPod, history.Deleted, s.pods["c-v1"])
			s.create("c")
			s.bind("c-v2")
			s.notReady("c")
			s.status()
			s.pass(30 * time.Second)
		}},
		"rollout-not-done": {NonConformant, func(s *scene) {
			s.up()
			s.roll()
			s.revision(2)
			s.status()
			s.pass(30 * time.Second)
		}},
		"rollout-not-done-beside-a-node-down": {NonConformant, func(s *scene) {
			two := intstr.FromInt32(2)
			s.ds.Spec.UpdateStrategy.RollingUpdate.MaxUnavailable = &two
			s.up()
			s.roll()
			s.revision(2)
			s.put(history.KindPod, history.Deleted, s.pods["c-v1"])
			s.create("c")
			s.bind("c-v2")
			s.notReady("c")
			s.status()
			s.pass(30 * time.Second)
		}},
		"status-wrong": {NonConformant, func(s *scene) {
			s.up()
			s.ds.Status.NumberReady = 2
			s.put(history.KindDaemonSet, history.Modified, s.ds)
			s.pass(30 * time.Second)
		}},
		"revision-missing": {NonConformant, func(s *scene) {
			s.up()
			s.roll()
			s.status()
			s.pass(30 * time.Second)
		}},
		"nothing-wrong": {Unclear, func(s *scene) { s.up(); s.pass(30 * time.Second) }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			tc.log(s)
			state := history.Replay("spec", s.entries)
			state.SetNow(s.now)
			got := Cause(Input{State: state, Entries: s.entries, DaemonSet: "agent", Expectation: "DaemonSet agent is rolled out"})
			if got.Class != tc.class {
				t.Errorf("class %s, want %s", got.Class, tc.class)
			}
			golden(t, name, got.String())
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestCauseWithoutASubject(t *testing.T) {
	empty := history.NewState("spec")
	golden(t, "no-such-set", Cause(Input{State: empty, DaemonSet: "agent"}).String())
	golden(t, "no-set-at-all", Cause(Input{State: empty, Namespace: "spec"}).String())
}

func TestNothingExcusesWhatMustNeverHappen(t *testing.T) {
	s := newScene(t)
	s.up("c")
	s.bind("c-v1")
	s.notReady("c")
	s.pass(30 * time.Second)
	state := history.Replay("spec", s.entries)
	state.SetNow(s.now)
	in := Input{State: state, Entries: s.entries}
	if got := Cause(in); got.Class != Environment {
		t.Errorf("class %s", got.Class)
	}
	in.Safety = true
	if got := Cause(in); got.Class != NonConformant {
		t.Errorf("class %s", got.Class)
	}
}

// TestNodesThatDoNotHoldStill: what a status lags behind by then is no proof
// against the controller, unless the spec itself had its hand on the node or the
// node was lost before it was waited for.
func TestNodesThatDoNotHoldStill(t *testing.T) {
	for name, tc := range map[string]struct {
		before func(*scene)
		since  time.Duration
		class  Class
	}{
		"by themselves": {func(*scene) {}, 0, Environment},
		"before":        {func(*scene) {}, 20 * time.Second, NonConformant},
		"by hand": {func(s *scene) {
			s.act("stops the kubelet of Node", history.KindNode, "c")
		}, 0, NonConformant},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.up("c")
			s.bind("c-v1")
			since := s.now.Add(tc.since)
			tc.before(s)
			s.notReady("c")
			s.ds.Status.DesiredNumberScheduled = 7
			s.put(history.KindDaemonSet, history.Modified, s.ds)
			s.pass(30 * time.Second)
			state := history.Replay("spec", s.entries)
			state.SetNow(s.now)
			got := Cause(Input{State: state, Entries: s.entries, DaemonSet: "agent", Since: since})
			if got.Class != tc.class {
				t.Errorf("class %s, want %s:\n%s", got.Class, tc.class, got)
			}
			if name == "by themselves" {
				golden(t, "nodes-do-not-hold-still", got.String())
			}
		})
	}
}

// TestWhatNobodyCalledFor: where nothing explains a change, it and its writer are named.
func TestWhatNobodyCalledFor(t *testing.T) {
	s := newScene(t)
	s.up()
	ds := s.ds.DeepCopy()
	at := metav1.NewTime(s.now)
	earlier := metav1.NewTime(s.now.Add(-time.Minute))
	ds.ManagedFields = []metav1.ManagedFieldsEntry{
		{Manager: "somebody", Subresource: "status", Time: &at}, {Manager: "kubectl", Time: &earlier},
	}
	s.put(history.KindDaemonSet, history.Modified, ds)
	s.pass(30 * time.Second)
	state := history.Replay("spec", s.entries)
	state.SetNow(s.now)
	golden(t, "nobody-called-for-it", Cause(Input{State: state, Entries: s.entries, Safety: true}).String())
}

func TestTheNamedSetIsLookedAtFirst(t *testing.T) {
	s := newScene(t)
	other := s.ds.DeepCopy()
	other.Name, other.UID = "aaa", "V"
	s.put(history.KindDaemonSet, history.Added, other)
	s.pass(30 * time.Second)
	state := history.Replay("spec", s.entries)
	state.SetNow(s.now)
	golden(t, "named-by-the-expectation", Cause(Input{State: state, Entries: s.entries, Expectation: "pods of agent are Ready"}).String())
}

// TestAnExcuseIsNoneForAnotherSet: a node that is down explains what is missing
// of one DaemonSet, and nothing of one that the controller never looked at.
func TestAnExcuseIsNoneForAnotherSet(t *testing.T) {
	s := newScene(t)
	s.up("c")
	s.bind("c-v1")
	s.notReady("c")
	left := s.ds.DeepCopy()
	left.Name, left.UID, left.Status = "left-alone", "V", appsv1.DaemonSetStatus{}
	s.put(history.KindDaemonSet, history.Added, left)
	s.pass(30 * time.Second)
	state := history.Replay("spec", s.entries)
	state.SetNow(s.now)
	in := Input{State: state, Entries: s.entries, Expectation: "pods of agent are Ready"}
	if got := Cause(in); got.Class != NonConformant {
		t.Errorf("class %s: %s", got.Class, got.Cause)
	}
	in.DaemonSet = "agent"
	if got := Cause(in); got.Class != Environment {
		t.Errorf("of agent alone: class %s: %s", got.Class, got.Cause)
	}
}

func TestARefusalThatTheSpecBringsAboutExcusesNobody(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.revision(1)
	s.event("DaemonSet", "agent", "FailedCreate", `Error creating: pods "agent-x" is forbidden: exceeded quota: pods`)
	s.status()
	s.pass(30 * time.Second)
	state := history.Replay("spec", s.entries)
	state.SetNow(s.now)
	in := Input{State: state, Entries: s.entries, DaemonSet: "agent", Expectation: "creates are tried ever less often"}
	if got := Cause(in).Class; got != Suite {
		t.Errorf("a quota of somebody's is %s", got)
	}
	in.Refusing = true
	if got := Cause(in).Class; got != NonConformant {
		t.Errorf("a quota of the spec's own is %s", got)
	}
}
