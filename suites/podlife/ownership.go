package podlife

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

// ownerReferences: garbage collection, adoption and every tool that asks "whose
// pod is this" rest on this one reference.
func ownerReferences() framework.Spec {
	return framework.Spec{
		ID: "DS-OWN-001", Area: framework.PodLife, Title: "owner references", Level: framework.Core,
		Behaviour: "Every pod and ControllerRevision MUST have exactly one ownerReference: the DaemonSet, with its UID, controller=true and blockOwnerDeletion=true.",
		Clauses:   []string{"concepts/overview/working-with-objects/owners-dependents", "metav1.NewControllerRef"},
		Why:       "A missing controller flag lets another controller adopt the pod; a missing UID lets the garbage collector delete it; a missing blockOwnerDeletion ends foreground deletion early.",
		Nodes:     framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			start(ctx, e)
			s := e.History.State()
			ds := s.DaemonSet("agent")
			pods, revisions := s.PodsOf(ds), s.RevisionsOf(ds)
			e.That(len(pods) == 2 && len(revisions) == 1, "2 pods and 1 ControllerRevision", "%d pods and %d ControllerRevisions", len(pods), len(revisions))
			for _, p := range pods {
				e.Check(ownedBy(ds, p.OwnerReferences), "pod %s is owned by the DaemonSet alone", p.Name)
			}
			for _, cr := range revisions {
				e.Check(ownedBy(ds, cr.OwnerReferences), "ControllerRevision %s is owned by the DaemonSet alone", cr.Name)
			}
		},
	}
}

// ownedBy tells whether refs are the one reference the controller must write.
func ownedBy(ds *appsv1.DaemonSet, refs []metav1.OwnerReference) error {
	if len(refs) != 1 {
		return fmt.Errorf("it has %d ownerReferences: %+v", len(refs), refs)
	}
	r := refs[0]
	yes := func(b *bool) bool { return b != nil && *b }
	if r.APIVersion != "apps/v1" || r.Kind != "DaemonSet" || r.Name != ds.Name || r.UID != ds.UID || !yes(r.Controller) || !yes(r.BlockOwnerDeletion) {
		return fmt.Errorf("its ownerReference is %s %s %s (%s), controller %v, blockOwnerDeletion %v",
			r.APIVersion, r.Kind, r.Name, r.UID, yes(r.Controller), yes(r.BlockOwnerDeletion))
	}
	return nil
}

// bare is a pod without an owner, bound to the node, that looks like one of DaemonSet "agent".
func bare(e *framework.Env, name, namespace, node string) *corev1.Pod {
	t := e.DaemonSet("agent").Spec.Template
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace, Labels: t.Labels},
		Spec: func() corev1.PodSpec {
			spec := *t.Spec.DeepCopy()
			spec.NodeName, spec.NodeSelector = node, nil
			return spec
		}(),
	}
}

func createPod(ctx context.Context, e *framework.Env, pod *corev1.Pod) *corev1.Pod {
	got, err := e.Client.CoreV1().Pods(pod.Namespace).Create(ctx, pod, metav1.CreateOptions{})
	e.Must(err, "create pod %s", pod.Name)
	e.Act("created Pod", history.KindPod, got)
	return got
}

func onDelete(ds *appsv1.DaemonSet) {
	ds.Spec.UpdateStrategy = appsv1.DaemonSetUpdateStrategy{Type: appsv1.OnDeleteDaemonSetStrategyType}
}

