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
	mutated(ctx, e, `JSONPatch{op: "remove", path: "/metadata/ownerReferences"}`, func(got *corev1.Pod) bool { return len(got.OwnerReferences) == 0 })
}

// Relabelled has every owned pod of the spec's namespace stored with another value
// of the label, which the pod must have, until lift is called or the spec ends.
func Relabelled(ctx context.Context, e *framework.Env, key, value string) (lift func(context.Context)) {
	return mutated(ctx, e, fmt.Sprintf(`JSONPatch{op: "replace", path: "/metadata/labels/" + jsonpatch.escapeKey(%q), value: %q}`, key, value),
		func(got *corev1.Pod) bool { return got.Labels[key] == value }, key)
}

// mutated has the patch applied to every owned pod that is created in the spec's
// namespace, and returns once changed says that it is. The pod by which that is
// tried out has the labels.
func mutated(ctx context.Context, e *framework.Env, patch string, changed func(*corev1.Pod) bool, labels ...string) (lift func(context.Context)) {
	name := e.Namespace
	policies, bindings := e.Client.AdmissionregistrationV1().MutatingAdmissionPolicies(), e.Client.AdmissionregistrationV1().MutatingAdmissionPolicyBindings()
	end := func(ctx context.Context) error {
		err := errors.Join(unlessGone(bindings.Delete(ctx, name, metav1.DeleteOptions{})), unlessGone(policies.Delete(ctx, name, metav1.DeleteOptions{})))
		if err != nil {
			return fmt.Errorf("delete MutatingAdmissionPolicy %s: %w", name, err)
		}
		return nil
	}
	e.Cleanup("delete MutatingAdmissionPolicy "+name, end)
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
				JSONPatch: &admissionv1.JSONPatch{Expression: "[" + patch + "]"},
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
		got, refused := tried(ctx, e, labels)
		return refused == nil && changed(got), refused
	}), "wait until MutatingAdmissionPolicy %s is in force", name)
	return func(ctx context.Context) {
		e.Must(end(ctx), "lift MutatingAdmissionPolicy %s", name)
		e.Must(wait.PollUntilContextTimeout(ctx, look, e.Timeouts.Placement, true, func(ctx context.Context) (bool, error) {
			got, refused := tried(ctx, e, labels)
			return refused == nil && !changed(got), refused
		}), "wait until MutatingAdmissionPolicy %s is no longer in force", name)
	}
}

// tried gives an owned pod with the labels, and the changes, as it would be stored.
func tried(ctx context.Context, e *framework.Env, labels []string, changes ...func(*corev1.Pod)) (*corev1.Pod, error) {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: canary, Namespace: e.Namespace, Labels: map[string]string{},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: canary, UID: "00000000-0000-0000-0000-000000000000"}},
		},
		Spec: corev1.PodSpec{ActiveDeadlineSeconds: new(int64(60)), Containers: []corev1.Container{{Name: canary, Image: e.Image("agent:v1")}}},
	}
	for _, key := range labels {
		pod.Labels[key] = canary
	}
	for _, change := range changes {
		change(pod)
	}
	got, err := e.Client.CoreV1().Pods(e.Namespace).Create(ctx, pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil {
		return nil, fmt.Errorf("try to create a pod: %w", err)
	}
	return got, nil
}
