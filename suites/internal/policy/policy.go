package policy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/dsconform/dsconform/framework"
)

// look is how often the API server is asked whether a policy is in force: it
// tells nobody when it has taken one up.
const look = 200 * time.Millisecond

// canary is the object by which a policy is tried out.
const canary = "policy-canary"

// NoPodDeletion has every deletion of a pod of the spec's namespace refused with
// the text, until the function given is called or the spec ends.
func NoPodDeletion(ctx context.Context, e *framework.Env, text string) (lift func(context.Context)) {
	name := e.Namespace
	_, err := e.Client.CoreV1().ConfigMaps(e.Namespace).Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: canary, Namespace: e.Namespace}}, metav1.CreateOptions{})
	e.Must(err, "create ConfigMap %s, by which the policy is tried out", canary)
	end := func(ctx context.Context) error {
		policies, bindings := e.Client.AdmissionregistrationV1().ValidatingAdmissionPolicies(), e.Client.AdmissionregistrationV1().ValidatingAdmissionPolicyBindings()
		left := errors.Join(unlessGone(bindings.Delete(ctx, name, metav1.DeleteOptions{})), unlessGone(policies.Delete(ctx, name, metav1.DeleteOptions{})))
		if left != nil {
			return fmt.Errorf("delete ValidatingAdmissionPolicy %s: %w", name, left)
		}
		return await(ctx, e, text, false)
	}
	e.Cleanup("delete ValidatingAdmissionPolicy "+name, end)
	failure := admissionv1.Fail
	_, err = e.Client.AdmissionregistrationV1().ValidatingAdmissionPolicies().Create(ctx, &admissionv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: admissionv1.ValidatingAdmissionPolicySpec{
			FailurePolicy:    &failure,
			MatchConstraints: within(e.Namespace, admissionv1.Delete, "pods", "configmaps"),
			Validations:      []admissionv1.Validation{{Expression: "false", Message: text}},
		},
	}, metav1.CreateOptions{})
	e.Must(err, "create ValidatingAdmissionPolicy %s", name)
	_, err = e.Client.AdmissionregistrationV1().ValidatingAdmissionPolicyBindings().Create(ctx, &admissionv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       admissionv1.ValidatingAdmissionPolicyBindingSpec{PolicyName: name, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny}},
	}, metav1.CreateOptions{})
	e.Must(err, "create ValidatingAdmissionPolicyBinding %s", name)
	e.Must(await(ctx, e, text, true), "wait until ValidatingAdmissionPolicy %s is in force", name)
	return func(ctx context.Context) { e.Must(end(ctx), "lift ValidatingAdmissionPolicy %s", name) }
}

// await waits until a deletion in the namespace is refused with the text, or is not.
func await(ctx context.Context, e *framework.Env, text string, refused bool) error {
	err := wait.PollUntilContextTimeout(ctx, look, e.Timeouts.Placement, true, func(ctx context.Context) (bool, error) {
		err := e.Client.CoreV1().ConfigMaps(e.Namespace).Delete(ctx, canary, metav1.DeleteOptions{DryRun: []string{metav1.DryRunAll}})
		switch {
		case err == nil:
			return !refused, nil
		case strings.Contains(err.Error(), text):
			return refused, nil
		}
		return false, fmt.Errorf("try to delete ConfigMap %s: %w", canary, err)
	})
	if err != nil {
		return fmt.Errorf("deletions are to be refused: %t: %w", refused, err)
	}
	return nil
}

// within matches the operation on core resources of the namespace.
func within(namespace string, operation admissionv1.OperationType, resources ...string) *admissionv1.MatchResources {
	return &admissionv1.MatchResources{
		NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: namespace}},
		ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: admissionv1.RuleWithOperations{
			Operations: []admissionv1.OperationType{operation},
			Rule:       admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: resources},
		}}},
	}
}

func unlessGone(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
