package catalogue

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// seldomAtWork are defects that show only where something else comes first: an
// outage, a thousand nodes, a change amid the work.
func seldomAtWork() []Mutant {
	return []Mutant{
		{
			ID:         "asks-five-times-a-second",
			Notice:     "On a large cluster a new DaemonSet takes many minutes to get its pods.",
			Clauses:    []string{"DS-CST-010"},
			Injection:  "option: five requests a second, ten in a burst",
			ModelledOn: "The limit of a rest.Config that nobody has set: QPS 5, burst 10.",
			Inject:     func(s *rig.Setup) { s.Options.QPS, s.Options.Burst = 5, 10 },
		},
		{
			ID:         "creates-without-bound",
			Notice:     "A new DaemonSet on a large cluster has all its pods be created at once.",
			Clauses:    []string{"DS-CST-004"},
			Injection:  "inside: a burst has no end",
			ModelledOn: "Creating in a loop over the nodes; BurstReplicas is 250 for this.",
			Inject: func(s *rig.Setup) {
				s.Inside(func(i *rig.Insides) { i.Burst(1 << 20) })
			},
		},
		{
			ID:         "works-twice-at-the-same-time",
			Notice:     "A DaemonSet that changes while it is worked on gets pods twice.",
			Clauses:    []string{"DS-CST-012"},
			Injection:  "inside: the queue hands out a DaemonSet that is being worked on",
			ModelledOn: "A goroutine for each event in the place of a workqueue.",
			Inject: func(s *rig.Setup) {
				s.Inside(func(i *rig.Insides) {
					i.Queue(func(q workqueue.TypedRateLimitingInterface[string]) workqueue.TypedRateLimitingInterface[string] {
						return &hasty{q}
					})
				})
			},
		},
		{
			ID:         "starts-over-after-an-outage",
			Notice:     "Once the API server is back after an outage, all pods are deleted and made anew.",
			Clauses:    []string{"DS-RES-006"},
			Injection:  "beside: when a request succeeds after one that was not answered, all pods of DaemonSets are deleted",
			ModelledOn: "A cache that is emptied with the connection, and read before it is full again.",
			Inject: func(s *rig.Setup) {
				s.Beside(func(ctx context.Context, s *rig.Setup) {
					for failed := false; pause(ctx, 200*time.Millisecond); {
						// The client itself tries again for ten seconds where an answer is lost.
						soon, cancel := context.WithTimeout(ctx, 800*time.Millisecond)
						_, err := s.Client.AppsV1().DaemonSets("").List(soon, metav1.ListOptions{Limit: 1})
						cancel()
						if err != nil {
							failed = true
							continue
						}
						if failed {
							for _, p := range s.Wire.Pods.All() {
								if owned(p) && live(p) {
									remove(s, p, metav1.DeleteOptions{})
								}
							}
						}
						failed = false
					}
				})
			},
		},
		{
			ID:         "tells-only-of-its-own-deeds",
			Notice:     "The status follows what the controller does; what happens to pods and nodes by themselves it tells of only with the next rollout.",
			Clauses:    []string{"DS-STA-016"},
			Injection:  "writes: a status is taken for written unless the generation is new or a pod was created or deleted in the last two seconds",
			ModelledOn: "Writing the status at the end of what was done, and not when there was nothing to do.",
			Inject: func(s *rig.Setup) {
				var last atomic.Int64
				did := func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
					last.Store(time.Now().UnixNano())
					return next(ctx, r)
				}
				s.Wire.OnWrite("create", "pods", did)
				s.Wire.OnWrite("delete", "pods", did)
				s.Wire.OnWrite("update", "daemonsets/status", wire.Judge(func(r *wire.Request, ds *appsv1.DaemonSet) *wire.Answer {
					stored := s.Wire.DaemonSets.Stored(ds.Namespace, ds.Name)
					if stored == nil || stored.Status.ObservedGeneration != ds.Status.ObservedGeneration ||
						time.Since(time.Unix(0, last.Load())) < 2*time.Second {
						return nil
					}
					return wire.Pretend(r)
				}))
			},
		},
	}
}

