package catalogue

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework/mutants/lens"
	"github.com/dsconform/dsconform/framework/mutants/rig"
)

// meant are defects in what taints and tolerations are taken to mean.
func meant() []Mutant {
	return []Mutant{
		{
			ID:         "ignores-taints",
			Notice:     "Pods are made for nodes whose taints they do not tolerate, stay Pending there, and count as desired.",
			Clauses:    []string{"DS-PLC-017", "DS-PLC-019", "DS-TRB-002"},
			Injection:  "view: nodes have no taints",
			ModelledOn: "Leaving taints to the scheduler.",
			Inject:     knowing(func(n *corev1.Node) { n.Spec.Taints = nil }),
		},
		{
			ID:         "first-taint-only",
			Notice:     "A node gets a pod if its first taint is tolerated, whatever the others are.",
			Clauses:    []string{"DS-PLC-019"},
			Injection:  "view: nodes have their first taint alone",
			ModelledOn: "A loop over taints that returns in its first round.",
			Inject: knowing(func(n *corev1.Node) {
				if len(n.Spec.Taints) > 1 {
					n.Spec.Taints = n.Spec.Taints[:1]
				}
			}),
		},
		{
			ID:         "prefer-no-schedule-excludes",
			Notice:     "Nodes with a PreferNoSchedule taint that is not tolerated get no pod.",
			Clauses:    []string{"DS-PLC-018"},
			Injection:  "view: PreferNoSchedule is NoSchedule",
			ModelledOn: "Looking for any taint that is not tolerated, without a filter of effects.",
			Inject:     effects(corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoSchedule, false),
		},
		{
			ID:         "no-schedule-evicts",
			Notice:     "A NoSchedule taint deletes the pods that run on the node.",
			Clauses:    []string{"DS-CHG-004", "DS-CMD-004"},
			Injection:  "view: NoSchedule, other than Kubernetes' own, is NoExecute",
			ModelledOn: "shouldContinueRunning taken for shouldRun.",
			Inject:     effects(corev1.TaintEffectNoSchedule, corev1.TaintEffectNoExecute, true),
		},
		{
			ID:         "no-execute-is-ignored",
			Notice:     "After a NoExecute taint the pod is evicted, made again, evicted again, and so on.",
			Clauses:    []string{"DS-CHG-003", "DS-TOL-012", "DS-PLC-019"},
			Injection:  "view: nodes have no NoExecute taints",
			ModelledOn: "Filtering taints by effect NoSchedule, as the scheduler of old did.",
			Inject: knowing(func(n *corev1.Node) {
				n.Spec.Taints = slices.DeleteFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.Effect == corev1.TaintEffectNoExecute })
			}),
		},
		{
			ID:         "no-schedule-is-ignored",
			Notice:     "Pods are made for nodes with a NoSchedule taint that they do not tolerate, and stay Pending there.",
			Clauses:    []string{"DS-PLC-017", "DS-PLC-019", "DS-CHG-010"},
			Injection:  "view: nodes have no NoSchedule taints",
			ModelledOn: "Filtering taints by effect NoExecute, as the eviction of pods does.",
			Inject: knowing(func(n *corev1.Node) {
				n.Spec.Taints = slices.DeleteFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.Effect == corev1.TaintEffectNoSchedule })
			}),
		},
		{
			ID:         "values-do-not-count",
			Notice:     "A toleration of operator Equal matches taints of any value.",
			Clauses:    []string{"DS-PLC-019"},
			Injection:  "view: nodes are judged by tolerations with Exists for Equal",
			ModelledOn: "Comparing key and effect.",
			Inject: meaning(func(t *corev1.Toleration) {
				if t.Operator == corev1.TolerationOpEqual || t.Operator == "" {
					t.Operator, t.Value = corev1.TolerationOpExists, ""
				}
			}),
		},
		{
			ID:         "equal-wants-value",
			Notice:     "A toleration of operator Equal without a value matches no taint, not even one without a value.",
			Clauses:    []string{"DS-PLC-019"},
			Injection:  "view: nodes are judged without the tolerations that are Equal to no value",
			ModelledOn: "Taking an empty value for one that was forgotten.",
			Inject: meaning(func(t *corev1.Toleration) {
				if (t.Operator == corev1.TolerationOpEqual || t.Operator == "") && t.Value == "" {
					matchNothing(t)
				}
			}),
		},
		{
			ID:         "tolerations-for-a-time-do-not-count",
			Notice:     "A node gets no pod if its taint is tolerated for some seconds only.",
			Clauses:    []string{"DS-PLC-019"},
			Injection:  "view: nodes are judged without the tolerations that end",
			ModelledOn: "Leaving out what does not keep a pod there for good.",
			Inject: meaning(func(t *corev1.Toleration) {
				if t.TolerationSeconds != nil {
					matchNothing(t)
				}
			}),
		},
		{
			ID:         "values-without-case",
			Notice:     "A toleration matches a taint whose value differs in upper and lower case.",
			Clauses:    []string{"DS-PLC-019"},
			Injection:  "view: nodes are judged with all values of taints and tolerations in lower case",
			ModelledOn: "Comparing by strings.EqualFold.",
			Inject: together(
				meaning(func(t *corev1.Toleration) { t.Value = strings.ToLower(t.Value) }),
				knowing(func(n *corev1.Node) {
					for i := range n.Spec.Taints {
						n.Spec.Taints[i].Value = strings.ToLower(n.Spec.Taints[i].Value)
					}
				}),
			),
		},
		{
			ID:         "effects-do-not-count",
			Notice:     "A toleration of one effect matches taints of every effect.",
			Clauses:    []string{"DS-PLC-019"},
			Injection:  "view: nodes are judged by tolerations without effect",
			ModelledOn: "Comparing key and value.",
			Inject:     meaning(func(t *corev1.Toleration) { t.Effect = "" }),
		},
		{
			ID:         "empty-effect-matches-none",
			Notice:     "A toleration without effect does not help: nodes get no pod though every effect is tolerated.",
			Clauses:    []string{"DS-PLC-019", "DS-TOL-010"},
			Injection:  "view: tolerations without effect tolerate PreferNoSchedule alone",
			ModelledOn: "Comparing effects by ==.",
			Inject: meaning(func(t *corev1.Toleration) {
				if t.Effect == "" {
					t.Effect = corev1.TaintEffectPreferNoSchedule
				}
			}),
		},
		{
			ID:         "empty-key-matches-none",
			Notice:     "A toleration of everything (Exists without a key) does not help: network agents never start.",
			Clauses:    []string{"DS-TOL-010", "DS-PLC-019"},
			Injection:  "view: tolerations without a key have one that no taint has",
			ModelledOn: "Comparing keys by ==.",
			Inject: meaning(func(t *corev1.Toleration) {
				if t.Key == "" {
					matchNothing(t)
				}
			}),
		},
		{
			ID:         "exists-with-value-only",
			Notice:     "A toleration of operator Exists matches only taints without a value.",
			Clauses:    []string{"DS-PLC-019"},
			Injection:  "view: nodes are judged by tolerations with Equal for Exists",
			ModelledOn: "Comparing values before the operator is looked at.",
			Inject: meaning(func(t *corev1.Toleration) {
				if t.Operator == corev1.TolerationOpExists && t.Key != "" {
					t.Operator = corev1.TolerationOpEqual
				}
			}),
		},
		{
			ID:         "one-toleration-is-enough",
			Notice:     "A node gets a pod if one of its taints is tolerated, though another is not.",
			Clauses:    []string{"DS-PLC-019"},
			Injection:  "view: nodes with several taints, one of which some toleration of some DaemonSet names, have that one alone",
			ModelledOn: "Any where all is meant.",
			Inject: func(s *rig.Setup) {
				knowing(func(n *corev1.Node) {
					hard := slices.DeleteFunc(slices.Clone(n.Spec.Taints), func(t corev1.Taint) bool { return t.Effect == corev1.TaintEffectPreferNoSchedule })
					if len(hard) < 2 {
						return
					}
					for _, ds := range s.Wire.DaemonSets.All() {
						for _, t := range ds.Spec.Template.Spec.Tolerations {
							for i := range hard {
								if t.Key == hard[i].Key {
									n.Spec.Taints = hard[i : i+1]
									return
								}
							}
						}
					}
				})(s)
				// DaemonSets come after the nodes: the nodes are told of again.
				s.Wire.DaemonSets.Change(retellNodes(s))
			},
		},
		{
			ID:         "judges-by-template-alone",
			Notice:     "Cordoned nodes and nodes under pressure are left out, for the automatic tolerations do not count in choosing nodes.",
			Clauses:    []string{"DS-PLC-016", "DS-NOD-010"},
			Injection:  "view: the keys of the automatic NoSchedule tolerations are unknown on nodes",
			ModelledOn: "Choosing nodes by the template, and adding the tolerations to the pods later.",
			Inject: knowing(func(n *corev1.Node) {
				for i, t := range n.Spec.Taints {
					for _, a := range automatic() {
						if a.Key == t.Key && a.Effect == t.Effect {
							n.Spec.Taints[i].Key = "mutants.dsconform.dev/" + strings.ReplaceAll(t.Key, "/", "-")
						}
					}
				}
			}),
		},
		{
			ID:         "tolerates-own-namespace",
			Notice:     "Nodes with any taint of node.kubernetes.io get pods that do not tolerate it, and hold them Pending.",
			Clauses:    []string{"DS-TOL-011", "DS-TOL-009", "DS-TOL-012"},
			Injection:  "view: nodes have no taints of node.kubernetes.io",
			ModelledOn: "Daemons tolerate the node's own taints, said by a prefix.",
			Inject: knowing(func(n *corev1.Node) {
				n.Spec.Taints = slices.DeleteFunc(n.Spec.Taints, func(t corev1.Taint) bool { return strings.HasPrefix(t.Key, "node.kubernetes.io/") })
			}),
		},
		{
			ID:         "no-comparison-tolerations",
			Notice:     "Tolerations by Lt and Gt, which the API server accepts, match no taint: nodes get no pod.",
			Injection:  "option: the feature gate TaintTolerationComparisonOperators is off",
			Proof:      "By default the API server refuses every template with such an operator, as DS-PLC-026 judges: the controller never meets one.",
			ModelledOn: "A controller whose feature gates are not those of its API server.",
			Inject:     func(s *rig.Setup) { s.Options.Gates["TaintTolerationComparisonOperators"] = false },
		},
		{
			ID:         "comparison-means-exists",
			Notice:     "A toleration by Lt or Gt matches a taint of any number.",
			Injection:  "view: nodes are judged by tolerations with Exists for Lt and Gt",
			Proof:      "By default the API server refuses every template with such an operator, as DS-PLC-026 judges: the controller never meets one.",
			ModelledOn: "A default case of the switch over operators.",
			Inject: meaning(func(t *corev1.Toleration) {
				if t.Operator != corev1.TolerationOpEqual && t.Operator != corev1.TolerationOpExists && t.Operator != "" {
					t.Operator, t.Value = corev1.TolerationOpExists, ""
				}
			}),
		},
		{
			ID:         "master-means-control-plane",
			Notice:     "A template that tolerates the old taint node-role.kubernetes.io/master gets pods on control-plane nodes, where they stay Pending.",
			Clauses:    []string{"DS-TOL-013"},
			Injection:  "view: nodes are judged as if it tolerated the new taint too",
			ModelledOn: "Being kind to manifests of old.",
			Inject: deciding(func(t *corev1.PodTemplateSpec) {
				for _, have := range slices.Clone(t.Spec.Tolerations) {
					if have.Key == "node-role.kubernetes.io/master" {
						have.Key = controlPlane
						t.Spec.Tolerations = append(t.Spec.Tolerations, have)
					}
				}
			}),
		},
		{
			ID:         "out-of-date-pods-are-misscheduled",
			Notice:     "Pods on a node with a NoSchedule taint are left out of a rollout and stay of the old template.",
			Clauses:    []string{"DS-CHG-010"},
			Injection:  "writes: the deletion of a pod on a node with a NoSchedule taint that it does not tolerate is taken for done",
			ModelledOn: "Going over the eligible nodes in a rollout, and not over the pods.",
			Inject: deletingUnless(func(s *rig.Setup, p *corev1.Pod) bool {
				n := s.Wire.Nodes.Stored("", p.Spec.NodeName)
				return n != nil && live(p) && slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool {
					return t.Effect == corev1.TaintEffectNoSchedule && !slices.ContainsFunc(p.Spec.Tolerations, func(have corev1.Toleration) bool {
						return (have.Key == "" || have.Key == t.Key) && (have.Effect == "" || have.Effect == t.Effect)
					})
				})
			}),
		},
	}
}

