package catalogue

import (
	"maps"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// nodes are defects in how nodes that come, change and go are noticed.
func nodes() []Mutant {
	return slices.Concat(arrivals(), changes(), departures(), restless())
}

// arrivals are defects in what is done about nodes that join.
func arrivals() []Mutant {
	return []Mutant{
		{
			ID:         "misses-nodes-that-join",
			Notice:     "A node that joins gets no pods until the controller is restarted.",
			Clauses:    []string{"DS-NOD-001", "DS-NOD-008", "DS-RUM-015"},
			Injection:  "view: the watch of nodes does not tell of nodes that are added, nor of what becomes of them",
			ModelledOn: "Listing nodes once at the start, and handling updates alone.",
			Inject: func(s *rig.Setup) {
				var joined names
				s.Wire.Nodes.Change(func(c wire.Change[corev1.Node]) wire.Fate {
					if c.Type == watch.Added {
						joined.add(c.New.Name)
					}
					return wire.Fate{Lose: joined.have(c.New.Name)}
				})
			},
		},
		{
			ID:         "joined-nodes-must-be-ready",
			Notice:     "A node gets its first pods only once it is Ready, which a network agent would make it.",
			Clauses:    []string{"DS-NOD-001"},
			Injection:  "view: a node is not there until it has been Ready",
			ModelledOn: "Waiting for Ready before a node is put into the cache.",
			Inject: func(s *rig.Setup) {
				var been names
				s.Wire.Nodes.See(func(n *corev1.Node) bool {
					if holds(n, corev1.NodeReady) {
						been.add(n.Name)
					}
					return been.have(n.Name)
				})
			},
		},
		{
			ID:         "reads-one-page",
			Notice:     "On a cluster of more than 500 nodes those that the first page of the list does not have get no pods.",
			Clauses:    []string{"DS-CST-010"},
			Injection:  "view: no more than 500 nodes are seen",
			ModelledOn: "A list with limit=500 whose continue nobody follows.",
			Inject: func(s *rig.Setup) {
				var mu sync.Mutex
				page := map[string]bool{}
				s.Wire.Nodes.See(func(n *corev1.Node) bool {
					mu.Lock()
					defer mu.Unlock()
					if !page[n.Name] && len(page) < 500 {
						page[n.Name] = true
					}
					return page[n.Name]
				})
			},
		},
		{
			ID:         "one-joined-node-at-a-time",
			Notice:     "Of nodes that join at the same time only the first gets pods soon.",
			Clauses:    []string{"DS-NOD-008"},
			Injection:  "view: a node that joins within 20 s of another is told of ten minutes later",
			ModelledOn: "Debouncing additions of nodes, and keeping the first.",
			Inject: func(s *rig.Setup) {
				var mu sync.Mutex
				var last time.Time
				var late names
				s.Wire.Nodes.Change(func(c wire.Change[corev1.Node]) wire.Fate {
					mu.Lock()
					defer mu.Unlock()
					if c.Type == watch.Added {
						if time.Since(last) < 20*time.Second {
							late.add(c.New.Name)
						}
						last = time.Now()
					}
					if late.have(c.New.Name) {
						return wire.Fate{After: 10 * time.Minute}
					}
					return wire.Fate{}
				})
			},
		},
		{
			ID:         "old-pods-count-for-new-machine",
			Notice:     "A machine that takes the name of one that left gets no pod: the old one's is taken for its.",
			Clauses:    []string{"DS-NOD-003"},
			Injection:  "view: the last pod of a node that left is still there",
			ModelledOn: "A cache of pods by node name that is not cleared when the node goes.",
			Inject: func(s *rig.Setup) {
				var left names
				s.Wire.Nodes.Change(func(c wire.Change[corev1.Node]) wire.Fate {
					if c.Type == watch.Deleted {
						left.add(c.New.Name)
					}
					return wire.Fate{}
				})
				s.Wire.Pods.Change(func(c wire.Change[corev1.Pod]) wire.Fate {
					gone := left.have(c.New.Spec.NodeName)
					return wire.Fate{Lose: gone && owned(c.New) && (c.Type == watch.Deleted || c.New.DeletionTimestamp != nil || c.New.Status.Phase == corev1.PodFailed)}
				})
			},
		},
		{
			ID:         "two-pods-for-new-nodes",
			Notice:     "A node that joins gets two pods, of which one is deleted again.",
			Clauses:    []string{"DS-NOD-008", "DS-NOD-001"},
			Injection:  "writes: the first creation of each DaemonSet for a node that joined is done twice",
			ModelledOn: "Enqueuing on addition and on the update that follows, without expectations.",
			Inject: func(s *rig.Setup) {
				var joined, done names
				s.Wire.Nodes.Change(func(c wire.Change[corev1.Node]) wire.Fate {
					if c.Type == watch.Added {
						joined.add(c.New.Name)
					}
					return wire.Fate{}
				})
				doubling(func(p *corev1.Pod) bool {
					node := target(p)
					ref := metav1.GetControllerOf(p)
					return ref != nil && joined.have(node) && done.first(string(ref.UID)+node)
				})(s)
			},
		},
	}
}

// changes are defects in what is done about nodes that change.
func changes() []Mutant {
	return []Mutant{
		{
			ID:         "nodes-never-change",
			Notice:     "Labels and taints of a node count as they were when it joined.",
			Clauses:    []string{"DS-CHG-001", "DS-CHG-002", "DS-CHG-007"},
			Injection:  "view: the watch of nodes does not tell of updates",
			ModelledOn: "An informer with handlers for additions and deletions alone.",
			Inject: func(s *rig.Setup) {
				s.Wire.Nodes.Change(func(c wire.Change[corev1.Node]) wire.Fate { return wire.Fate{Lose: c.Type == watch.Modified} })
			},
		},
		{
			ID:         "labels-never-change",
			Notice:     "A label that a node gets or loses later brings no pod and takes none.",
			Clauses:    []string{"DS-CHG-001", "DS-CHG-002", "DS-CMD-004"},
			Injection:  "view: a node has the labels that it had when it joined",
			ModelledOn: "shouldIgnoreNodeUpdate, without the comparison of labels.",
			Inject:     frozen(func(was, is *corev1.Node) { is.Labels = was.Labels }),
		},
		{
			ID:         "taints-never-change",
			Notice:     "A taint that a node gets or loses later has no effect.",
			Clauses:    []string{"DS-CHG-003", "DS-CHG-007", "DS-CHG-006"},
			Injection:  "view: a node has the taints that it had when it joined",
			ModelledOn: "kubernetes#42398: shouldIgnoreNodeUpdate, without the comparison of taints.",
			Inject:     frozen(func(was, is *corev1.Node) { is.Spec.Taints = was.Spec.Taints }),
		},
		{
			ID:         "labels-are-never-lost",
			Notice:     "A node that loses the label keeps its pod.",
			Clauses:    []string{"DS-CHG-002", "DS-CHG-012"},
			Injection:  "view: a node has all labels that it ever had",
			ModelledOn: "Merging an update into the cached object.",
			Inject: carriedOn(func(was, is *corev1.Node) {
				all := maps.Clone(was.Labels)
				maps.Copy(all, is.Labels)
				is.Labels = all
			}),
		},
		{
			ID:         "label-values-never-change",
			Notice:     "A node whose label changes its value is treated as if it had the old one.",
			Clauses:    []string{"DS-CHG-002"},
			Injection:  "view: a label has the value that it had first",
			ModelledOn: "Comparing the sets of keys to find out whether labels have changed.",
			Inject: carriedOn(func(was, is *corev1.Node) {
				for k := range is.Labels {
					if v, ok := was.Labels[k]; ok {
						is.Labels[k] = v
					}
				}
			}),
		},
		{
			ID:         "taints-are-never-lost",
			Notice:     "A node stays without pods when the taint that kept them off has gone.",
			Clauses:    []string{"DS-CHG-007", "DS-CHG-006"},
			Injection:  "view: a node has all taints that it ever had",
			ModelledOn: "Acting on the addition of a taint alone.",
			Inject: carriedOn(func(was, is *corev1.Node) {
				for _, t := range was.Spec.Taints {
					if !slices.ContainsFunc(is.Spec.Taints, func(have corev1.Taint) bool { return have.MatchTaint(&t) }) {
						is.Spec.Taints = append(is.Spec.Taints, t)
					}
				}
			}),
		},
		{
			ID:         "polls-nodes",
			Notice:     "Changes of nodes take effect minutes later.",
			Clauses:    []string{"DS-CHG-001", "DS-CHG-007", "DS-NOD-001"},
			Injection:  "view: the watch of nodes lags by five minutes",
			ModelledOn: "Listing nodes by a timer, as most cloud controllers do.",
			Inject:     func(s *rig.Setup) { s.Wire.Nodes.Lag(5 * time.Minute) },
		},
		{
			ID:         "keeps-pods-where-none-belongs",
			Notice:     "Pods stay on nodes that no longer match.",
			Clauses:    []string{"DS-CHG-002", "DS-CHG-011", "DS-OND-008"},
			Injection:  "writes: the deletion of a pod that has no live companion, is of the current revision of its set, and whose node the stored template does not choose, is taken for done",
			ModelledOn: "Creating what is missing, and never asking what is too much.",
			Inject: deletingUnless(func(s *rig.Setup, p *corev1.Pod) bool {
				ds, n := owner(s, p), s.Wire.Nodes.Stored("", target(p))
				return ds != nil && n != nil && live(p) && !chooses(&ds.Spec.Template, n)
			}),
		},
		{
			ID:         "misscheduled-is-for-good",
			Notice:     "A pod that a taint made misscheduled is deleted and made again when the taint goes.",
			Clauses:    []string{"DS-CHG-006"},
			Injection:  "beside: when a node loses a NoSchedule taint, the pods that do not tolerate it are deleted",
			ModelledOn: "Healing by deletion what only has to be counted anew (kubernetes#132459).",
			Inject: func(s *rig.Setup) {
				s.Wire.Nodes.Change(func(c wire.Change[corev1.Node]) wire.Fate {
					if c.Old != nil {
						for _, t := range c.Old.Spec.Taints {
							lost := !slices.ContainsFunc(c.New.Spec.Taints, func(have corev1.Taint) bool { return have.MatchTaint(&t) })
							if lost && t.Effect == corev1.TaintEffectNoSchedule {
								deleteOn(s, c.New.Name, func(p *corev1.Pod) bool { return !tolerated(p, t) })
							}
						}
					}
					return wire.Fate{}
				})
			},
		},
	}
}

// frozen has the controller see what keep leaves of a node, which is told of
// what it was when it was first seen.
func frozen(keep func(was, is *corev1.Node)) inject {
	return func(s *rig.Setup) {
		var first sync.Map
		s.Wire.Nodes.See(func(n *corev1.Node) bool {
			// By UID: another machine of the same name is another node.
			was, _ := first.LoadOrStore(n.UID, n.DeepCopy())
			keep(was.(*corev1.Node).DeepCopy(), n)
			return true
		})
	}
}

// carriedOn has the controller see what keep leaves of a node, which is told of
// what the controller saw last.
func carriedOn(keep func(was, is *corev1.Node)) inject {
	return func(s *rig.Setup) {
		var last sync.Map
		s.Wire.Nodes.See(func(n *corev1.Node) bool {
			if was, ok := last.Load(n.UID); ok {
				keep(was.(*corev1.Node), n)
			}
			last.Store(n.UID, n.DeepCopy())
			return true
		})
	}
}

// sameForPods tells whether nothing about a node has changed that pods are placed by.
func sameForPods(a, b *corev1.Node) bool {
	return equality.Semantic.DeepEqual(a.Labels, b.Labels) && equality.Semantic.DeepEqual(a.Spec.Taints, b.Spec.Taints)
}

// tolerated tells whether a pod tolerates a taint, operators of numbers aside.
func tolerated(p *corev1.Pod, t corev1.Taint) bool {
	return slices.ContainsFunc(p.Spec.Tolerations, func(have corev1.Toleration) bool {
		return (have.Key == "" || have.Key == t.Key) && (have.Effect == "" || have.Effect == t.Effect)
	})
}
