package placement

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func foreignPods() framework.Spec {
	return framework.Spec{
		ID: "DS-PLC-025", Area: framework.Placement, Title: "pods of other owners with the same labels", Level: framework.Core,
		Behaviour: "Pods that belong to another controller MUST NOT be counted, adopted, relabelled or deleted, whatever their labels.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset, Pod Selector", "OwnerReference.controller", "website#53565"},
		Why: "Two DaemonSets and a ReplicaSet share one selector in one namespace. Ownership, not labels, says whose a pod is: a controller that goes by labels " +
			"takes the other's pods for its own and leaves nodes empty, or deletes them as duplicates; a rollout of one shows it again.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			same := labelled("app", "shared")
			// On the node itself they are what a DaemonSet's own pods there would be.
			template := e.DaemonSet("replicas", same).Spec.Template
			template.Spec.NodeName = e.Nodes[0]
			replicas := replicaSet(ctx, e, template)
			first := placed(ctx, e, e.DaemonSet("first", unscheduled, same), e.Nodes...)
			second := placed(ctx, e, e.DaemonSet("second", unscheduled, same), e.Nodes...)
			old := fleet.Take(e, first.Name)
			foreign := append(fleet.Take(e, second.Name).All(), owned(e.History.State(), replicas)...)
			becomes(ctx, e, first, e.Nodes...)

			rolled := fleet.Update(ctx, e, first.Name, fleet.Template("new"))
			e.BecomesFor(ctx, first.Name, e.Timeouts.Placement, "the first DaemonSet replaces its own pods", func(s *history.State) error {
				if left := len(old.Fresh(s)); left != len(e.Nodes) {
					return fmt.Errorf("%d of %d pods are new ones", left, len(e.Nodes))
				}
				return fleet.Placed(rolled)(s)
			})
			e.Stays(ctx, "the pods of the second DaemonSet and of the ReplicaSet stay as they were", nil, untouched(foreign))
			becomes(ctx, e, second, e.Nodes...)
		},
	}
}

// labelled replaces selector and template labels by one label.
func labelled(key, value string) fleet.Change {
	return func(ds *appsv1.DaemonSet) {
		ds.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{key: value}}
		ds.Spec.Template.Labels = map[string]string{key: value}
	}
}

// replicaSet creates a ReplicaSet of two pods and waits until they are there.
func replicaSet(ctx context.Context, e *framework.Env, template corev1.PodTemplateSpec) *appsv1.ReplicaSet {
	two := int32(2)
	got, err := e.Client.AppsV1().ReplicaSets(e.Namespace).Create(ctx, &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: "replicas", Namespace: e.Namespace},
		Spec: appsv1.ReplicaSetSpec{
			Replicas: &two, Selector: &metav1.LabelSelector{MatchLabels: template.Labels}, Template: template,
		},
	}, metav1.CreateOptions{})
	e.Must(err, "create ReplicaSet replicas")
	limit, cancel := context.WithTimeout(ctx, e.Timeouts.Placement)
	defer cancel()
	e.Must(e.History.Await(limit, func(s *history.State) error {
		if n := len(owned(s, got)); n != int(two) {
			return fmt.Errorf("ReplicaSet replicas has %d pods", n)
		}
		return nil
	}), "wait for the pods of ReplicaSet replicas")
	return got
}

// owned lists the pods whose controller is the object.
func owned(s *history.State, owner metav1.Object) []*corev1.Pod {
	var out []*corev1.Pod
	for _, pod := range s.Pods() {
		if ref := metav1.GetControllerOfNoCopy(pod); ref != nil && ref.UID == owner.GetUID() {
			out = append(out, pod)
		}
	}
	return out
}

// untouched judges that the pods are what they were: alive, with the same labels and owners.
func untouched(pods []*corev1.Pod) func(*history.State) error {
	return func(s *history.State) error {
		for _, was := range pods {
			now := s.Pod(was.Name)
			switch {
			case now == nil || now.UID != was.UID || now.DeletionTimestamp != nil:
				return fmt.Errorf("pod %s of %s %s was deleted", was.Name, was.OwnerReferences[0].Kind, was.OwnerReferences[0].Name)
			case !equality.Semantic.DeepEqual(now.OwnerReferences, was.OwnerReferences):
				return fmt.Errorf("pod %s of %s %s has now owners %v", was.Name, was.OwnerReferences[0].Kind, was.OwnerReferences[0].Name, now.OwnerReferences)
			case !equality.Semantic.DeepEqual(now.Labels, was.Labels):
				return fmt.Errorf("pod %s of %s %s has now labels %v", was.Name, was.OwnerReferences[0].Kind, was.OwnerReferences[0].Name, now.Labels)
			}
		}
		return nil
	}
}