// meaning has nodes be judged by tolerations of the template as change leaves them.
func meaning(change func(*corev1.Toleration)) inject {
	return deciding(func(t *corev1.PodTemplateSpec) {
		for i := range t.Spec.Tolerations {
			change(&t.Spec.Tolerations[i])
		}
	})
}

// effects has taints of one effect be taken for ones of another, and tolerations
// of the one for ones of both. With foreign, Kubernetes' own are left alone.
func effects(from, to corev1.TaintEffect, foreign bool) inject {
	return together(
		knowing(func(n *corev1.Node) {
			for i, t := range n.Spec.Taints {
				if t.Effect == from && (!foreign || !strings.Contains(t.Key, "kubernetes.io/")) {
					n.Spec.Taints[i].Effect = to
				}
			}
		}),
		meaning(func(t *corev1.Toleration) {
			if t.Effect == from {
				t.Effect = ""
			}
		}),
	)
}

// tolerationsInRevisions has revisions carry the automatic tolerations, and the
// controller not see them there.
func tolerationsInRevisions() inject {
	return func(s *rig.Setup) {
		lens.Revisions(s,
			func(t *corev1.PodTemplateSpec) { t.Spec.Tolerations = append(t.Spec.Tolerations, automatic()...) },
			func(t *corev1.PodTemplateSpec) {
				n := len(automatic())
				have := t.Spec.Tolerations
				if len(have) >= n && slices.Equal(have[len(have)-n:], automatic()) {
					t.Spec.Tolerations = have[:len(have)-n]
				}
				if len(t.Spec.Tolerations) == 0 {
					t.Spec.Tolerations = nil
				}
			})
	}
}

// matchNothing makes it a toleration of a taint that no node has.
func matchNothing(t *corev1.Toleration) { t.Key = "mutants.dsconform.dev/nothing" }
