package catalogue

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// tolerations are defects in the tolerations of pods, and in what they are
// taken to mean.
func tolerations() []Mutant {
	return slices.Concat(lacking(), carried(), meant())
}

// automatic are the tolerations that every pod of a DaemonSet gets.
func automatic() []corev1.Toleration {
	exists := func(key string, effect corev1.TaintEffect) corev1.Toleration {
		return corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, Effect: effect}
	}
	return []corev1.Toleration{
		exists(corev1.TaintNodeNotReady, corev1.TaintEffectNoExecute), exists(corev1.TaintNodeUnreachable, corev1.TaintEffectNoExecute),
		exists(corev1.TaintNodeDiskPressure, corev1.TaintEffectNoSchedule), exists(corev1.TaintNodeMemoryPressure, corev1.TaintEffectNoSchedule),
		exists(corev1.TaintNodePIDPressure, corev1.TaintEffectNoSchedule), exists(corev1.TaintNodeUnschedulable, corev1.TaintEffectNoSchedule),
	}
}

// isAutomatic tells whether a toleration is, or equals but for its seconds, one of those.
func isAutomatic(t corev1.Toleration) bool {
	t.TolerationSeconds = nil
	return slices.ContainsFunc(automatic(), func(a corev1.Toleration) bool { return a == t })
}

// lacking are defects by which an automatic toleration is missing.
func lacking() []Mutant {
	names := []string{"not-ready", "unreachable", "disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"}
	also := map[string][]string{"not-ready": {"DS-TOL-007"}, "unreachable": {"DS-TOL-007"}, "unschedulable": {"DS-PLC-016"}}
	var out []Mutant
	for i, t := range automatic() {
		out = append(out, Mutant{
			ID:         "lacks-toleration-" + names[i],
			Notice:     "Pods do not tolerate " + t.Key + ":" + string(t.Effect) + ", as every pod of a DaemonSet does.",
			Clauses:    append([]string{"DS-TOL-001"}, also[names[i]]...),
			Injection:  "writes: pods lose that toleration",
			ModelledOn: "A list of automatic tolerations copied from an old release, or typed from memory.",
			Inject: tolerating(func(have []corev1.Toleration, _ *corev1.Pod) []corev1.Toleration {
				return slices.DeleteFunc(have, func(h corev1.Toleration) bool { return h == t })
			}),
		})
	}
	return out
}

