package catalogue

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// watching has f told of every change of a pod, before the controller is.
func watching(f func(s *rig.Setup, before, now *corev1.Pod)) inject {
	return func(s *rig.Setup) {
		s.Wire.Pods.Change(func(c wire.Change[corev1.Pod]) wire.Fate {
			if c.Type == "DELETED" {
				f(s, c.New, nil)
			} else {
				f(s, c.Old, c.New)
			}
			return wire.Fate{}
		})
	}
}

// remove deletes a pod in the controller's name, as the defect would have it do;
// that it is gone already is no matter.
func remove(s *rig.Setup, p *corev1.Pod, o metav1.DeleteOptions) {
	o.Preconditions = &metav1.Preconditions{UID: &p.UID}
	go func() { _ = s.Client.CoreV1().Pods(p.Namespace).Delete(s.Context, p.Name, o) }()
}

// own makes a DaemonSet the one owner of a pod.
func own(s *rig.Setup, ds *appsv1.DaemonSet, p *corev1.Pod) {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"uid": p.UID, "ownerReferences": []metav1.OwnerReference{*metav1.NewControllerRef(ds, daemonSet())},
	}})
	if err != nil {
		return // a reference can be written as JSON
	}
	_, _ = s.Client.CoreV1().Pods(p.Namespace).Patch(s.Context, p.Name, types.MergePatchType, patch, metav1.PatchOptions{})
}

// selectors gives the stored DaemonSets, of all namespaces, whose selectors match a pod.
func selectors(s *rig.Setup, p *corev1.Pod) []*appsv1.DaemonSet {
	var out []*appsv1.DaemonSet
	for _, ds := range s.Wire.DaemonSets.All() {
		if matches(ds.Spec.Selector, p) {
			out = append(out, ds)
		}
	}
	return out
}

// onDelete tells whether a DaemonSet leaves its updates to the user.
func onDelete(ds *appsv1.DaemonSet) bool {
	return ds.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType
}

// revisionOf is the hash label of a pod or a revision.
func revisionOf(o metav1.Object) string { return o.GetLabels()[appsv1.ControllerRevisionHashLabelKey] }

// revisionsOf are the stored revisions that a DaemonSet controls, by name.
func revisionsOf(s *rig.Setup, ds metav1.Object) []*appsv1.ControllerRevision {
	var out []*appsv1.ControllerRevision
	for _, cr := range s.Wire.Revisions.All() {
		if metav1.IsControlledBy(cr, ds) {
			out = append(out, cr)
		}
	}
	return out
}

// latest is the revision of the highest number; nil if there is none.
func latest(all []*appsv1.ControllerRevision) *appsv1.ControllerRevision {
	var out *appsv1.ControllerRevision
	for _, cr := range all {
		if out == nil || cr.Revision > out.Revision {
			out = cr
		}
	}
	return out
}

// templateOf is the template that a revision keeps; nil if it keeps none.
func templateOf(cr *appsv1.ControllerRevision) *corev1.PodTemplateSpec {
	var data struct {
		Spec struct {
			Template *corev1.PodTemplateSpec `json:"template"`
		} `json:"spec"`
	}
	if json.Unmarshal(cr.Data.Raw, &data) != nil {
		return nil
	}
	return data.Spec.Template
}

// predecessors are the companions of a pod that are of another revision and no younger.
func predecessors(s *rig.Setup, p *corev1.Pod) []*corev1.Pod {
	var out []*corev1.Pod
	for _, other := range companions(s, p) {
		if revisionOf(other) != revisionOf(p) && !p.CreationTimestamp.Before(&other.CreationTimestamp) {
			out = append(out, other)
		}
	}
	return out
}

// releasing tells whether a patch takes an owner from an object.
func releasing(r *wire.Request) bool { return bytes.Contains(r.Body, []byte(`"$patch":"delete"`)) }

// forbidding has requests of the verb about what refused.
func forbidding(verb, what string) inject {
	return func(s *rig.Setup) {
		s.Wire.OnWrite(verb, what, func(context.Context, *wire.Request, wire.Next) (*wire.Answer, error) {
			return wire.Refuse(http.StatusForbidden, what+" is forbidden: the controller may not "+verb+" it"), nil
		})
	}
}

// neglecting has requests of the verb about what taken for done.
func neglecting(verb, what string) inject {
	return func(s *rig.Setup) {
		s.Wire.OnWrite(verb, what, func(_ context.Context, r *wire.Request, _ wire.Next) (*wire.Answer, error) {
			return wire.Pretend(r), nil
		})
	}
}

// sparing has the controller make no pod where withhold is true, as if it
// had not thought of it; it thinks of it anew when it next looks at the DaemonSet.
func sparing(withhold func(s *rig.Setup, ds *appsv1.DaemonSet, p *corev1.Pod) bool) inject {
	return func(s *rig.Setup) {
		s.Inside(func(i *rig.Insides) {
			expected := controller.NewControllerExpectations()
			i.Expectations(expected)
			i.Pods(func(c controller.PodControlInterface) controller.PodControlInterface {
				return &withheld{PodControlInterface: c, expected: expected, withhold: func(ds *appsv1.DaemonSet, p *corev1.Pod) bool {
					return withhold(s, ds, p)
				}}
			})
		})
	}
}

// withheld creates only what is not withheld.
type withheld struct {
	controller.PodControlInterface
	expected controller.ControllerExpectationsInterface
	withhold func(*appsv1.DaemonSet, *corev1.Pod) bool
}

// CreatePods implements controller.PodControlInterface.
func (w *withheld) CreatePods(ctx context.Context, namespace string, t *corev1.PodTemplateSpec, o runtime.Object, ref *metav1.OwnerReference) error {
	ds, ok := o.(*appsv1.DaemonSet)
	if !ok || !w.withhold(ds, &corev1.Pod{ObjectMeta: t.ObjectMeta, Spec: t.Spec}) {
		return w.PodControlInterface.CreatePods(ctx, namespace, t, o, ref)
	}
	w.expected.CreationObserved(klog.FromContext(ctx), cache.MetaObjectToName(ds).String())
	return nil
}

// after does f when d is over, unless the controller ends before.
func after(s *rig.Setup, d time.Duration, f func()) {
	go func() {
		if pause(s.Context, d) {
			f()
		}
	}()
}

// pause waits for d, and tells whether the context has not ended meanwhile.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// syncing wraps what the controller does with a DaemonSet.
func syncing(wrap func(s *rig.Setup, next rig.SyncFunc) rig.SyncFunc) inject {
	return func(s *rig.Setup) {
		s.Inside(func(i *rig.Insides) {
			i.Sync(func(next rig.SyncFunc) rig.SyncFunc { return wrap(s, next) })
		})
	}
}

// afterSync does f after the controller has looked at a DaemonSet, with the
// stored one.
func afterSync(f func(ctx context.Context, s *rig.Setup, ds *appsv1.DaemonSet)) inject {
	return syncing(func(s *rig.Setup, next rig.SyncFunc) rig.SyncFunc {
		return func(ctx context.Context, key string) error {
			err := next(ctx, key)
			namespace, name, bad := cache.SplitMetaNamespaceKey(key)
			if ds := s.Wire.DaemonSets.Stored(namespace, name); bad == nil && ds != nil && ds.DeletionTimestamp == nil {
				f(ctx, s, ds)
			}
			return err
		}
	})
}

// matches tells whether a selector matches an object's labels.
func matches(selector *metav1.LabelSelector, o metav1.Object) bool {
	s, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && s.Matches(labelsOf(o))
}
