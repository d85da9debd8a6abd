package catalogue

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// rolling tells whether a DaemonSet's rollouts take a pod away before they make
// its successor.
func rolling(ds *appsv1.DaemonSet) bool {
	u := ds.Spec.UpdateStrategy
	return u.Type == appsv1.RollingUpdateDaemonSetStrategyType && u.RollingUpdate != nil && u.RollingUpdate.MaxUnavailable != nil && !surges(ds)
}

// allowing has the controller take every maxUnavailable that is not zero for
// what change leaves of it, which is told of the stored desiredNumberScheduled.
func allowing(change func(u *intstr.IntOrString, desired int32)) inject {
	return taking(func(ds *appsv1.DaemonSet) {
		if rolling(ds) {
			change(ds.Spec.UpdateStrategy.RollingUpdate.MaxUnavailable, ds.Status.DesiredNumberScheduled)
		}
	})
}

// deleteNext deletes the first live old pod of a DaemonSet of which which is
// true, beside the controller and without waiting for it.
func deleteNext(s *rig.Setup, ds *appsv1.DaemonSet, which func(*corev1.Pod) bool) {
	go func() {
		for _, p := range podsOf(s, ds) {
			if live(p) && !updated(s, ds, p) && which(p) {
				_ = s.Client.CoreV1().Pods(p.Namespace).Delete(s.Context, p.Name, metav1.DeleteOptions{})
				return
			}
		}
	}()
}

// patchToNewest gives a pod the images of its DaemonSet's template and the hash
// of the newest revision.
func patchToNewest(ctx context.Context, s *rig.Setup, ds *appsv1.DaemonSet, p *corev1.Pod) error {
	hash, number := "", int64(-1)
	for _, cr := range s.Wire.Revisions.All() {
		if metav1.IsControlledBy(cr, ds) && cr.Revision > number {
			hash, number = cr.Labels[appsv1.ControllerRevisionHashLabelKey], cr.Revision
		}
	}
	var containers []map[string]string
	for _, c := range ds.Spec.Template.Spec.Containers {
		containers = append(containers, map[string]string{"name": c.Name, "image": c.Image})
	}
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"labels": map[string]string{appsv1.ControllerRevisionHashLabelKey: hash}},
		"spec":     map[string]any{"containers": containers},
	})
	if err != nil {
		return fmt.Errorf("writing a patch of pod %s: %w", p.Name, err)
	}
	if _, err := s.Client.CoreV1().Pods(p.Namespace).Patch(ctx, p.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("patching pod %s: %w", p.Name, err)
	}
	return nil
}

// oneRolloutAtATime has the controller see a new template only once the one
// before has reached all nodes.
func oneRolloutAtATime() inject {
	return func(s *rig.Setup) {
		var mu sync.Mutex
		under := map[types.UID]corev1.PodTemplateSpec{}
		taking(func(ds *appsv1.DaemonSet) {
			mu.Lock()
			defer mu.Unlock()
			was, ok := under[ds.UID]
			done := ds.Status.ObservedGeneration > 0 && ds.Status.UpdatedNumberScheduled == ds.Status.DesiredNumberScheduled &&
				ds.Status.NumberAvailable == ds.Status.DesiredNumberScheduled
			if !ok || done || equality.Semantic.DeepEqual(was, ds.Spec.Template) {
				under[ds.UID] = *ds.Spec.Template.DeepCopy()
				return
			}
			ds.Spec.Template = *was.DeepCopy()
		})(s)
	}
}

// comingBackOld has a pod that somebody else deletes in the middle of a rollout
// be made again as it was.
func comingBackOld() inject {
	return func(s *rig.Setup) {
		var own names
		var last sync.Map
		key := func(p *corev1.Pod) string {
			if ref := metav1.GetControllerOf(p); ref != nil {
				return string(ref.UID) + target(p)
			}
			return ""
		}
		s.Wire.OnWrite("delete", "pods", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
			own.add(r.Namespace + "/" + r.Name)
			return next(ctx, r)
		})
		s.Wire.Pods.Change(func(c wire.Change[corev1.Pod]) wire.Fate {
			// Its successor is made as soon as it has ended, before it is gone.
			if c.New.DeletionTimestamp != nil && owned(c.New) && !own.have(c.New.Namespace+"/"+c.New.Name) {
				last.Store(key(c.New), c.New.DeepCopy())
			}
			return wire.Fate{}
		})
		s.Wire.OnWrite("create", "pods", wire.Rewrite(func(p *corev1.Pod) {
			was, ok := last.LoadAndDelete(key(p))
			ds := owner(s, p)
			if !ok || ds == nil || updated(s, ds, was.(*corev1.Pod)) {
				return
			}
			p.Spec = was.(*corev1.Pod).Spec
			p.Spec.NodeName = ""
			p.Labels = was.(*corev1.Pod).Labels
		}))
	}
}
