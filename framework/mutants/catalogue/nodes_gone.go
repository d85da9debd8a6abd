package catalogue

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/util/workqueue"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// departures are defects in what is done about nodes that leave or fall silent.
func departures() []Mutant {
	return []Mutant{
		{
			ID:         "nodes-never-leave",
			Notice:     "A node that has left still counts as desired, and new pods are made for it.",
			Clauses:    []string{"DS-NOD-003", "DS-NOD-006", "DS-NOD-004"},
			Injection:  "view: the watch of nodes does not tell of deletions",
			ModelledOn: "A cache of nodes of one's own, without a handler for deletions.",
			Inject: func(s *rig.Setup) {
				s.Wire.Nodes.Change(func(c wire.Change[corev1.Node]) wire.Fate { return wire.Fate{Lose: c.Type == watch.Deleted} })
			},
		},
		{
			ID:         "deletes-pods-of-gone-nodes",
			Notice:     "The pods of a node that has left are deleted at once, before the pod garbage collector marks them Failed: a node that is back loses its pod.",
			Clauses:    []string{"DS-NOD-003"},
			Injection:  "beside: when a node is deleted, so are the pods of DaemonSets on it",
			ModelledOn: "Doing the pod garbage collector's work.",
			Inject: func(s *rig.Setup) {
				s.Wire.Nodes.Change(func(c wire.Change[corev1.Node]) wire.Fate {
					if c.Type == watch.Deleted {
						deleteOn(s, c.New.Name, func(*corev1.Pod) bool { return true })
					}
					return wire.Fate{}
				})
			},
		},
		{
			ID:         "leaves-unbound-pods-of-gone-nodes",
			Notice:     "A pod that was not bound when its node left stays Pending for ever.",
			Clauses:    []string{"DS-NOD-004"},
			Injection:  "writes: the deletion of an unbound pod whose node is not there is taken for done",
			ModelledOn: "The controller before getUnscheduledPodsWithoutNode, when pods were first left to the scheduler.",
			Inject: deletingUnless(func(s *rig.Setup, p *corev1.Pod) bool {
				return p.Spec.NodeName == "" && target(p) != "" && s.Wire.Nodes.Stored("", target(p)) == nil
			}),
		},
		{
			ID:         "evicts-from-unreachable-nodes",
			Notice:     "When a node falls silent its pods are deleted: they terminate there for as long as it is silent, and are new when it is back.",
			Clauses:    []string{"DS-TOL-008", "DS-TOL-009"},
			Injection:  "beside: pods on a node that becomes unreachable are deleted",
			ModelledOn: "The node controller's eviction of old, which spared DaemonSets by a special case.",
			Inject: func(s *rig.Setup) {
				s.Wire.Nodes.Change(func(c wire.Change[corev1.Node]) wire.Fate {
					for _, t := range c.New.Spec.Taints {
						if t.Key == corev1.TaintNodeUnreachable && t.Effect == corev1.TaintEffectNoExecute {
							deleteOn(s, c.New.Name, func(*corev1.Pod) bool { return true })
						}
					}
					return wire.Fate{}
				})
			},
		},
		{
			ID:         "creates-on-unreachable-nodes",
			Notice:     "Pods are made for nodes that are unreachable, where nothing can start them.",
			Clauses:    []string{"DS-TOL-009"},
			Injection:  "view: nodes have no taints unreachable and not-ready of effect NoSchedule",
			ModelledOn: "Tolerating the two keys with every effect.",
			Inject: knowing(func(n *corev1.Node) {
				var keep []corev1.Taint
				for _, t := range n.Spec.Taints {
					if (t.Key != corev1.TaintNodeUnreachable && t.Key != corev1.TaintNodeNotReady) || t.Effect != corev1.TaintEffectNoSchedule {
						keep = append(keep, t)
					}
				}
				n.Spec.Taints = keep
			}),
		},
		{
			ID:         "forgets-rebooted-nodes",
			Notice:     "A pod that ended because its node rebooted stays ended.",
			Clauses:    []string{"DS-POD-015"},
			Injection:  "writes: the deletion of a finished pod on a node whose boot ID has changed is taken for done",
			ModelledOn: "Leaving what ended to the kubelet, which restarts containers, not pods.",
			Inject: func(s *rig.Setup) {
				var booted names
				s.Wire.Nodes.Change(func(c wire.Change[corev1.Node]) wire.Fate {
					if c.Old != nil && c.Old.Status.NodeInfo.BootID != c.New.Status.NodeInfo.BootID {
						booted.add(c.New.Name)
					}
					return wire.Fate{}
				})
				deletingUnless(func(_ *rig.Setup, p *corev1.Pod) bool {
					return booted.have(p.Spec.NodeName) && (p.Status.Phase == corev1.PodFailed || p.Status.Phase == corev1.PodSucceeded)
				})(s)
			},
		},
	}
}