// seldomWithPods are the like in what becomes of pods.
func seldomWithPods() []Mutant {
	return []Mutant{
		{
			ID:         "leaves-alone-what-was-there",
			Notice:     "A pod that no longer belongs on its node stays there if the controller was restarted meanwhile.",
			Clauses:    []string{"DS-RES-004", "DS-RES-002"},
			Injection:  "writes: the deletion of a pod that is older than the controller, from a node that the template leaves out, is taken for done",
			ModelledOn: "Remembering by itself which nodes it had chosen, and looking at the others no more.",
			Inject: func(s *rig.Setup) {
				begun := metav1.Now()
				deletingUnless(func(s *rig.Setup, p *corev1.Pod) bool {
					ds, node := owner(s, p), s.Wire.Nodes.Stored("", target(p))
					return ds != nil && node != nil && p.CreationTimestamp.Before(&begun) && live(p) && !chooses(&ds.Spec.Template, node)
				})(s)
			},
		},
		{
			ID:         "failed-pods-stay-with-surge",
			Notice:     "With maxSurge the failed pods of a node are never removed: they add up.",
			Clauses:    []string{"DS-POD-008"},
			Injection:  "writes: the deletion of a failed pod of a DaemonSet with maxSurge is taken for done",
			ModelledOn: "Two ways through podsShouldBeOnNode, and what is failed handled in one of them (kubernetes#124388).",
			Inject: deletingUnless(func(s *rig.Setup, p *corev1.Pod) bool {
				ds := owner(s, p)
				return ds != nil && surges(ds) && p.Status.Phase == corev1.PodFailed
			}),
		},
		{
			ID:         "surge-remembers-nodes-that-left",
			Notice:     "A rollout with maxSurge does not end once a node has left the cluster.",
			Clauses:    []string{"DS-RUS-014"},
			Injection:  "inside: a DaemonSet with maxSurge that had a pod on a node that left is not looked at any more",
			ModelledOn: "Going on to the next pod only once a node that is not there has its new one.",
			Inject: func(s *rig.Setup) {
				var stuck names
				s.Wire.Nodes.Change(func(c wire.Change[corev1.Node]) wire.Fate {
					for _, p := range s.Wire.Pods.All() {
						if ds := owner(s, p); c.Type == "DELETED" && target(p) == c.New.Name && ds != nil && surges(ds) {
							stuck.add(string(ds.UID))
						}
					}
					return wire.Fate{}
				})
				syncing(func(s *rig.Setup, next rig.SyncFunc) rig.SyncFunc {
					return func(ctx context.Context, key string) error {
						namespace, name, _ := cache.SplitMetaNamespaceKey(key)
						if ds := s.Wire.DaemonSets.Stored(namespace, name); ds != nil && stuck.have(string(ds.UID)) {
							return nil
						}
						return next(ctx, key)
					}
				})(s)
			},
		},
		{
			ID:         "unbound-pods-stay-on-unmatched-nodes",
			Notice:     "A pod that was Pending when its node stopped matching stays Pending for ever.",
			Clauses:    []string{"DS-CHG-008"},
			Injection:  "writes: the deletion of an unbound pod for a node that is there is taken for done",
			ModelledOn: "Looking pods up by spec.nodeName alone.",
			Inject: deletingUnless(func(s *rig.Setup, p *corev1.Pod) bool {
				return p.Spec.NodeName == "" && s.Wire.Nodes.Stored("", target(p)) != nil
			}),
		},
	}
}

// seldomWithRevisions are the like in what becomes of the history.
func seldomWithRevisions() []Mutant {
	return []Mutant{
		{
			ID:         "merging-revisions-restarts-pods",
			Notice:     "When two revisions of one template become one, the pods are restarted, those of older templates and under OnDelete too.",
			Clauses:    []string{"DS-REV-014", "DS-REV-013"},
			Injection:  "writes: the deletion of a revision whose data another one has is followed by that of all pods of its DaemonSet",
			ModelledOn: "Taking a change of the history for a change of the template.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("delete", "controllerrevisions", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
					cr := s.Wire.Revisions.Stored(r.Namespace, r.Name)
					a, err := next(ctx, r)
					if err != nil || !a.OK() || cr == nil || metav1.GetControllerOf(cr) == nil {
						return a, err
					}
					of := &metav1.ObjectMeta{UID: metav1.GetControllerOf(cr).UID}
					for _, other := range revisionsOf(s, of) {
						if other.Name == cr.Name || string(other.Data.Raw) != string(cr.Data.Raw) {
							continue
						}
						for _, p := range podsOf(s, of) {
							if live(p) {
								remove(s, p, metav1.DeleteOptions{})
							}
						}
					}
					return a, nil
				})
			},
		},
		{
			ID:         "cleans-up-with-the-edit-alone",
			Notice:     "Revisions over the limit stay if something kept the controller busy when the limit was lowered.",
			Clauses:    []string{"DS-REV-019"},
			Injection:  "writes: the deletion of a revision whose DaemonSet's generation has been observed is taken for done",
			ModelledOn: "Cleaning up where an edit is handled, and not where the work is.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("delete", "controllerrevisions", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
					cr := s.Wire.Revisions.Stored(r.Namespace, r.Name)
					if cr == nil || metav1.GetControllerOf(cr) == nil {
						return next(ctx, r)
					}
					ds := s.Wire.DaemonSets.Stored(r.Namespace, metav1.GetControllerOf(cr).Name)
					if ds != nil && ds.Status.ObservedGeneration == ds.Generation {
						return wire.Pretend(r), nil
					}
					return next(ctx, r)
				})
			},
		},
		{
			ID:         "another-name-after-no-answer",
			Notice:     "A revision whose creation was not answered is made once more under another name: the history tells of one template twice.",
			Clauses:    []string{"DS-RES-007"},
			Injection:  "writes: the creation of a revision that was not answered is sent again under another name",
			ModelledOn: "Retrying a create under a generated name, without a look at what the first try has left.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("create", "controllerrevisions", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
					a, err := next(ctx, r)
					if err == nil {
						return a, nil
					}
					cr, bad := wire.Decode[appsv1.ControllerRevision](r.Body)
					if bad != nil {
						return nil, err
					}
					r.Body = []byte(strings.ReplaceAll(string(r.Body), cr.Name, cr.Name+"x"))
					return next(ctx, r)
				})
			},
		},
	}
}

// hasty is a queue that hands out again what it has handed out before that is done.
type hasty struct {
	workqueue.TypedRateLimitingInterface[string]
}

// Get implements workqueue.TypedInterface.
func (q *hasty) Get() (item string, shutdown bool) {
	item, shutdown = q.TypedRateLimitingInterface.Get()
	if !shutdown {
		q.TypedRateLimitingInterface.Done(item)
	}
	return item, shutdown
}

// Done implements workqueue.TypedInterface: it is done already.
func (q *hasty) Done(string) {}
