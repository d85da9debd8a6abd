package catalogue

import (
	"context"
	"slices"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// rollout are defects in rolling updates without surge.
func rollout() []Mutant { return slices.Concat(budget(), steps()) }

// budget are defects in how many pods may be down.
func budget() []Mutant {
	return []Mutant{
		{
			ID:         "one-unavailable-too-many",
			Notice:     "A rollout takes down one pod more at a time than maxUnavailable allows.",
			Clauses:    []string{"DS-RUM-002", "DS-RUM-005", "DS-MRS-004"},
			Injection:  "view: a maxUnavailable given as a number is one higher",
			ModelledOn: "Comparing with <= where < is meant.",
			Inject: allowing(func(u *intstr.IntOrString, _ int32) {
				if u.Type == intstr.Int && u.IntVal > 0 {
					u.IntVal++
				}
			}),
		},
		{
			ID:         "percent-rounds-down",
			Notice:     "A maxUnavailable in per cent allows one pod less than it must.",
			Clauses:    []string{"DS-RUM-003"},
			Injection:  "view: a maxUnavailable in per cent is the number that is rounded down",
			ModelledOn: "Rounding as Deployments do; here it is rounded up.",
			Inject: allowing(func(u *intstr.IntOrString, desired int32) {
				if u.Type == intstr.String && desired > 0 {
					if n, err := intstr.GetScaledValueFromIntOrPercent(u, int(desired), false); err == nil {
						*u = intstr.FromInt32(max(1, int32(n)))
					}
				}
			}),
		},
		{
			ID:         "percent-to-the-nearest",
			Notice:     "A maxUnavailable in per cent is rounded to the nearest number: 40% of three nodes are one.",
			Clauses:    []string{"DS-RUM-003"},
			Injection:  "view: a maxUnavailable in per cent is the nearest number, one at least",
			ModelledOn: "Rounding by math.Round.",
			Inject: allowing(func(u *intstr.IntOrString, desired int32) {
				if n, ok := perCent(u); ok && desired > 0 {
					*u = intstr.FromInt32(max(1, (int32(n)*desired+50)/100))
				}
			}),
		},
		{
			ID:         "percent-of-all-nodes",
			Notice:     "A maxUnavailable in per cent is taken of all nodes of the cluster, and allows too much for a DaemonSet of a few.",
			Clauses:    []string{"DS-RUM-003"},
			Injection:  "view: a maxUnavailable in per cent is that of the number of nodes",
			ModelledOn: "len(nodeList) as the total.",
			Inject: func(s *rig.Setup) {
				allowing(func(u *intstr.IntOrString, _ int32) {
					if u.Type == intstr.String {
						if n, err := intstr.GetScaledValueFromIntOrPercent(u, len(s.Wire.Nodes.All()), true); err == nil {
							*u = intstr.FromInt32(int32(n))
						}
					}
				})(s)
			},
		},
		{
			ID:         "percent-is-a-number",
			Notice:     "A maxUnavailable of 10% allows ten pods to be down.",
			Clauses:    []string{"DS-RUM-003"},
			Injection:  "view: the per cent sign is not seen",
			ModelledOn: "Parsing the digits of the string.",
			Inject: allowing(func(u *intstr.IntOrString, _ int32) {
				if u.Type == intstr.String {
					if n, err := intstr.GetScaledValueFromIntOrPercent(u, 100, true); err == nil {
						*u = intstr.FromInt32(int32(n))
					}
				}
			}),
		},
		{
			ID:         "one-at-a-time",
			Notice:     "A rollout replaces one pod after the other whatever maxUnavailable allows: it takes hours.",
			Clauses:    []string{"DS-RUM-002", "DS-RUM-004", "DS-RUM-003"},
			Injection:  "view: maxUnavailable is 1",
			ModelledOn: "The default, taken for the only value.",
			Inject:     allowing(func(u *intstr.IntOrString, _ int32) { *u = intstr.FromInt32(1) }),
		},
		{
			ID:         "all-at-once",
			Notice:     "A rollout takes all pods down at once.",
			Clauses:    []string{"DS-RUM-002", "DS-RUM-005", "DS-RUM-003"},
			Injection:  "view: maxUnavailable is 100%",
			ModelledOn: "Deleting whatever is out of date.",
			Inject:     allowing(func(u *intstr.IntOrString, _ int32) { *u = intstr.FromString("100%") }),
		},
		{
			ID:         "budget-of-creation",
			Notice:     "A change of maxUnavailable has no effect.",
			Clauses:    []string{"DS-RUM-011"},
			Injection:  "view: the strategy is what it was when the DaemonSet's template was first seen",
			ModelledOn: "Taking the budget when a rollout begins.",
			Inject: func(s *rig.Setup) {
				var mu sync.Mutex
				type key struct {
					uid      types.UID
					template string
				}
				first := map[key]appsv1.DaemonSetUpdateStrategy{}
				taking(func(ds *appsv1.DaemonSet) {
					mu.Lock()
					defer mu.Unlock()
					k := key{ds.UID, ds.Annotations[appsv1.DeprecatedTemplateGeneration]}
					if was, ok := first[k]; ok {
						ds.Spec.UpdateStrategy = *was.DeepCopy()
						return
					}
					first[k] = *ds.Spec.UpdateStrategy.DeepCopy()
				})(s)
			},
		},
		{
			ID:         "budget-forgets-terminating",
			Notice:     "While a pod still terminates, the rollout goes on at the next node: more are down than maxUnavailable allows.",
			Clauses:    []string{"DS-RUM-008"},
			Injection:  "view: an old pod that terminates stands still; writes: in place of deleting it again another old one is deleted",
			ModelledOn: "Counting only what is there and not available.",
			Inject: together(
				seeing(func(p *corev1.Pod) {
					if p.DeletionTimestamp != nil && owned(p) && p.Status.Phase == corev1.PodRunning {
						p.DeletionTimestamp = nil
					}
				}),
				deletingUnless(func(s *rig.Setup, p *corev1.Pod) bool {
					if p.DeletionTimestamp == nil {
						return false
					}
					if ds := owner(s, p); ds != nil && rolling(ds) {
						deleteNext(s, ds, func(*corev1.Pod) bool { return true })
					}
					return true
				}),
			),
		},
		{
			ID:         "budget-forgets-new-pods",
			Notice:     "A rollout goes on while new pods are not available yet: broken pods replace all old ones.",
			Clauses:    []string{"DS-RUM-005", "DS-RUM-002"},
			Injection:  "beside: while a new pod is not available, further old ones are deleted",
			ModelledOn: "Counting only old pods against the budget.",
			Inject: func(s *rig.Setup) {
				s.Wire.Pods.Change(func(c wire.Change[corev1.Pod]) wire.Fate {
					if ds := owner(s, c.New); ds != nil && rolling(ds) && live(c.New) && updated(s, ds, c.New) && !ready(c.New) {
						deleteNext(s, ds, func(p *corev1.Pod) bool { return ready(p) })
					}
					return wire.Fate{}
				})
			},
		},
		{
			ID:         "budget-spares-broken-pods",
			Notice:     "Old pods that are not available do not use up the budget: available ones are taken down beside them.",
			Clauses:    []string{"DS-RUM-007"},
			Injection:  "writes: with an old pod that is not available an available one is deleted too",
			ModelledOn: "The controller before 1.31, which did not count them.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("delete", "pods", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
					if p := s.Wire.Pods.Stored(r.Namespace, r.Name); p != nil && live(p) && !ready(p) {
						if ds := owner(s, p); ds != nil && rolling(ds) && !updated(s, ds, p) {
							deleteNext(s, ds, func(p *corev1.Pod) bool { return ready(p) })
						}
					}
					return next(ctx, r)
				})
			},
		},
		{
			ID:         "broken-pods-wait-for-budget",
			Notice:     "Old pods that are not available are replaced only within the budget: a rollout that would mend them stands still.",
			Clauses:    []string{"DS-RUM-006"},
			Injection:  "writes: the deletion of an old pod that is not available is taken for done while maxUnavailable new ones are not",
			ModelledOn: "One list of candidates for broken and healthy pods.",
			Inject: deletingUnless(func(s *rig.Setup, p *corev1.Pod) bool {
				ds := owner(s, p)
				if ds == nil || !rolling(ds) || !live(p) || ready(p) || updated(s, ds, p) {
					return false
				}
				down := 0
				for _, other := range podsOf(s, ds) {
					if other.UID != p.UID && (!live(other) || !readyFor(other, ds.Spec.MinReadySeconds)) {
						down++
					}
				}
				most, err := intstr.GetScaledValueFromIntOrPercent(ds.Spec.UpdateStrategy.RollingUpdate.MaxUnavailable, int(ds.Status.DesiredNumberScheduled), true)
				return err == nil && down >= most
			}),
		},
	}
}

