package podlife

import (
	"context"
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

// picky gives the DaemonSet a selector of three labels, one of an empty value, and one expression of each
// operator, and its template a label that the selector does not ask for.
func picky(ds *appsv1.DaemonSet) {
	ds.Spec.Selector.MatchLabels["part"], ds.Spec.Selector.MatchLabels["plain"] = "node", ""
	ds.Spec.Selector.MatchExpressions = []metav1.LabelSelectorRequirement{
		{Key: "tier", Operator: metav1.LabelSelectorOpIn, Values: []string{"core", "edge"}},
		{Key: "stage", Operator: metav1.LabelSelectorOpNotIn, Values: []string{"trial"}},
		{Key: "zone", Operator: metav1.LabelSelectorOpExists},
		{Key: "retired", Operator: metav1.LabelSelectorOpDoesNotExist},
	}
	maps.Copy(ds.Spec.Template.Labels, map[string]string{"part": "node", "plain": "", "tier": "core", "zone": "", "note": "of-the-template"})
}

// strangers are what each fails the selector of picky by, and nothing else.
func strangers() map[string]func(labels map[string]string) {
	return map[string]func(map[string]string){
		"no-part":    func(l map[string]string) { delete(l, "part") },
		"no-plain":   func(l map[string]string) { delete(l, "plain") },
		"other-part": func(l map[string]string) { l["part"] = "cluster" },
		"other-case": func(l map[string]string) { l["part"] = "Node" },
		"other-tier": func(l map[string]string) { l["tier"] = "rim" },
		"no-tier":    func(l map[string]string) { delete(l, "tier") },
		"on-trial":   func(l map[string]string) { l["stage"] = "trial" },
		"no-zone":    func(l map[string]string) { delete(l, "zone") },
		"retired":    func(l map[string]string) { l["retired"] = "" },
	}
}

// wholeSelector: each stranger fails one requirement, so that a controller which
// knows only some of them takes it.
func wholeSelector() framework.Spec {
	return framework.Spec{
		ID: "DS-OWN-019", Area: framework.PodLife, Title: "the whole selector decides", Level: framework.Extended,
		Behaviour: "A pod without an owner MUST be adopted exactly if its labels meet the whole selector, every label and every expression, and whatever else the template has; an owned one that stops meeting a part of it MUST be released and replaced.",
		Clauses:   []string{"DaemonSetSpec.selector: a label query over pods; must match in order to be controlled", "LabelSelector: the result of matchLabels and matchExpressions are ANDed", "pkg/controller ClaimObject"},
		Why: "Most selectors are one label, and a controller that compares labels passes with them. The selector here has an expression of each operator; one orphan meets it by other labels than the template's, " +
			"the others fail one requirement each, on a node that must get its own pod beside them.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			fits := map[string]string{"app": "agent", "part": "node", "plain": "", "tier": "edge", "zone": "east"}
			pod := bare(e, "fits", e.Namespace, e.Nodes[0])
			pod.Labels = fits
			orphan := createPod(ctx, e, pod)
			var others []*corev1.Pod
			away := strangers()
			for _, name := range slices.Sorted(maps.Keys(away)) {
				pod := bare(e, name, e.Namespace, e.Nodes[1])
				pod.Labels = maps.Clone(fits)
				away[name](pod.Labels)
				others = append(others, createPod(ctx, e, pod))
			}
			ds := e.CreateDaemonSet(ctx, e.DaemonSet("agent", onDelete, picky))
			taken := fleet.Every(site.Same(orphan), site.Pods(ds, e.Nodes...), func(s *history.State) error {
				return ownedBy(ds, s.Pod(orphan.Name).OwnerReferences)
			})
			e.BecomesFor(ctx, "agent", e.Timeouts.Placement, "the orphan that meets the selector is adopted, and the other node gets a pod beside those that do not", taken)
			left := ownerless(others)
			e.BecomesFor(ctx, "agent", e.Timeouts.RolloutOf(1), "all pods run, and the pods that fail a part of the selector are nobody's", fleet.Every(taken, left, site.Running(ds, e.Nodes...)))

			relabel(ctx, e, orphan, "zone", "west")
			e.Stays(ctx, "a label that still meets the selector changes nothing", nil, fleet.Every(taken, left))
			relabel(ctx, e, orphan, "retired", "yes")
			released(ctx, e, orphan)
			e.Stays(ctx, "the pods that fail a part of the selector stay as they are", nil, ownerless(append(others, orphan)))
		},
	}
}

// ownerless judges that the pods stay, and that nobody has taken them.
func ownerless(pods []*corev1.Pod) func(*history.State) error {
	return func(s *history.State) error {
		for _, p := range pods {
			if err := site.Same(p)(s); err != nil {
				return err
			}
			if refs := s.Pod(p.Name).OwnerReferences; len(refs) > 0 {
				return fmt.Errorf("pod %s for node %s with labels %v has the owner %s %s", p.Name, oracle.TargetNode(p), s.Pod(p.Name).Labels, refs[0].Kind, refs[0].Name)
			}
		}
		return nil
	}
}
