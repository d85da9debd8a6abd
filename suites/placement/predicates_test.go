package placement

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func tolerant(tolerations ...corev1.Toleration) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"}, Spec: corev1.PodSpec{Tolerations: tolerations}}
}

func TestTolerationPredicates(t *testing.T) {
	seconds := int64(300)
	all := tableOfTolerations()
	finite := tableOfTolerations()
	finite[0].TolerationSeconds = &seconds
	other := exists("node.kubernetes.io/not-ready", corev1.TaintEffectNoSchedule)
	mine := []corev1.Toleration{{Key: "b", Value: "1"}, {Key: "a", Operator: corev1.TolerationOpExists}}
	explicit := corev1.Toleration{Key: "b", Operator: corev1.TolerationOpEqual, Value: "1"}
	for name, tc := range map[string]struct {
		got  error
		want bool
	}{
		"the six":                             {sameTolerations(tolerant(all...), tableOfTolerations()), true},
		"the six in another order":            {sameTolerations(tolerant(append(all[3:], all[:3]...)...), tableOfTolerations()), true},
		"five of them":                        {sameTolerations(tolerant(all[1:]...), tableOfTolerations()), false},
		"one too many":                        {sameTolerations(tolerant(append(tableOfTolerations(), other)...), tableOfTolerations()), false},
		"one twice":                           {sameTolerations(tolerant(append(tableOfTolerations(), all[0])...), tableOfTolerations()), false},
		"another effect":                      {sameTolerations(tolerant(append(tableOfTolerations()[1:], other)...), tableOfTolerations()), false},
		"with seconds":                        {sameTolerations(tolerant(finite...), tableOfTolerations()), false},
		"none ends":                           {noSeconds(tolerant(tableOfTolerations()...)), true},
		"one ends":                            {noSeconds(tolerant(finite...)), false},
		"trouble is not tolerated":            {noSeconds(tolerant(other)), false},
		"user's first":                        {startsWith(tolerant(append(mine, all...)...), mine), true},
		"user's first, the default spelt out": {startsWith(tolerant(explicit, mine[1]), mine), true},
		"user's last":                         {startsWith(tolerant(append(tableOfTolerations(), mine...)...), mine), false},
		"user's in another order":             {startsWith(tolerant(mine[1], mine[0]), mine), false},
		"user's cut":                          {startsWith(tolerant(mine[0]), mine), false},
	} {
		if (tc.got == nil) != tc.want {
			t.Errorf("%s: %v, want it to hold: %t", name, tc.got, tc.want)
		}
	}
}

func TestPinnedTo(t *testing.T) {
	pod := tolerant()
	if pinnedTo(pod, "n1") == nil {
		t.Error("a pod without affinity passes")
	}
	ds := &appsv1.DaemonSet{}
	requires(named(corev1.NodeSelectorOpIn, "n1"))(ds)
	pod.Spec.Affinity = ds.Spec.Template.Spec.Affinity
	if err := pinnedTo(pod, "n1"); err != nil {
		t.Error(err)
	}
	if pinnedTo(pod, "n2") == nil {
		t.Error("a pod for another node passes")
	}
	requires(named(corev1.NodeSelectorOpIn, "n1"), allOf(expr("a", corev1.NodeSelectorOpExists)))(ds)
	pod.Spec.Affinity = ds.Spec.Template.Spec.Affinity
	if pinnedTo(pod, "n1") == nil {
		t.Error("a second term, which would be ORed, passes")
	}
}

func TestMetadata(t *testing.T) {
	good := func() *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
			GenerateName: "rich-", Finalizers: []string{framework.HoldFinalizer}, Annotations: map[string]string{"note": "of the template"},
			Labels: map[string]string{"app": "rich", "of": "the-template", appsv1.ControllerRevisionHashLabelKey: "h", "pod-template-generation": "1"},
		}}
	}
	if err := metadata(good(), "h"); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*corev1.Pod){
		"no generateName":        func(p *corev1.Pod) { p.GenerateName = "" },
		"the DaemonSet's label":  func(p *corev1.Pod) { p.Labels["of"] = "the-daemonset" },
		"a label too many":       func(p *corev1.Pod) { p.Labels["more"] = "" },
		"another hash":           func(p *corev1.Pod) { p.Labels[appsv1.ControllerRevisionHashLabelKey] = "i" },
		"a lost annotation":      func(p *corev1.Pod) { p.Annotations = nil },
		"an annotation too many": func(p *corev1.Pod) { p.Annotations["of"] = "the DaemonSet" },
		"a lost finalizer":       func(p *corev1.Pod) { p.Finalizers = nil },
	} {
		pod := good()
		spoil(pod)
		if metadata(pod, "h") == nil {
			t.Errorf("%s passes", name)
		}
	}
}

