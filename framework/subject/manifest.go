package subject

import (
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/dsconform/dsconform/internal/exit"
)

// subjectName is the name of what is added to a manifest.
const subjectName = "dsconform-subject"

// bundle is a manifest as it is applied: the Deployment, and before it what it needs.
type bundle struct {
	deployment *appsv1.Deployment
	objects    []runtime.Object
}

// needKinds are the kinds a Deployment's manifest may hold beside it, in the
// order in which they are applied.
func needKinds() []string {
	return []string{"Namespace", "ServiceAccount", "ClusterRole", "Role", "ClusterRoleBinding", "RoleBinding", "ConfigMap", "Secret", "Service"}
}

// CheckManifest refuses a subject's manifest that does not hold exactly one
// Deployment with what it needs. The error is of class Usage.
func CheckManifest(path string, objects []runtime.Object) error {
	_, err := bundleOf(path, objects)
	return err
}

// bundleOf sorts the manifest, gives all of it a namespace, and gives the
// Deployment a service account with the DaemonSet controller's role if it names none.
func bundleOf(path string, objects []runtime.Object) (*bundle, error) {
	b := &bundle{}
	order := map[runtime.Object]int{}
	for _, o := range objects {
		kind := kindOf(o)
		if d, ok := o.(*appsv1.Deployment); ok {
			if b.deployment != nil {
				return nil, exit.Usagef("%s holds two Deployments, %s and %s; the manifest of a subject holds exactly one", path, b.deployment.Name, d.Name)
			}
			b.deployment = d.DeepCopy()
			continue
		}
		at := slices.Index(needKinds(), kind)
		if at < 0 {
			return nil, exit.Usagef("%s holds a %s; the manifest of a subject holds one Deployment and what it needs: %s", path, kind, strings.Join(needKinds(), ", "))
		}
		copied := o.DeepCopyObject()
		order[copied] = at
		b.objects = append(b.objects, copied)
	}
	if b.deployment == nil {
		return nil, exit.Usagef("%s holds no Deployment; the manifest of a subject holds exactly one", path)
	}
	if n := b.deployment.Spec.Replicas; n != nil && *n < 1 {
		return nil, exit.Usagef("%s: Deployment %s has %d replicas; nothing would run", path, b.deployment.Name, *n)
	}
	slices.SortStableFunc(b.objects, func(x, y runtime.Object) int { return order[x] - order[y] })
	b.place()
	b.identify()
	return b, nil
}

// place puts what names no namespace into the Deployment's, or kube-system.
func (b *bundle) place() {
	ns := b.deployment.Namespace
	if ns == "" {
		ns = metav1.NamespaceSystem
	}
	b.deployment.Namespace = ns
	for _, o := range b.objects {
		if m, ok := o.(metav1.Object); ok && m.GetNamespace() == "" && !clusterScoped(kindOf(o)) {
			m.SetNamespace(ns)
		}
	}
}

func clusterScoped(kind string) bool {
	return kind == "Namespace" || kind == "ClusterRole" || kind == "ClusterRoleBinding"
}

// identify gives a Deployment without a service account one of its own.
func (b *bundle) identify() {
	pod := &b.deployment.Spec.Template.Spec
	if pod.ServiceAccountName != "" {
		return
	}
	pod.ServiceAccountName = subjectName
	b.objects = append(b.objects,
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: subjectName, Namespace: b.deployment.Namespace}},
		&rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: subjectName},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: roleName},
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: subjectName, Namespace: b.deployment.Namespace}},
		})
}

// all is everything in the order in which it is applied.
func (b *bundle) all() []runtime.Object { return append(slices.Clone(b.objects), b.deployment) }

// kindOf is the kind of a typed object.
func kindOf(o runtime.Object) string {
	if kind := o.GetObjectKind().GroupVersionKind().Kind; kind != "" {
		return kind
	}
	kinds, _, err := scheme.Scheme.ObjectKinds(o)
	if err != nil || len(kinds) == 0 {
		return fmt.Sprintf("%T", o)
	}
	return kinds[0].Kind
}
