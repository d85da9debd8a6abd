package catalogue

import (
	"encoding/json"
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Probe is the name of a DaemonSet to which every policy gives the annotation of
// the same name when it is created: by a dry run of its creation, whoever applies a
// policy sees that the API server goes by it.
const Probe = "mutants-probe"

// mended is a policy, and its binding, by which the API server applies a JSON patch
// to DaemonSets that are created or updated, before it judges them. The patch is a
// CEL expression; a DaemonSet to which it gives an empty list stays as it is.
func mended(patch string) string {
	const name = "mutants"
	fail := admissionv1.Fail
	policy := admissionv1.MutatingAdmissionPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "MutatingAdmissionPolicy"},
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: admissionv1.MutatingAdmissionPolicySpec{
			MatchConstraints: &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{{
				RuleWithOperations: admissionv1.RuleWithOperations{
					Operations: []admissionv1.OperationType{admissionv1.Create, admissionv1.Update},
					Rule:       admissionv1.Rule{APIGroups: []string{"apps"}, APIVersions: []string{"v1"}, Resources: []string{"daemonsets"}},
				},
			}}},
			FailurePolicy:      &fail,
			ReinvocationPolicy: admissionv1.NeverReinvocationPolicy,
			Mutations: []admissionv1.Mutation{
				jsonPatch(put(fmt.Sprintf("object.metadata.name == %q", Probe), "/metadata/annotations", fmt.Sprintf(`{%q: ""}`, Probe))),
				jsonPatch(patch),
			},
		},
	}
	binding := admissionv1.MutatingAdmissionPolicyBinding{
		TypeMeta:   metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "MutatingAdmissionPolicyBinding"},
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       admissionv1.MutatingAdmissionPolicyBindingSpec{PolicyName: name},
	}
	raw, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": []any{policy, binding}})
	if err != nil {
		panic(fmt.Sprintf("encoding the policy: %v", err)) // Strings alone are encoded.
	}
	return string(raw)
}

func jsonPatch(expression string) admissionv1.Mutation {
	return admissionv1.Mutation{PatchType: admissionv1.PatchTypeJSONPatch, JSONPatch: &admissionv1.JSONPatch{Expression: expression}}
}

// put is a patch that sets the field at the path, added or replaced, where the
// condition holds.
func put(condition, path, value string) string {
	return fmt.Sprintf(`%s ? [JSONPatch{op: "add", path: "%s", value: %s}] : []`, condition, path, value)
}