// orphanAdopted: adoption is what lets a DaemonSet be recreated without
// restarting its pods. OnDelete, because an adopted pod carries no revision and
// RollingUpdate would rightly replace it.
func orphanAdopted() framework.Spec {
	return framework.Spec{
		ID: "DS-OWN-002", Area: framework.PodLife, Title: "an orphan is adopted", Level: framework.Extended,
		Behaviour: "A pod without an owner that matches the selector and sits on an eligible node MUST be adopted instead of a second one being created there.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset: pods created directly that match the selector", "pkg/controller ClaimObject"},
		Covers:    []string{"DS-OWN-003"},
		Why:       "Two daemons on one node fight over its ports and files; a controller that does not adopt makes a second one beside the orphan.",
		Nodes:     framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			orphan := createPod(ctx, e, bare(e, "orphan", e.Namespace, e.Nodes[0]))
			e.CreateDaemonSet(ctx, e.DaemonSet("agent", onDelete))
			e.BecomesFor(ctx, "agent", e.Timeouts.Placement, "the orphan belongs to the DaemonSet and each node has one pod", func(s *history.State) error {
				p, ds := s.Pod(orphan.Name), s.DaemonSet("agent")
				if p == nil || p.UID != orphan.UID || p.DeletionTimestamp != nil {
					return fmt.Errorf("the orphan is gone or going")
				}
				if err := ownedBy(ds, p.OwnerReferences); err != nil {
					return fmt.Errorf("the orphan: %w", err)
				}
				return oracle.Placement(s, ds)
			})
			e.Stays(ctx, "under OnDelete the adopted pod is kept, and is the only one its node ever had", nil, func(s *history.State) error {
				if p := s.Pod(orphan.Name); p == nil || p.UID != orphan.UID || p.DeletionTimestamp != nil {
					return fmt.Errorf("the adopted pod is gone or going")
				}
				return nil
			})
			for _, en := range e.History.Entries() {
				p, ok := en.Object.(*corev1.Pod)
				e.That(!ok || p.UID == orphan.UID || oracle.TargetNode(p) != e.Nodes[0], "no second pod for node "+e.Nodes[0], "%s", en)
			}
		},
	}
}

// foreignNamespaceIgnored: kubernetes#132400, an index of orphans that looked
// across namespaces.
func foreignNamespaceIgnored() framework.Spec {
	return framework.Spec{
		ID: "DS-OWN-005", Area: framework.PodLife, Title: "pods of other namespaces are left alone", Level: framework.Core,
		Behaviour: "Pods in other namespaces MUST be ignored, however well they match: never adopted, counted or deleted.",
		Clauses:   []string{"concepts/overview/working-with-objects/owners-dependents: cross-namespace owner references are disallowed", "kubernetes#132400, #134652"},
		Why:       "Namespaces separate tenants; a controller that looks across them takes a stranger's pod for its own.",
		Nodes:     framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			other := e.Namespace + "-b"
			e.Cleanup("delete namespace "+other, func(ctx context.Context) error {
				err := e.Client.CoreV1().Namespaces().Delete(ctx, other, metav1.DeleteOptions{})
				if apierrors.IsNotFound(err) {
					return nil
				}
				return err
			})
			_, err := e.Client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: other}}, metav1.CreateOptions{})
			e.Must(err, "create namespace %s", other)
			e.Must(e.History.Add(ctx, other), "watch namespace %s", other)
			foreign := createPod(ctx, e, bare(e, "foreign", other, e.Nodes[0]))
			start(ctx, e)
			e.Stays(ctx, "the other namespace's pod is untouched", nil, func(s *history.State) error {
				p := s.In(other).Pod(foreign.Name)
				switch {
				case p == nil || p.UID != foreign.UID || p.DeletionTimestamp != nil:
					return fmt.Errorf("pod %s/%s is gone or going", other, foreign.Name)
				case len(p.OwnerReferences) > 0:
					return fmt.Errorf("pod %s/%s was given the owner %+v", other, foreign.Name, p.OwnerReferences)
				case len(p.Labels) != len(foreign.Labels):
					return fmt.Errorf("pod %s/%s was given the labels %v", other, foreign.Name, p.Labels)
				}
				return nil
			})
		},
	}
}

