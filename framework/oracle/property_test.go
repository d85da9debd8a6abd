package oracle

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"pgregory.net/rapid"
)

var (
	genKey    = rapid.SampledFrom([]string{"a", "b", "c"})
	genValue  = rapid.SampledFrom([]string{"1", "2", "30"})
	genEffect = rapid.SampledFrom([]corev1.TaintEffect{"NoSchedule", "NoExecute", "PreferNoSchedule"})
	genTaint  = rapid.Custom(func(t *rapid.T) corev1.Taint {
		key := rapid.SampledFrom([]string{"a", "b", corev1.TaintNodeNotReady, corev1.TaintNodeUnschedulable, corev1.TaintNodeNetworkUnavailable}).Draw(t, "key")
		return taint(key, genValue.Draw(t, "value"), genEffect.Draw(t, "effect"))
	})
	genToleration = rapid.Custom(func(t *rapid.T) corev1.Toleration {
		tol := corev1.Toleration{
			Key:      rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "key"),
			Operator: rapid.SampledFrom([]corev1.TolerationOperator{"", "Equal", "Exists"}).Draw(t, "operator"),
			Effect:   rapid.SampledFrom([]corev1.TaintEffect{"", "NoSchedule", "NoExecute"}).Draw(t, "effect"),
		}
		if tol.Key == "" {
			tol.Operator = "Exists"
		}
		if tol.Operator != "Exists" {
			tol.Value = genValue.Draw(t, "value")
		}
		return tol
	})
	genRequirement = rapid.Custom(func(t *rapid.T) corev1.NodeSelectorRequirement {
		op := rapid.SampledFrom([]corev1.NodeSelectorOperator{"In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"}).Draw(t, "operator")
		r := is(genKey.Draw(t, "key"), op)
		switch op {
		case "In", "NotIn":
			r.Values = rapid.SliceOfN(genValue, 1, 2).Draw(t, "values")
		case "Gt", "Lt":
			r.Values = []string{genValue.Draw(t, "value")}
		case "Exists", "DoesNotExist":
		}
		return r
	})
	genLabels = rapid.MapOf(genKey, genValue)
	genNode   = rapid.Custom(func(t *rapid.T) *corev1.Node {
		return node("n", genLabels.Draw(t, "labels"), rapid.SliceOfN(genTaint, 0, 3).Draw(t, "taints")...)
	})
	genDaemonSet = rapid.Custom(func(t *rapid.T) *appsv1.DaemonSet {
		ds := daemonSet(tolerate(rapid.SliceOfN(genToleration, 0, 2).Draw(t, "tolerations")...))
		ds.Spec.Template.Spec.HostNetwork = rapid.Bool().Draw(t, "hostNetwork")
		if rapid.Bool().Draw(t, "selects") {
			ds.Spec.Template.Spec.NodeSelector = rapid.MapOfN(genKey, genValue, 0, 1).Draw(t, "nodeSelector")
		}
		if rapid.Bool().Draw(t, "requires") {
			terms := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) corev1.NodeSelectorTerm {
				return labelTerm(rapid.SliceOfN(genRequirement, 0, 2).Draw(t, "expressions")...)
			}), 1, 2).Draw(t, "terms")
			require(terms...)(ds)
		}
		return ds
	})
)

// model is the rule of the documentation once more, written from scratch and
// as plainly as can be, so that two independent readings must agree.
func model(n *corev1.Node, ds *appsv1.DaemonSet) (run, keep bool) {
	spec := ds.Spec.Template.Spec
	for k, v := range spec.NodeSelector {
		if n.Labels[k] != v {
			return false, false
		}
	}
	if spec.Affinity != nil {
		matches := false
		for _, term := range spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
			all := len(term.MatchExpressions) > 0
			for _, r := range term.MatchExpressions {
				all = all && modelRequirement(n.Labels, r)
			}
			matches = matches || all
		}
		if !matches {
			return false, false
		}
	}
	run, keep = true, true
	for _, tt := range n.Spec.Taints {
		ok := false
		for _, tol := range spec.Tolerations {
			ok = ok || (tol.Effect == "" || tol.Effect == tt.Effect) && (tol.Key == "" || tol.Key == tt.Key) && (tol.Operator == "Exists" || tol.Value == tt.Value)
		}
		switch {
		case ok, tt.Effect == "PreferNoSchedule",
			tt.Key == corev1.TaintNodeNotReady && tt.Effect == "NoExecute",
			tt.Key == corev1.TaintNodeUnschedulable && tt.Effect == "NoSchedule",
			tt.Key == corev1.TaintNodeNetworkUnavailable && tt.Effect == "NoSchedule" && spec.HostNetwork:
		case tt.Effect == "NoExecute":
			run, keep = false, false
		default:
			run = false
		}
	}
	return run, keep
}

func modelRequirement(labels map[string]string, r corev1.NodeSelectorRequirement) bool {
	v, ok := labels[r.Key]
	number := func(s string) int { n, _ := strconv.Atoi(s); return n }
	switch r.Operator {
	case "In":
		return ok && slices.Contains(r.Values, v)
	case "NotIn":
		return !ok || !slices.Contains(r.Values, v)
	case "Exists":
		return ok
	case "DoesNotExist":
		return !ok
	case "Gt":
		return ok && number(v) > number(r.Values[0])
	case "Lt":
		return ok && number(v) < number(r.Values[0])
	}
	return false
}

func TestDecideAgreesWithTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, ds := genNode.Draw(t, "node"), genDaemonSet.Draw(t, "daemonSet")
		got := Decide(n, ds)
		run, keep := model(n, ds)
		if got.Run != run || got.Keep != keep {
			t.Fatalf("got %+v, the model says run %v, keep %v", got, run, keep)
		}
	})
}

func TestDecideLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, ds := genNode.Draw(t, "node"), genDaemonSet.Draw(t, "daemonSet")
		d := Decide(n, ds)
		if d.Run && !d.Keep {
			t.Fatal("run without keep")
		}
		// Tolerating everything is as if the node had no taint.
		blanket, clean := ds.DeepCopy(), n.DeepCopy()
		blanket.Spec.Template.Spec.Tolerations = []corev1.Toleration{{Operator: "Exists"}}
		clean.Spec.Taints = nil
		if got, want := Decide(n, blanket), Decide(clean, ds); got.Run != want.Run || got.Keep != want.Keep {
			t.Fatalf("tolerating all: %+v, without taints: %+v", got, want)
		}
		// A further taint never makes a node more eligible, a further toleration never less.
		tainted := n.DeepCopy()
		tainted.Spec.Taints = append(tainted.Spec.Taints, genTaint.Draw(t, "further taint"))
		if got := Decide(tainted, ds); got.Run && !d.Run || got.Keep && !d.Keep {
			t.Fatalf("more taints, more eligible: %+v", got)
		}
		tolerant := ds.DeepCopy()
		tolerant.Spec.Template.Spec.Tolerations = append(tolerant.Spec.Template.Spec.Tolerations, genToleration.Draw(t, "further toleration"))
		if got := Decide(n, tolerant); d.Run && !got.Run || d.Keep && !got.Keep {
			t.Fatalf("more tolerations, less eligible: %+v", got)
		}
	})
}

var genPod = rapid.Custom(func(t *rapid.T) *corev1.Pod {
	p := podOn(rapid.SampledFrom([]string{"n0", "n1", "n2", "n3"}).Draw(t, "node"), rapid.StringMatching(`[a-z]{6}`).Draw(t, "name"))
	p.CreationTimestamp = metav1.NewTime(now.Add(-time.Duration(rapid.IntRange(0, 3).Draw(t, "age")) * time.Second))
	if rapid.Bool().Draw(t, "unbound") {
		p.Spec.NodeName = ""
	}
	if rapid.Bool().Draw(t, "ready") {
		ready(time.Duration(rapid.IntRange(0, 20).Draw(t, "since")) * time.Second)(p)
	}
	if rapid.Bool().Draw(t, "terminating") {
		terminating(p)
	}
	p.Status.Phase = rapid.SampledFrom([]corev1.PodPhase{"Pending", "Running", "Failed", "Succeeded"}).Draw(t, "phase")
	p.Labels[appsv1.ControllerRevisionHashLabelKey] = rapid.SampledFrom([]string{"old", "new"}).Draw(t, "hash")
	return p
})

func TestExpectedStatusLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ds := daemonSet(selector("in", "yes"))
		ds.Annotations = nil
		ds.Spec.MinReadySeconds = int32(rapid.IntRange(0, 10).Draw(t, "minReadySeconds"))
		var nodes []*corev1.Node
		for i := range rapid.IntRange(0, 4).Draw(t, "nodes") {
			nodes = append(nodes, node(fmt.Sprintf("n%d", i), map[string]string{"in": rapid.SampledFrom([]string{"yes", "no"}).Draw(t, "in")}))
		}
		pods := rapid.SliceOfN(genPod, 0, 8).Draw(t, "pods")
		s := ExpectedStatus(ds, nodes, pods, "new", now)
		if s.NumberAvailable > s.NumberReady || s.NumberReady > s.CurrentNumberScheduled || s.CurrentNumberScheduled > s.DesiredNumberScheduled ||
			s.UpdatedNumberScheduled > s.CurrentNumberScheduled || s.NumberUnavailable != s.DesiredNumberScheduled-s.NumberAvailable ||
			int(s.DesiredNumberScheduled+s.NumberMisscheduled) > len(nodes) {
			t.Fatalf("the numbers contradict each other: %+v", s)
		}
		ds.Status = s
		if err := StatusDiff(ds, nodes, rapid.Permutation(pods).Draw(t, "shuffled"), "new", now); err != nil {
			t.Fatalf("another order of the pods gives another status: %v", err)
		}
	})
}

func TestBudgetRoundsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		percent, desired := rapid.IntRange(0, 100).Draw(t, "percent"), rapid.IntRange(1, 500).Draw(t, "desired")
		v, zero := intstr.FromString(fmt.Sprintf("%d%%", percent)), intstr.FromInt32(0)
		ds := daemonSet()
		ds.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateDaemonSet{MaxUnavailable: &v, MaxSurge: &zero}
		got, surge, err := Budget(ds, desired)
		want := max(1, (percent*desired+99)/100)
		if err != nil || got != want || surge != 0 {
			t.Fatalf("%d%% of %d: got %d and surge %d (%v), want %d", percent, desired, got, surge, err, want)
		}
	})
}