// steps are defects in what a rollout does.
func steps() []Mutant {
	return []Mutant{
		{
			ID:         "never-rolls",
			Notice:     "A changed template reaches no pod until it is deleted by hand.",
			Clauses:    []string{"DS-RUM-001", "DS-OND-006", "DS-KUB-001"},
			Injection:  "view: the strategy is OnDelete",
			ModelledOn: "The controller before 1.6, and those that only make what is missing.",
			Inject: taking(func(ds *appsv1.DaemonSet) {
				ds.Spec.UpdateStrategy = appsv1.DaemonSetUpdateStrategy{Type: appsv1.OnDeleteDaemonSetStrategyType}
			}),
		},
		{
			ID:         "updates-pods-in-place",
			Notice:     "A rollout changes the image in the pods that run instead of replacing them: nothing else of the template reaches them.",
			Clauses:    []string{"DS-RUM-001"},
			Injection:  "writes: in place of the deletion of an old pod its image and its hash are patched",
			ModelledOn: "A rollout without downtime, the easy way.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("delete", "pods", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
					p := s.Wire.Pods.Stored(r.Namespace, r.Name)
					if p == nil || !live(p) {
						return next(ctx, r)
					}
					ds := owner(s, p)
					if ds == nil || !rolling(ds) || updated(s, ds, p) || len(companions(s, p)) > 0 {
						return next(ctx, r)
					}
					if err := patchToNewest(ctx, s, ds, p); err != nil {
						return nil, err
					}
					return wire.Refuse(404, "updated in place"), nil
				})
			},
		},
		{
			ID:         "kills-without-grace",
			Notice:     "A rollout kills pods at once: neither terminationGracePeriodSeconds nor preStop are honoured.",
			Clauses:    []string{"DS-RUM-016"},
			Injection:  "writes: pods are deleted with gracePeriodSeconds 0",
			ModelledOn: "Deleting by force to be quick.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("delete", "pods", wire.Rewrite(func(o *metav1.DeleteOptions) {
					o.TypeMeta = metav1.TypeMeta{Kind: "DeleteOptions", APIVersion: "v1"}
					now := int64(0)
					o.GracePeriodSeconds = &now
				}))
			},
		},
		{
			ID:         "grace-of-one-second",
			Notice:     "Pods that the controller deletes get one second to end, whatever the template says.",
			Clauses:    []string{"DS-RUM-016"},
			Injection:  "writes: pods are deleted with gracePeriodSeconds 1",
			ModelledOn: "A grace of one's own.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("delete", "pods", wire.Rewrite(func(o *metav1.DeleteOptions) {
					o.TypeMeta = metav1.TypeMeta{Kind: "DeleteOptions", APIVersion: "v1"}
					one := int64(1)
					o.GracePeriodSeconds = &one
				}))
			},
		},
		{
			ID:         "deletes-terminating-again",
			Notice:     "A pod that terminates is deleted again and again.",
			Clauses:    []string{"DS-RUM-009", "DS-CST-006", "DS-CST-009"},
			Injection:  "beside: a pod that terminates is deleted once more each time it changes",
			ModelledOn: "Not looking at deletionTimestamp among the pods to delete.",
			Inject: func(s *rig.Setup) {
				s.Wire.Pods.Change(func(c wire.Change[corev1.Pod]) wire.Fate {
					if c.Type != "DELETED" && owned(c.New) && c.New.DeletionTimestamp != nil {
						go func() {
							_ = s.Client.CoreV1().Pods(c.New.Namespace).Delete(s.Context, c.New.Name, metav1.DeleteOptions{})
						}()
					}
					return wire.Fate{}
				})
			},
		},
		{
			ID:         "finishes-first-rollout-first",
			Notice:     "A second change of the template waits until the first has reached all nodes: with a broken first one, for ever.",
			Clauses:    []string{"DS-RUM-010", "DS-TRB-002"},
			Injection:  "view: the template is the one under way until its rollout has ended",
			ModelledOn: "Treating a rollout as a job that ends before the next one starts.",
			Inject:     oneRolloutAtATime(),
		},
		{
			ID:         "restarts-on-any-change",
			Notice:     "A change of minReadySeconds, the strategy or the history limit restarts all pods.",
			Clauses:    []string{"DS-RUM-012", "DS-MRS-005", "DS-RUM-011"},
			Injection:  "beside: a generation whose template is that of the one before has the pods be deleted, one each second",
			ModelledOn: "Comparing the generation to find pods that are out of date.",
			Inject: func(s *rig.Setup) {
				s.Wire.DaemonSets.Change(func(c wire.Change[appsv1.DaemonSet]) wire.Fate {
					const template = appsv1.DeprecatedTemplateGeneration
					if c.Old != nil && c.Old.Generation != c.New.Generation && c.Old.Annotations[template] == c.New.Annotations[template] && c.New.DeletionTimestamp == nil {
						go func() {
							for _, p := range podsOf(s, c.New) {
								_ = s.Client.CoreV1().Pods(p.Namespace).Delete(s.Context, p.Name, metav1.DeleteOptions{})
							}
						}()
					}
					return wire.Fate{}
				})
			},
		},
		{
			ID:         "deleted-pods-come-back-old",
			Notice:     "A pod that a user deletes in the middle of a rollout comes back with the template that it had.",
			Clauses:    []string{"DS-RUM-014", "DS-RUM-001"},
			Injection:  "writes: a pod for a node whose last pod was of an older template, and was not deleted by the controller, is made of that one",
			ModelledOn: "Remaking a pod from what was there.",
			Inject:     comingBackOld(),
		},
		{
			ID:         "new-nodes-wait-for-rollout",
			Notice:     "A node that joins in the middle of a rollout gets its pod only when the rollout has ended.",
			Clauses:    []string{"DS-RUM-015"},
			Injection:  "writes: while old pods of the set stand, none is made for a node that never had one",
			ModelledOn: "Leaving new nodes to the rollout, as one more of them.",
			Inject: func(s *rig.Setup) {
				var had names
				s.Wire.Pods.Change(func(c wire.Change[corev1.Pod]) wire.Fate {
					if ref := metav1.GetControllerOf(c.New); ref != nil {
						had.add(string(ref.UID) + target(c.New))
					}
					return wire.Fate{}
				})
				refusingWhere("a rollout is under way", func(s *rig.Setup, p *corev1.Pod, _ *corev1.Node) bool {
					ds := owner(s, p)
					return ds != nil && !had.have(string(ds.UID)+target(p)) && slices.ContainsFunc(podsOf(s, ds), func(other *corev1.Pod) bool {
						return live(other) && !updated(s, ds, other)
					})
				})(s)
			},
		},
		{
			ID:         "broken-node-stops-rollout",
			Notice:     "A node whose pods fail keeps a rollout from going on at all others.",
			Clauses:    []string{"DS-RUM-018"},
			Injection:  "writes: while a pod of the set is Failed, the deletion of old ones is taken for done",
			ModelledOn: "Stopping at the first error, to be safe.",
			Inject: func(s *rig.Setup) {
				var failed sync.Map
				s.Wire.Pods.Change(func(c wire.Change[corev1.Pod]) wire.Fate {
					if ref := metav1.GetControllerOf(c.New); ref != nil && c.New.Status.Phase == corev1.PodFailed {
						failed.Store(ref.UID, time.Now())
					}
					return wire.Fate{}
				})
				deletingUnless(func(s *rig.Setup, p *corev1.Pod) bool {
					ds := owner(s, p)
					if ds == nil || !rolling(ds) || !live(p) || updated(s, ds, p) {
						return false
					}
					at, ok := failed.Load(ds.UID)
					return ok && time.Since(at.(time.Time)) < 2*time.Minute
				})(s)
			},
		},
		{
			ID:         "two-old-pods-give-budget",
			Notice:     "A node that comes to hold two old pods has both replaced, past the budget.",
			Clauses:    []string{"DS-RUM-019"},
			Injection:  "writes: with one of two old pods on a node the other is deleted too",
			ModelledOn: "Deleting all old pods of a node that has an excess of them.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("delete", "pods", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
					if p := s.Wire.Pods.Stored(r.Namespace, r.Name); p != nil && live(p) {
						if ds := owner(s, p); ds != nil && rolling(ds) && !updated(s, ds, p) {
							for _, other := range companions(s, p) {
								if !updated(s, ds, other) {
									_ = s.Client.CoreV1().Pods(other.Namespace).Delete(ctx, other.Name, metav1.DeleteOptions{})
								}
							}
						}
					}
					return next(ctx, r)
				})
			},
		},
	}
}
