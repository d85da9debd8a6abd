package site

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
)

// ServiceAccount makes a ServiceAccount in the spec's namespace, for templates that
// name one: the API server refuses pods of one that is not there.
func ServiceAccount(ctx context.Context, e *framework.Env, name string) {
	e.Apply(ctx, &corev1.ServiceAccount{
		TypeMeta: metav1.TypeMeta{Kind: "ServiceAccount", APIVersion: "v1"}, ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: e.Namespace},
	})
}