// scene gives a state with DaemonSet d and the pods, which it owns.
func scene(pods ...*corev1.Pod) *history.State {
	yes := true
	entries := []history.Entry{{Seq: 1, Kind: history.KindDaemonSet, Change: history.Added, Namespace: "ns", Name: "d",
		Object: &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "d", UID: "d", ResourceVersion: "1"}}}}
	for i, p := range pods {
		p.Namespace = "ns"
		p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "DaemonSet", Name: "d", UID: "d", Controller: &yes}}
		entries = append(entries, history.Entry{Seq: int64(i + 2), Kind: history.KindPod, Change: history.Added, Namespace: "ns", Name: p.Name, UID: p.UID, Object: p})
	}
	return history.Replay("ns", entries)
}

func on(node, name string, spoil ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name)}, Spec: corev1.PodSpec{NodeName: node}}
	for _, s := range spoil {
		s(p)
	}
	return p
}

func terminating(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{} }

func succeeded(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }

func TestOneAtATime(t *testing.T) {
	for name, tc := range map[string]struct {
		pods []*corev1.Pod
		want bool
	}{
		"one":                               {[]*corev1.Pod{on("n", "a")}, true},
		"one on each node":                  {[]*corev1.Pod{on("n", "a"), on("m", "b")}, true},
		"two":                               {[]*corev1.Pod{on("n", "a"), on("n", "b")}, false},
		"beside a terminating one":          {[]*corev1.Pod{on("n", "a", terminating), on("n", "b")}, false},
		"beside a finished one":             {[]*corev1.Pod{on("n", "a", succeeded), on("n", "b")}, true},
		"beside a finished terminating one": {[]*corev1.Pod{on("n", "a", succeeded, terminating), on("n", "b")}, true},
	} {
		if err := oneAtATime(scene(tc.pods...), "d"); (err == nil) != tc.want {
			t.Errorf("%s: %v, want it to hold: %t", name, err, tc.want)
		}
	}
}

func TestUnwrittenAndUntouched(t *testing.T) {
	before := scene(on("n", "a"))
	same := scene(on("n", "a"))
	if err := site.Unwritten(before, "d")(same); err != nil {
		t.Error(err)
	}
	if site.Unwritten(before, "d")(scene(on("n", "b"))) == nil {
		t.Error("a replaced pod passes")
	}
	if site.Unwritten(before, "d")(scene(on("n", "a"), on("m", "b"))) == nil {
		t.Error("a new pod passes")
	}
	written := scene(on("n", "a"))
	written.Apply(history.Entry{Kind: history.KindDaemonSet, Change: history.Modified, Namespace: "ns", Name: "d",
		Object: &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "d", UID: "d", ResourceVersion: "2"}}})
	if site.Unwritten(before, "d")(written) == nil {
		t.Error("a written DaemonSet passes")
	}
	was := before.Pods()
	if err := untouched(was)(same); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*corev1.Pod){
		"deleted":   terminating,
		"relabeled": func(p *corev1.Pod) { p.Labels = map[string]string{"a": "b"} },
		"recreated": func(p *corev1.Pod) { p.UID = "other" },
	} {
		if untouched(was)(scene(on("n", "a", spoil))) == nil {
			t.Errorf("a pod that was %s passes", name)
		}
	}
	adopted := on("n", "a")
	s := scene(adopted)
	adopted.OwnerReferences = nil
	if untouched(was)(s) == nil {
		t.Error("a pod that lost its owner passes")
	}
}

func TestUntaintedAmong(t *testing.T) {
	node := func(name string, taints ...corev1.Taint) history.Entry {
		return history.Entry{Kind: history.KindNode, Change: history.Added, Name: name, Object: &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.NodeSpec{Taints: taints}}}
	}
	hard, soft := corev1.Taint{Key: "k", Effect: corev1.TaintEffectNoSchedule}, corev1.Taint{Key: "k", Effect: corev1.TaintEffectPreferNoSchedule}
	s := history.Replay("ns", []history.Entry{node("a"), node("b", hard), node("c", soft)})
	if err := untaintedAmong(s, []string{"a", "c"}); err != nil {
		t.Error(err)
	}
	if untaintedAmong(s, []string{"a"}) == nil {
		t.Error("a node with a soft taint may be left out")
	}
	if untaintedAmong(history.Replay("ns", []history.Entry{node("b", hard)}), nil) == nil {
		t.Error("a cluster without an untainted node proves something")
	}
	if got := carrying(s.Nodes(), "k"); len(got) != 1 || got[0] != "b" {
		t.Errorf("nodes whose only hard taint is k: %v, want [b]", got)
	}
}