// setLabel changes the app label of a live pod.
func setLabel(ctx context.Context, e *framework.Env, pod *corev1.Pod, value string) {
	relabel(ctx, e, pod, "app", value)
}

// relabel changes one label of a live pod.
func relabel(ctx context.Context, e *framework.Env, pod *corev1.Pod, key, value string) {
	e.Act("sets label "+key+"="+value+" of Pod", history.KindPod, pod)
	patch := fmt.Appendf(nil, `{"metadata":{"labels":{%q:%q}}}`, key, value)
	_, err := e.Client.CoreV1().Pods(e.Namespace).Patch(ctx, pod.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{})
	e.Must(err, "label pod %s", pod.Name)
}

// released waits until the relabelled pod runs on without an owner beside a new one.
func released(ctx context.Context, e *framework.Env, pod *corev1.Pod) {
	e.BecomesFor(ctx, "agent", e.Timeouts.RolloutOf(1), "the relabelled pod has no owner and runs on, and its node has a new pod", func(s *history.State) error {
		p := s.Pod(pod.Name)
		if p == nil || p.UID != pod.UID || p.DeletionTimestamp != nil {
			return fmt.Errorf("the relabelled pod is gone or going")
		}
		if len(p.OwnerReferences) > 0 {
			return fmt.Errorf("the relabelled pod still has the owner %s", p.OwnerReferences[0].Name)
		}
		return oracle.RolledOut(s, s.DaemonSet("agent"))
	})
}

// relabelledPodReleased: taking a pod out of its DaemonSet by its label is how
// one sets a misbehaving daemon aside to look at it.
func relabelledPodReleased() framework.Spec {
	return framework.Spec{
		ID: "DS-OWN-006", Area: framework.PodLife, Title: "a relabelled pod is released", Level: framework.Extended,
		Behaviour: "A pod whose labels stop matching the selector MUST be released, keep running, and be replaced on its node.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset: .spec.selector", "pkg/controller ReleasePod"},
		Why:       "The selector says which pods belong to the DaemonSet; a controller that keeps counting the pod leaves the node without a daemon, one that deletes it destroys what was set aside.",
		Nodes:     framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			start(ctx, e)
			pod := podOn(e, e.Nodes[0])
			setLabel(ctx, e, pod, "set-aside")
			released(ctx, e, pod)
		},
	}
}

// relabelledBackAdopted: of two pods on a node the older one is the survivor.
func relabelledBackAdopted() framework.Spec {
	return framework.Spec{
		ID: "DS-OWN-007", Area: framework.PodLife, Title: "a pod labelled back is adopted again", Level: framework.Extended,
		Behaviour: "A released pod that is given its label back MUST be adopted again, and of the two pods on its node the older one MUST survive.",
		Clauses:   []string{"pkg/controller ClaimObject", "pkg/controller/daemon podByCreationTimestampAndPhase"},
		Covers:    []string{"DS-PLC-023"},
		Why:       "One pod per node holds for adopted pods too; a controller that keeps both leaves two daemons on the node.",
		Nodes:     framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			start(ctx, e)
			pod := podOn(e, e.Nodes[0])
			setLabel(ctx, e, pod, "set-aside")
			released(ctx, e, pod)
			newer := podOn(e, e.Nodes[0])
			setLabel(ctx, e, pod, "agent")
			e.BecomesFor(ctx, "agent", e.Timeouts.RolloutOf(1), "the older pod is adopted and the newer one gone", func(s *history.State) error {
				p, ds := s.Pod(pod.Name), s.DaemonSet("agent")
				if p == nil || p.UID != pod.UID || p.DeletionTimestamp != nil {
					return fmt.Errorf("the older pod is gone or going")
				}
				if err := ownedBy(ds, p.OwnerReferences); err != nil {
					return fmt.Errorf("the older pod: %w", err)
				}
				if err := gone(s, newer.UID); err != nil {
					return err
				}
				return oracle.RolledOut(s, ds)
			})
		},
	}
}
