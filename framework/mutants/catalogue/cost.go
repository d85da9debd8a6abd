package catalogue

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/kubernetes/pkg/controller/daemon/util"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// cost are defects in how often the controller asks the API server, and for what.
func cost() []Mutant { return slices.Concat(writesTooMany(), readsTooMany(), failsTooFast()) }

// writesTooMany are writes that are not needed, or are not its business.
func writesTooMany() []Mutant {
	return []Mutant{
		{
			ID:         "creates-twice",
			Notice:     "Each pod is created twice, and one of the two deleted again.",
			Clauses:    []string{"DS-CST-001", "DS-CST-009"},
			Injection:  "writes: creations of pods are sent twice",
			ModelledOn: "A retry of what was not idempotent.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("create", "pods", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
					if a, err := next(ctx, r); err != nil || !a.OK() {
						return a, err
					}
					return next(ctx, r)
				})
			},
		},
		{
			ID:         "deletes-twice",
			Notice:     "Each pod is deleted twice.",
			Clauses:    []string{"DS-CST-006", "DS-CST-009"},
			Injection:  "writes: deletions of pods are sent twice",
			ModelledOn: "The manage loop and the rollout both deleting the same pod.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("delete", "pods", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
					a, err := next(ctx, r)
					if err == nil && a.OK() {
						_, err = next(ctx, r)
					}
					return a, err
				})
			},
		},
		{
			ID:         "patches-new-pods",
			Notice:     "Each pod is patched once after it was created.",
			Clauses:    []string{"DS-CST-001", "DS-CST-009"},
			Injection:  "writes: a creation is followed by a patch of the pod's annotations",
			ModelledOn: "Labelling pods in a second step, because the first needed their names.",
			Inject: afterCreation(func(ctx context.Context, s *rig.Setup, p *corev1.Pod) {
				_, _ = s.Client.CoreV1().Pods(p.Namespace).Patch(ctx, p.Name, types.MergePatchType,
					[]byte(`{"metadata":{"annotations":{}}}`), metav1.PatchOptions{})
			}),
		},
		{
			ID:         "writes-revision-each-sync",
			Notice:     "The current revision is written each time the controller looks at a DaemonSet.",
			Clauses:    []string{"DS-CST-001", "DS-CST-002"},
			Injection:  "inside: after each sync the highest revision is written as it is",
			ModelledOn: "Updating without comparing first.",
			Inject: afterSync(func(ctx context.Context, s *rig.Setup, ds *appsv1.DaemonSet) {
				if cr := latest(revisionsOf(s, ds)); cr != nil {
					_, _ = s.Client.AppsV1().ControllerRevisions(cr.Namespace).Update(ctx, cr, metav1.UpdateOptions{})
				}
			}),
		},
		{
			ID:         "annotates-daemonsets",
			Notice:     "The controller writes to the DaemonSet itself, not only to its status.",
			Clauses:    []string{"DS-CST-007"},
			Injection:  "inside: after the first sync of a generation the DaemonSet gets an annotation",
			ModelledOn: "A Deployment's revision annotation.",
			Inject: func(s *rig.Setup) {
				var done names
				afterSync(func(ctx context.Context, s *rig.Setup, ds *appsv1.DaemonSet) {
					if done.have(string(ds.UID)) {
						return
					}
					done.add(string(ds.UID))
					_, _ = s.Client.AppsV1().DaemonSets(ds.Namespace).Patch(ctx, ds.Name, types.MergePatchType,
						[]byte(`{"metadata":{"annotations":{"mutants.dsconform.dev/seen":"yes"}}}`), metav1.PatchOptions{})
				})(s)
			},
		},
		{
			ID:         "writes-pod-status",
			Notice:     "The controller sets conditions of pods, which is the kubelet's business.",
			Clauses:    []string{"DS-CST-007", "DS-CST-001"},
			Injection:  "writes: a creation is followed by an update of the pod's status",
			ModelledOn: "Marking a pod as expected in its conditions.",
			Inject: afterCreation(func(ctx context.Context, s *rig.Setup, p *corev1.Pod) {
				_, _ = s.Client.CoreV1().Pods(p.Namespace).UpdateStatus(ctx, p, metav1.UpdateOptions{})
			}),
		},
		{
			ID:         "writes-when-strangers-go",
			Notice:     "The deletion of any pod of a namespace has the status of its DaemonSets written.",
			Clauses:    []string{"DS-CST-002"},
			Injection:  "beside: when a pod without a DaemonSet is deleted all statuses of its namespace are written as they are",
			ModelledOn: "Looking at everything, because one does not know whose it was.",
			Inject:     whenStrangersGo(nil),
		},
		{
			ID:         "stamps-when-strangers-go",
			Notice:     "The deletion of any pod of a namespace changes the status of its DaemonSets: all who watch those hear of it.",
			Clauses:    []string{"DS-POD-016"},
			Injection:  "beside: when a pod without a DaemonSet is deleted, a condition of each status of its namespace tells the time",
			ModelledOn: "Noting in the status when one has last looked, and looking at everything.",
			Inject:     whenStrangersGo(stamp("Looked")),
		},
	}
}

