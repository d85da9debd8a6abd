package policy

import (
	"context"
	"errors"
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/dsconform/dsconform/framework"
)

// Disowned has every pod of the spec's namespace stored without owner, until the
// spec ends. Whoever makes a pod is told that it worked, and never sees the pod
// come as its own: it looks as if its watch lagged.
func Disowned(ctx context.Context, e *framework.Env) {
	name := e.Namespace
	policies, bindings := e.Client.AdmissionregistrationV1().MutatingAdmissionPolicies(), e.Client.AdmissionregistrationV1().MutatingAdmissionPolicyBindings()
	e.Cleanup("delete MutatingAdmissionPolicy "+name, func(ctx context.Context) error {
		err := errors.Join(unlessGone(bindings.Delete(ctx, name, metav1.DeleteOptions{})), unlessGone(policies.Delete(ctx, name, metav1.DeleteOptions{})))
		if err != nil {
			return fmt.Errorf("delete MutatingAdmissionPolicy %s: %w", name, err)
		}
		return nil
	})
	failure := admissionv1.Fail
	_, err := policies.Create(ctx, &admissionv1.MutatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: admissionv1.MutatingAdmissionPolicySpec{
			FailurePolicy:      &failure,
			MatchConstraints:   within(e.Namespace, admissionv1.Create, "pods"),
			MatchConditions:    []admissionv1.MatchCondition{{Name: "owned", Expression: "has(object.metadata.ownerReferences)"}},
			ReinvocationPolicy: admissionv1.NeverReinvocationPolicy,
			Mutations: []admissionv1.Mutation{{
				PatchType: admissionv1.PatchTypeJSONPatch,
				JSONPatch: &admissionv1.JSONPatch{Expression: `[JSONPatch{op: "remove", path: "/metadata/ownerReferences"}]`},
			}},
		},
	}, metav1.CreateOptions{})
	e.Must(err, "create MutatingAdmissionPolicy %s", name)
	_, err = bindings.Create(ctx, &admissionv1.MutatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       admissionv1.MutatingAdmissionPolicyBindingSpec{PolicyName: name},
	}, metav1.CreateOptions{})
	e.Must(err, "create MutatingAdmissionPolicyBinding %s", name)
	e.Must(wait.PollUntilContextTimeout(ctx, look, e.Timeouts.Placement, true, func(ctx context.Context) (bool, error) {
		return disowned(ctx, e)
	}), "wait until MutatingAdmissionPolicy %s is in force", name)
}

// disowned tries out whether an owned pod would be stored without its owner.
func disowned(ctx context.Context, e *framework.Env) (bool, error) {
	got, err := e.Client.CoreV1().Pods(e.Namespace).Create(ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: canary, Namespace: e.Namespace,
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: canary, UID: "00000000-0000-0000-0000-000000000000"}},
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: canary, Image: e.Image("agent:v1")}}},
	}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil {
		return false, fmt.Errorf("try to create a pod: %w", err)
	}
	return len(got.OwnerReferences) == 0, nil
}
