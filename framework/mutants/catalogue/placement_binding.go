package catalogue

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/pkg/controller/daemon/util"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// binding are defects in how a pod is tied to its node.
func binding() []Mutant {
	return []Mutant{
		{
			ID:         "binds-pods-itself",
			Notice:     "Pods are created with spec.nodeName already set, past the scheduler: resources, ports and priorities are nobody's business.",
			Clauses:    []string{"DS-PLC-008", "DS-PLC-010"},
			Injection:  "writes: a pod's affinity to its node becomes spec.nodeName",
			ModelledOn: "The controller before 1.12 (KEP-548), and most controllers that are written anew.",
			Inject: creating(func(p *corev1.Pod) {
				if node, err := util.GetTargetNodeName(p); err == nil {
					p.Spec.NodeName = node
					p.Spec.Affinity.NodeAffinity = nil
				}
			}),
		},
		{
			ID:         "binds-and-pins",
			Notice:     "Pods are created with spec.nodeName set beside the right affinity: they never wait, and never preempt.",
			Clauses:    []string{"DS-PLC-008", "DS-PLC-010"},
			Injection:  "writes: pods get spec.nodeName as well",
			ModelledOn: "Keeping the old way as a shortcut, to spare the scheduler the work.",
			Inject: creating(func(p *corev1.Pod) {
				if node, err := util.GetTargetNodeName(p); err == nil {
					p.Spec.NodeName = node
				}
			}),
		},
		{
			ID:         "names-another-node",
			Notice:     "The pod meant for one node is made for its neighbour: one node has pods come and go, another has none.",
			Clauses:    []string{"DS-PLC-001", "DS-PLC-002", "DS-CST-001"},
			Injection:  "writes: for one node in three, pods name the next one",
			ModelledOn: "A loop variable that a goroutine reads when the loop has gone on.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("create", "pods", wire.Rewrite(func(p *corev1.Pod) {
					node, err := util.GetTargetNodeName(p)
					if err != nil {
						return
					}
					all := s.Wire.Nodes.All()
					for i, n := range all {
						if n.Name == node && i%3 == 0 {
							p.Spec.Affinity = util.ReplaceDaemonSetPodNodeNameNodeAffinity(p.Spec.Affinity, all[(i+1)%len(all)].Name)
						}
					}
				}))
			},
		},
		{
			ID:         "pins-beside-template-terms",
			Notice:     "A pod's required affinity has its node as one more of the template's terms, which are ORed: the scheduler may put it on any node that matches.",
			Clauses:    []string{"DS-PLC-008"},
			Injection:  "writes: the template's required terms stand beside the one that names the node",
			ModelledOn: "Appending to nodeSelectorTerms where they must be replaced.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("create", "pods", wire.Rewrite(func(p *corev1.Pod) {
					ds := owner(s, p)
					if ds == nil {
						return
					}
					if want := required(&ds.Spec.Template); want != nil {
						have := p.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
						have.NodeSelectorTerms = append(have.NodeSelectorTerms, want.NodeSelectorTerms...)
					}
				}))
			},
		},
		{
			ID:         "pins-by-hostname-label",
			Notice:     "Pods are tied to the label kubernetes.io/hostname, which need not be the node's name: there they stay Pending.",
			Clauses:    []string{"DS-PLC-008"},
			Injection:  "writes: the affinity names the node by that label; view: seen by metadata.name again",
			ModelledOn: "The way that was usual before matchFields, and still is in other controllers.",
			Inject: pinning(func(p *corev1.Pod, node string) {
				p.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = &corev1.NodeSelector{
					NodeSelectorTerms: []corev1.NodeSelectorTerm{term(corev1.NodeSelectorRequirement{
						Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{node},
					})},
				}
			}),
		},
		{
			ID:         "pins-by-node-selector",
			Notice:     "Pods are tied to their node by a nodeSelector on kubernetes.io/hostname, which the template does not have.",
			Clauses:    []string{"DS-PLC-008", "DS-PLC-022"},
			Injection:  "writes: a nodeSelector in place of the affinity; view: seen by metadata.name again",
			ModelledOn: "The shortest way to name a node in a manifest.",
			Inject: pinning(func(p *corev1.Pod, node string) {
				p.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = nil
				if p.Spec.NodeSelector == nil {
					p.Spec.NodeSelector = map[string]string{}
				}
				p.Spec.NodeSelector[corev1.LabelHostname] = node
			}),
		},
		{
			ID:         "always-default-scheduler",
			Notice:     "The template's schedulerName is lost: the default scheduler binds the pods.",
			Clauses:    []string{"DS-PLC-010"},
			Injection:  "writes: pods name the default scheduler",
			ModelledOn: "The default scheduler taking DaemonSets over, and taking that at its word.",
			Inject:     creating(func(p *corev1.Pod) { p.Spec.SchedulerName = corev1.DefaultSchedulerName }),
		},
		{
			ID:         "overwrites-affinity",
			Notice:     "Pods lose the template's pod affinity, pod anti-affinity and preferred node affinity.",
			Clauses:    []string{"DS-PLC-007", "DS-PLC-021"},
			Injection:  "writes: pods have no affinity but the one to their node",
			ModelledOn: "Assigning a new Affinity to name the node, instead of replacing its required node affinity.",
			Inject: creating(func(p *corev1.Pod) {
				if node, err := util.GetTargetNodeName(p); err == nil {
					p.Spec.Affinity = util.ReplaceDaemonSetPodNodeNameNodeAffinity(nil, node)
				}
			}),
		},
		{
			ID:         "drops-preferred-affinity",
			Notice:     "Pods lose the template's preferred node affinity.",
			Clauses:    []string{"DS-PLC-007"},
			Injection:  "writes: pods have no preferred node affinity",
			ModelledOn: "Assigning a new NodeAffinity to name the node.",
			Inject: creating(func(p *corev1.Pod) {
				if p.Spec.Affinity != nil && p.Spec.Affinity.NodeAffinity != nil {
					p.Spec.Affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution = nil
				}
			}),
		},
		{
			ID:         "anti-affinity-leaves-nodes-out",
			Notice:     "A DaemonSet whose template repels its own pods per zone gets one pod instead of one a node.",
			Clauses:    []string{"DS-PLC-021"},
			Injection:  "view: nodes are judged as if required pod anti-affinity left all but one out",
			ModelledOn: "The scheduler's predicates, run by the controller as before 1.12.",
			Inject: func(s *rig.Setup) {
				deciding(func(t *corev1.PodTemplateSpec) {
					a := t.Spec.Affinity
					if a == nil || a.PodAntiAffinity == nil || len(a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution) == 0 {
						return
					}
					all := s.Wire.Nodes.All()
					if len(all) > 0 {
						alternatives(t, []corev1.NodeSelectorTerm{{MatchFields: []corev1.NodeSelectorRequirement{{
							Key: metav1.ObjectNameField, Operator: corev1.NodeSelectorOpIn, Values: []string{all[len(all)-1].Name},
						}}}})
					}
				})(s)
			},
		},
	}
}

// pinning has pods be tied to their node by pin in place of metadata.name, and
// the controller know its pods all the same.
func pinning(pin func(p *corev1.Pod, node string)) inject {
	return together(
		creating(func(p *corev1.Pod) {
			if node, err := util.GetTargetNodeName(p); err == nil && p.Spec.NodeName == "" {
				if p.Annotations == nil {
					p.Annotations = map[string]string{}
				}
				pin(p, node)
			}
		}),
		seeing(func(p *corev1.Pod) {
			if _, err := util.GetTargetNodeName(p); err == nil || !owned(p) {
				return
			}
			node := p.Spec.NodeSelector[corev1.LabelHostname]
			if a := p.Spec.Affinity; a != nil && a.NodeAffinity != nil && a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution != nil {
				for _, t := range a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
					for _, e := range t.MatchExpressions {
						if e.Key == corev1.LabelHostname && len(e.Values) == 1 {
							node = e.Values[0]
						}
					}
				}
			}
			if node != "" {
				p.Spec.Affinity = util.ReplaceDaemonSetPodNodeNameNodeAffinity(p.Spec.Affinity, node)
			}
		}),
	)
}