// whenStrangersGo has the statuses of a namespace be written, changed by change,
// when a pod without a DaemonSet is deleted there; nil leaves them as they are.
func whenStrangersGo(change func(*appsv1.DaemonSet)) inject {
	return watching(func(s *rig.Setup, before, p *corev1.Pod) {
		if p != nil || owned(before) {
			return
		}
		for _, ds := range s.Wire.DaemonSets.All() {
			if ds.Namespace == before.Namespace {
				rewriteStatus(s, ds.Namespace, ds.Name, change)
			}
		}
	})
}

// readsTooMany are reads of what the watches tell.
func readsTooMany() []Mutant {
	return []Mutant{
		{
			ID:         "reads-new-pods",
			Notice:     "Each pod is read once after it was created.",
			Clauses:    []string{"DS-CST-001", "DS-CST-009"},
			Injection:  "writes: a creation is followed by a read of the pod",
			ModelledOn: "Making sure of what the answer has said.",
			Inject: afterCreation(func(ctx context.Context, s *rig.Setup, p *corev1.Pod) {
				_, _ = s.Client.CoreV1().Pods(p.Namespace).Get(ctx, p.Name, metav1.GetOptions{})
			}),
		},
		{
			ID:         "lists-pods-each-sync",
			Notice:     "All pods of a namespace are listed each time the controller looks at a DaemonSet.",
			Clauses:    []string{"DS-CST-001", "DS-CST-009"},
			Injection:  "inside: after each sync the namespace's pods are listed",
			ModelledOn: "A client without a cache.",
			Inject: afterSync(func(ctx context.Context, s *rig.Setup, ds *appsv1.DaemonSet) {
				_, _ = s.Client.CoreV1().Pods(ds.Namespace).List(ctx, metav1.ListOptions{})
			}),
		},
		{
			ID:         "polls",
			Notice:     "The controller lists DaemonSets and pods every two seconds, also when nothing happens.",
			Clauses:    []string{"DS-CST-007"},
			Injection:  "beside: both are listed every two seconds",
			ModelledOn: "Listing on a timer instead of watching.",
			Inject: func(s *rig.Setup) {
				s.Beside(func(ctx context.Context, s *rig.Setup) {
					for pause(ctx, 2*time.Second) {
						_, _ = s.Client.AppsV1().DaemonSets("").List(ctx, metav1.ListOptions{})
						_, _ = s.Client.CoreV1().Pods("").List(ctx, metav1.ListOptions{})
					}
				})
			},
		},
	}
}

// failsTooFast are defects in how often what fails is tried again.
func failsTooFast() []Mutant {
	return []Mutant{
		{
			ID:         "no-slow-start",
			Notice:     "While creations are refused, the controller tries all nodes at once, each time.",
			Clauses:    []string{"DS-CST-003"},
			Injection:  "writes: a refused creation is followed by one for every other node that lacks a pod",
			ModelledOn: "A loop over all nodes that goes on after an error.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("create", "pods", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
					a, err := next(ctx, r)
					if err != nil || a.OK() {
						return a, err
					}
					p, err := wire.Decode[corev1.Pod](r.Body)
					if err != nil {
						return nil, err
					}
					for _, n := range s.Wire.Nodes.All() {
						p.Spec.Affinity = util.ReplaceDaemonSetPodNodeNameNodeAffinity(p.Spec.Affinity, n.Name)
						if r.Body, err = json.Marshal(p); err != nil || len(n.Spec.Taints) > 0 || len(companions(s, p)) > 0 {
							continue
						}
						if _, err = next(ctx, r); err != nil {
							return nil, err
						}
					}
					return a, nil
				})
			},
		},
		{
			ID:         "retries-without-backoff",
			Notice:     "What fails is tried again ten times a second, for as long as it fails.",
			Clauses:    []string{"DS-CST-003"},
			Injection:  "inside: what failed is looked at again after a tenth of a second",
			ModelledOn: "queue.Add where AddRateLimited is meant.",
			Inject:     queueing(func(q queue, key string) { q.AddAfter(key, 100*time.Millisecond) }),
		},
	}
}

// queue is that of the DaemonSets to be looked at.
type queue = workqueue.TypedRateLimitingInterface[string]

// queueing has again stand for how a DaemonSet whose sync failed is queued anew.
func queueing(again func(q queue, key string)) inject {
	return func(s *rig.Setup) {
		s.Inside(func(i *rig.Insides) { i.Queue(func(q queue) queue { return requeue{q, again} }) })
	}
}

// requeue queues anew in its own way.
type requeue struct {
	queue
	again func(q queue, key string)
}

// AddRateLimited implements workqueue.TypedRateLimitingInterface.
func (r requeue) AddRateLimited(key string) { r.again(r.queue, key) }

// afterCreation does f with every pod that was created.
func afterCreation(f func(ctx context.Context, s *rig.Setup, p *corev1.Pod)) inject {
	return func(s *rig.Setup) {
		s.Wire.OnWrite("create", "pods", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
			a, err := next(ctx, r)
			if err != nil || !a.OK() {
				return a, err
			}
			p, err := wire.Decode[corev1.Pod](a.Body)
			if err != nil {
				return nil, err
			}
			f(ctx, s, p)
			return a, nil
		})
	}
}
