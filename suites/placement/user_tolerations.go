package placement

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func userTolerationsFirst() framework.Spec {
	return framework.Spec{
		ID: "DS-TOL-004", Area: framework.Placement, Title: "the user's tolerations come first", Level: framework.Core,
		Behaviour: "The template's tolerations MUST reach the pods unchanged and in their order, before the automatic ones.",
		Clauses:   []string{"DaemonSetSpec.template", "concepts/workloads/controllers/daemonset, Taints and tolerations: you can add your own tolerations"},
		Why: "Where two tolerations match one taint, the first decides about its seconds: order is part of what the user wrote. " +
			"A controller that sorts, deduplicates or prepends changes it; the seconds and the double are there to see that.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			seconds := int64(7)
			mine := []corev1.Toleration{
				{Key: e.Key("z"), Operator: corev1.TolerationOpEqual, Value: "last", Effect: corev1.TaintEffectNoExecute, TolerationSeconds: &seconds},
				{Key: e.Key("a"), Operator: corev1.TolerationOpExists},
				{Key: e.Key("z"), Operator: corev1.TolerationOpEqual, Value: "last", Effect: corev1.TaintEffectNoSchedule},
				{Key: e.Key("a"), Operator: corev1.TolerationOpExists},
			}
			ds := placed(ctx, e, e.DaemonSet("daemon", unscheduled, tolerates(mine...)), e.Nodes...)
			pod := site.One(e.History.State(), ds, e.Nodes[0])
			e.Check(startsWith(pod, mine), "the pod's tolerations start with the template's, in their order")
			e.Check(sameTolerations(pod, slices.Concat(mine, tableOfTolerations())), "the rest are the automatic ones")
		},
	}
}

func startsWith(pod *corev1.Pod, want []corev1.Toleration) error {
	got := texts(pod.Spec.Tolerations)
	if len(got) < len(want) || !slices.Equal(got[:len(want)], texts(want)) {
		return fmt.Errorf("pod %s has tolerations %q, the template %q", pod.Name, got, texts(want))
	}
	return nil
}

func finiteTolerationReplaced() framework.Spec {
	seconds := int64(300)
	return framework.Spec{
		ID: "DS-TOL-005", Area: framework.Placement, Title: "seconds on an automatic toleration", Level: framework.Core,
		Behaviour: "A toleration of the template that equals an automatic one but for its tolerationSeconds MUST be replaced by the automatic one, without seconds.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset, Taints and tolerations: DaemonSet Pods are not evicted", "pkg/controller/daemon/util AddOrUpdateDaemonPodTolerations"},
		Why: "Manifests copied from Deployments carry these seconds. The first match decides: left in place they would let the agents of a node in trouble be evicted after five minutes, " +
			"just when they are needed, and not come back before the node has recovered.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			finite := tableOfTolerations()[:2]
			for i := range finite {
				finite[i].TolerationSeconds = &seconds
			}
			ds := placed(ctx, e, e.DaemonSet("daemon", unscheduled, tolerates(finite...)), e.Nodes...)
			e.Check(sameTolerations(site.One(e.History.State(), ds, e.Nodes[0]), tableOfTolerations()), "the pod has the six tolerations of the table, none with seconds")
		},
	}
}

func noDefaultSeconds() framework.Spec {
	return framework.Spec{
		ID: "DS-TOL-007", Area: framework.Placement, Title: "no default seconds", Level: framework.Core,
		Behaviour: "No pod MUST end up with tolerationSeconds that neither its template nor anybody else asked for: the API server's default of 300 s for a node in trouble must find itself not needed.",
		Clauses:   []string{"reference/access-authn-authz/admission-controllers: DefaultTolerationSeconds", "concepts/workloads/controllers/daemonset, Taints and tolerations"},
		Why: "The API server adds 300 s to every pod that comes without tolerations for not-ready and unreachable. A controller that adds its own only later, or not with effect NoExecute, " +
			"gets them: its pods are evicted after five minutes. Judged on the stored pods, with three kinds of templates.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			rows := []row{
				{"none", tolerates(), e.Nodes},
				{"own", tolerates(exists(e.Key("own"), corev1.TaintEffectNoExecute)), e.Nodes},
				{"everything", tolerates(corev1.Toleration{Operator: corev1.TolerationOpExists}), e.Nodes},
			}
			table(ctx, e, "every DaemonSet of the table has its pod", rows)
			for _, r := range rows {
				s := e.History.State()
				e.Check(noSeconds(site.One(s, s.DaemonSet(r.name), e.Nodes[0])), "the pod of DaemonSet %s tolerates a node in trouble for ever", r.name)
			}
		},
	}
}

// noSeconds judges that both taints of a node in trouble are tolerated, and
// nothing only for a time.
func noSeconds(pod *corev1.Pod) error {
	for _, t := range pod.Spec.Tolerations {
		if t.TolerationSeconds != nil {
			return fmt.Errorf("pod %s has a toleration that ends: %q", pod.Name, texts([]corev1.Toleration{t}))
		}
	}
	for _, key := range []string{corev1.TaintNodeNotReady, corev1.TaintNodeUnreachable} {
		if !slices.Contains(texts(pod.Spec.Tolerations), texts([]corev1.Toleration{exists(key, corev1.TaintEffectNoExecute)})[0]) {
			return fmt.Errorf("pod %s does not tolerate %s:NoExecute for ever; it has %q", pod.Name, key, texts(pod.Spec.Tolerations))
		}
	}
	return nil
}