// carried are defects in the tolerations that pods carry.
func carried() []Mutant {
	network := corev1.Toleration{Key: corev1.TaintNodeNetworkUnavailable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}
	return []Mutant{
		{
			ID:         "lacks-network-toleration",
			Notice:     "Pods of the host network do not tolerate that the network is unavailable: the agent that would bring it up stays Pending.",
			Clauses:    []string{"DS-TOL-002"},
			Injection:  "writes: pods lose the toleration of network-unavailable",
			ModelledOn: "The seventh toleration, which is not in every list.",
			Inject: tolerating(func(have []corev1.Toleration, _ *corev1.Pod) []corev1.Toleration {
				return slices.DeleteFunc(have, func(h corev1.Toleration) bool { return h == network })
			}),
		},
		{
			ID:         "always-network-toleration",
			Notice:     "Pods without the host network start on nodes whose network is unavailable, and fail there.",
			Clauses:    []string{"DS-TOL-002", "DS-TOL-001"},
			Injection:  "writes: every pod gets the toleration of network-unavailable",
			ModelledOn: "A flat list of seven, where one has a condition.",
			Inject: tolerating(func(have []corev1.Toleration, p *corev1.Pod) []corev1.Toleration {
				if p.Spec.HostNetwork {
					return have
				}
				return append(have, network)
			}),
		},
		{
			ID:         "evicted-after-300s",
			Notice:     "Pods tolerate a node that is not ready or unreachable for five minutes only, and are then deleted.",
			Clauses:    []string{"DS-TOL-001", "DS-TOL-007", "DS-TOL-005"},
			Injection:  "writes: the two NoExecute tolerations get tolerationSeconds 300",
			ModelledOn: "The admission plugin DefaultTolerationSeconds, imitated.",
			Inject:     tolerating(seconds(300)),
		},
		{
			ID:         "keeps-template-seconds",
			Notice:     "A template that tolerates an unreachable node for some seconds has its pods deleted after them, and made again in vain.",
			Clauses:    []string{"DS-TOL-005"},
			Injection:  "writes: tolerations that the template gives seconds keep them",
			ModelledOn: "Adding automatic tolerations only where none of that key is there.",
			Inject: withOwner(func(ds *daemonSetObject, p *corev1.Pod) {
				for i, h := range p.Spec.Tolerations {
					for _, t := range ds.Spec.Template.Spec.Tolerations {
						if t.TolerationSeconds != nil && t.MatchToleration(&h) && isAutomatic(t) {
							p.Spec.Tolerations[i].TolerationSeconds = t.TolerationSeconds
						}
					}
				}
			}),
		},
		{
			ID:         "repeats-tolerations",
			Notice:     "A template's toleration that equals an automatic one but for its seconds stands in the pods beside it, and its seconds count.",
			Clauses:    []string{"DS-TOL-005"},
			Injection:  "writes: the template's own stands beside the automatic one",
			ModelledOn: "Appending without AddOrUpdateTolerationInPod.",
			Inject: withOwner(func(ds *daemonSetObject, p *corev1.Pod) {
				for _, t := range ds.Spec.Template.Spec.Tolerations {
					if isAutomatic(t) {
						p.Spec.Tolerations = append(p.Spec.Tolerations, t)
					}
				}
			}),
		},
		{
			ID:         "tolerates-everything",
			Notice:     "Pods are made for, and stay on, nodes with any taint: maintenance taints do not keep them off.",
			Clauses:    []string{"DS-TOL-001", "DS-PLC-017", "DS-CHG-003", "DS-TOL-011"},
			Injection:  "view: in part, and writes: a toleration of everything is added to what is judged and to the pods",
			ModelledOn: "The shortest reading of: daemon pods are not evicted.",
			Inject: together(
				deciding(func(t *corev1.PodTemplateSpec) {
					t.Spec.Tolerations = append(t.Spec.Tolerations, corev1.Toleration{Operator: corev1.TolerationOpExists})
				}),
				tolerating(func(have []corev1.Toleration, _ *corev1.Pod) []corev1.Toleration {
					return append(have, corev1.Toleration{Operator: corev1.TolerationOpExists})
				}),
			),
		},
		{
			ID:         "drops-template-tolerations",
			Notice:     "The template's own tolerations are missing from the pods, which stay Pending on the nodes that they are made for.",
			Clauses:    []string{"DS-TOL-004", "DS-PLC-020", "DS-TOL-010"},
			Injection:  "writes: pods have the automatic tolerations alone",
			ModelledOn: "Assigning the list where it must be appended to.",
			Inject: tolerating(func(have []corev1.Toleration, _ *corev1.Pod) []corev1.Toleration {
				return slices.DeleteFunc(have, func(h corev1.Toleration) bool { return !isAutomatic(h) && h != network })
			}),
		},
		{
			ID:         "automatic-tolerations-first",
			Notice:     "The order of the template's tolerations is changed in the pods: they compare as different from it.",
			Clauses:    []string{"DS-TOL-004"},
			Injection:  "writes: the automatic tolerations come first",
			ModelledOn: "Appending the template's to the list of defaults.",
			Inject: tolerating(func(have []corev1.Toleration, _ *corev1.Pod) []corev1.Toleration {
				slices.SortStableFunc(have, func(a, b corev1.Toleration) int { return rank(isAutomatic(a)) - rank(isAutomatic(b)) })
				return have
			}),
		},
		{
			ID:         "sorts-tolerations",
			Notice:     "The template's tolerations come in another order in the pods.",
			Clauses:    []string{"DS-TOL-004"},
			Injection:  "writes: the pods' tolerations are sorted by key",
			ModelledOn: "Merging tolerations by a map, and sorting its keys to be deterministic.",
			Inject: tolerating(func(have []corev1.Toleration, _ *corev1.Pod) []corev1.Toleration {
				slices.SortStableFunc(have, func(a, b corev1.Toleration) int {
					if a.Key < b.Key {
						return -1
					}
					return 1
				})
				return have
			}),
		},
		{
			ID:         "pressure-with-any-effect",
			Notice:     "Pods tolerate a pressure taint of effect NoExecute, which is there to remove them.",
			Clauses:    []string{"DS-TOL-001", "DS-TOL-012"},
			Injection:  "view: in part, and writes: the tolerations of pressure have no effect, which is every effect",
			ModelledOn: "Leaving the effect out, since the key says it all.",
			Inject: together(
				deciding(func(t *corev1.PodTemplateSpec) {
					for _, a := range automatic()[2:5] {
						t.Spec.Tolerations = append(t.Spec.Tolerations, corev1.Toleration{Key: a.Key, Operator: a.Operator})
					}
				}),
				tolerating(func(have []corev1.Toleration, _ *corev1.Pod) []corev1.Toleration {
					for i, h := range have {
						if slices.Contains(automatic()[2:5], h) {
							have[i].Effect = ""
						}
					}
					return have
				}),
			),
		},
		{
			ID:         "equal-in-place-of-exists",
			Notice:     "The automatic tolerations match only taints without a value.",
			Clauses:    []string{"DS-TOL-001"},
			Injection:  "writes: their operator is Equal, their value empty",
			ModelledOn: "Leaving the operator out, whose default is Equal.",
			Inject: tolerating(func(have []corev1.Toleration, _ *corev1.Pod) []corev1.Toleration {
				for i, h := range have {
					if isAutomatic(h) {
						have[i].Operator = corev1.TolerationOpEqual
					}
				}
				return have
			}),
		},
		{
			ID:         "tolerates-out-of-service",
			Notice:     "Pods are made for nodes that are out of service or not initialized by their cloud.",
			Clauses:    []string{"DS-TOL-011", "DS-TOL-001"},
			Injection:  "view: in part, and writes: tolerations of both taints are added",
			ModelledOn: "Tolerating whatever begins with node.kubernetes.io or node.cloudprovider.kubernetes.io.",
			Inject:     both(tolerateAll("node.kubernetes.io/out-of-service"), tolerateAll("node.cloudprovider.kubernetes.io/uninitialized")),
		},
		{
			ID:         "tolerates-master",
			Notice:     "Pods carry a toleration of the old control-plane taint that nobody asked for.",
			Clauses:    []string{"DS-TOL-001"},
			Injection:  "writes: a toleration of node-role.kubernetes.io/master is added",
			ModelledOn: "The manifests of old, built into the controller.",
			Inject: tolerating(func(have []corev1.Toleration, _ *corev1.Pod) []corev1.Toleration {
				return append(have, corev1.Toleration{Key: "node-role.kubernetes.io/master", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule})
			}),
		},
		{
			ID:         "tolerations-in-revisions",
			Notice:     "The automatic tolerations stand in the revisions: an undo writes them into the template.",
			Clauses:    []string{"DS-TOL-003", "DS-REV-003"},
			Injection:  "writes: revisions carry them; view: they do not",
			ModelledOn: "Adding tolerations to the template in place, before the revision is made of it.",
			Inject:     tolerationsInRevisions(),
		},
	}
}