// restless are defects that make nodes cost more than they must.
func restless() []Mutant {
	return []Mutant{
		{
			ID:         "writes-on-heartbeats",
			Notice:     "Every heartbeat of a node has every DaemonSet's status be written: a large cluster drowns its API server.",
			Clauses:    []string{"DS-CHG-009", "DS-CST-002", "DS-STA-012"},
			Injection:  "beside: a change of a node's status has each DaemonSet's status be written again",
			ModelledOn: "Reacting to every update of a node: shouldIgnoreNodeUpdate came for this.",
			Inject: func(s *rig.Setup) {
				s.Wire.Nodes.Change(func(c wire.Change[corev1.Node]) wire.Fate {
					if c.Old != nil && sameForPods(c.Old, c.New) {
						rewriteAll(s, nil)
					}
					return wire.Fate{}
				})
			},
		},
		{
			ID:         "stamps-heartbeats",
			Notice:     "Each DaemonSet's status tells when a node was last heard of: all who watch DaemonSets hear of every heartbeat.",
			Clauses:    []string{"DS-CHG-009"},
			Injection:  "beside: a change of a node that pods are not placed by has a condition of each DaemonSet's status tell the time",
			ModelledOn: "lastHeartbeatTime as the conditions of a node have it, which moved to leases because of what it cost.",
			Inject: func(s *rig.Setup) {
				s.Wire.Nodes.Change(func(c wire.Change[corev1.Node]) wire.Fate {
					if c.Old != nil && sameForPods(c.Old, c.New) {
						rewriteAll(s, stamp("NodesAlive"))
					}
					return wire.Fate{}
				})
			},
		},
		{
			ID:         "node-changes-touch-all-sets",
			Notice:     "A label or taint on one node has the status of every DaemonSet be written.",
			Clauses:    []string{"DS-CST-008", "DS-NOD-002"},
			Injection:  "beside: a change of a node that pods could be placed by has each DaemonSet's status be written again",
			ModelledOn: "Enqueuing all DaemonSets on each change of a node, and writing each time.",
			Inject: func(s *rig.Setup) {
				s.Wire.Nodes.Change(func(c wire.Change[corev1.Node]) wire.Fate {
					if c.Old == nil || !sameForPods(c.Old, c.New) {
						rewriteAll(s, nil)
					}
					return wire.Fate{}
				})
			},
		},
		{
			ID:         "reads-nodes-again-and-again",
			Notice:     "Each look at a DaemonSet costs a list of all nodes.",
			Clauses:    []string{"DS-CST-007", "DS-CST-002"},
			Injection:  "inside: each look begins with a list of the nodes",
			ModelledOn: "A client in place of a lister.",
			Inject: func(s *rig.Setup) {
				s.Inside(func(i *rig.Insides) {
					i.Sync(func(next rig.SyncFunc) rig.SyncFunc {
						return func(ctx context.Context, key string) error {
							if _, err := s.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{}); err != nil {
								return err
							}
							return next(ctx, key)
						}
					})
				})
			},
		},
		{
			ID:         "annotates-nodes",
			Notice:     "The controller tries to write on the nodes where its pods are, which it has no right to.",
			Clauses:    []string{"DS-CST-007"},
			Injection:  "writes: each pod that is created has its node be patched, whatever comes of it",
			ModelledOn: "Keeping one's records in annotations of nodes.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("create", "pods", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
					if p, err := wire.Decode[corev1.Pod](r.Body); err == nil && target(p) != "" {
						_, _ = s.Client.CoreV1().Nodes().Patch(ctx, target(p), "application/merge-patch+json",
							[]byte(`{"metadata":{"annotations":{"mutants.dsconform.dev/pod":"made"}}}`), metav1.PatchOptions{})
					}
					return next(ctx, r)
				})
			},
		},
		{
			ID:         "ignores-half-of-node-changes",
			Notice:     "Some nodes that get the label get their pod only when something else happens.",
			Clauses:    []string{"DS-CHG-001", "DS-CHG-007", "DS-CHG-012"},
			Injection:  "inside: the queue of changed nodes takes only every second one",
			ModelledOn: "A channel with a default case: what does not fit is dropped.",
			Inject: func(s *rig.Setup) {
				s.Inside(func(i *rig.Insides) {
					i.NodeQueue(func(q workqueue.TypedRateLimitingInterface[string]) workqueue.TypedRateLimitingInterface[string] {
						return &leaky{TypedRateLimitingInterface: q}
					})
				})
			},
		},
		{
			ID:         "waits-before-each-node-change",
			Notice:     "A changed node gets or loses its pods only after a minute and a half.",
			Clauses:    []string{"DS-CHG-001", "DS-CHG-002"},
			Injection:  "inside: what is put into the queue of changed nodes comes out 90 s later",
			ModelledOn: "Debouncing changes of nodes generously.",
			Inject: func(s *rig.Setup) {
				s.Inside(func(i *rig.Insides) {
					i.NodeQueue(func(q workqueue.TypedRateLimitingInterface[string]) workqueue.TypedRateLimitingInterface[string] {
						return &slow{TypedRateLimitingInterface: q, by: 90 * time.Second}
					})
				})
			},
		},
	}
}
