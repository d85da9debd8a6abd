package catalogue

import (
	"context"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// deletions are defects in how the controller deletes pods, and in how it learns
// of deletions.
func deletions() []Mutant {
	return []Mutant{
		{
			ID:         "evicts-instead-of-deleting",
			Notice:     "A PodDisruptionBudget holds a rollout up.",
			Clauses:    []string{"DS-RUM-016"},
			Injection:  "writes: live pods are evicted, not deleted",
			ModelledOn: "Being kind to budgets, which are not for DaemonSets.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("delete", "pods", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
					if p := s.Wire.Pods.Stored(r.Namespace, r.Name); p != nil && live(p) {
						err := s.Client.CoreV1().Pods(r.Namespace).EvictV1(ctx, &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: r.Name, Namespace: r.Namespace}})
						if err != nil {
							return wire.Refuse(http.StatusInternalServerError, err.Error()), nil
						}
						return wire.Pretend(r), nil
					}
					return next(ctx, r)
				})
			},
		},
		{
			ID:         "forces-slow-pods",
			Notice:     "A pod that takes more than two seconds to end is killed.",
			Clauses:    []string{"DS-RUM-016", "DS-RUM-008"},
			Injection:  "beside: pods that terminate for two seconds are deleted without grace",
			ModelledOn: "Forcing what seems stuck, so that a rollout goes on.",
			Inject: watching(func(s *rig.Setup, before, p *corev1.Pod) {
				if p != nil && owned(p) && p.DeletionTimestamp != nil && (before == nil || before.DeletionTimestamp == nil) {
					none := int64(0)
					after(s, 2*time.Second, func() { remove(s, p, metav1.DeleteOptions{GracePeriodSeconds: &none}) })
				}
			}),
		},
		{
			ID:         "strips-finalizers",
			Notice:     "Finalizers that others put on a pod are removed when it is to go: what they were to clean up is left.",
			Clauses:    []string{"DS-POD-009", "DS-PLC-024", "DS-RUM-009"},
			Injection:  "beside: pods that terminate lose their finalizers",
			ModelledOn: "A cure for pods that are stuck in Terminating, found on the web.",
			Inject: watching(func(s *rig.Setup, _, p *corev1.Pod) {
				if p != nil && owned(p) && p.DeletionTimestamp != nil && len(p.Finalizers) > 0 {
					go func() {
						_, _ = s.Client.CoreV1().Pods(p.Namespace).Patch(s.Context, p.Name, types.MergePatchType,
							[]byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
					}()
				}
			}),
		},
		{
			ID:         "misses-pods-that-go",
			Notice:     "A pod that is deleted is not replaced until the controller is restarted.",
			Clauses:    []string{"DS-POD-001", "DS-RUM-001"},
			Injection:  "view: the watch of pods does not tell that one is deleted",
			ModelledOn: "Handlers for ADDED and MODIFIED alone.",
			Inject: func(s *rig.Setup) {
				s.Wire.Pods.Change(func(c wire.Change[corev1.Pod]) wire.Fate {
					return wire.Fate{Lose: c.Type == watch.Deleted && owned(c.New)}
				})
			},
		},
	}
}