// tolerating has pods be made with the tolerations that change makes of theirs.
func tolerating(change func([]corev1.Toleration, *corev1.Pod) []corev1.Toleration) inject {
	return creating(func(p *corev1.Pod) { p.Spec.Tolerations = change(p.Spec.Tolerations, p) })
}

// seconds gives the NoExecute tolerations so many seconds.
func seconds(n int64) func([]corev1.Toleration, *corev1.Pod) []corev1.Toleration {
	return func(have []corev1.Toleration, _ *corev1.Pod) []corev1.Toleration {
		for i, h := range have {
			if isAutomatic(h) && h.Effect == corev1.TaintEffectNoExecute {
				have[i].TolerationSeconds = &n
			}
		}
		return have
	}
}

// rank puts what is so before what is not.
func rank(so bool) int {
	if so {
		return 0
	}
	return 1
}

func tolerateAll(key string) corev1.Toleration {
	return corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists}
}

// both adds tolerations to what is judged and to the pods.
func both(more ...corev1.Toleration) inject {
	return together(
		deciding(func(t *corev1.PodTemplateSpec) { t.Spec.Tolerations = append(t.Spec.Tolerations, more...) }),
		tolerating(func(have []corev1.Toleration, _ *corev1.Pod) []corev1.Toleration { return append(have, more...) }),
	)
}
