package subject

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/dsconform/dsconform/internal/exit"
)

func deploymentNamed(name string) *appsv1.Deployment {
	return &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

func TestBundleAddsAnIdentity(t *testing.T) {
	t.Parallel()
	given := deploymentNamed("c")
	b, err := bundleOf("d.yaml", []runtime.Object{given, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "m"}}})
	if err != nil {
		t.Fatal(err)
	}
	if given.Namespace != "" {
		t.Error("the objects given were changed")
	}
	if b.deployment.Namespace != "kube-system" || b.deployment.Spec.Template.Spec.ServiceAccountName != subjectName {
		t.Errorf("the Deployment is in %q and acts as %q", b.deployment.Namespace, b.deployment.Spec.Template.Spec.ServiceAccountName)
	}
	all := b.all()
	if len(all) != 4 || all[3] != runtime.Object(b.deployment) {
		t.Fatalf("%d objects, the last is %T", len(all), all[len(all)-1])
	}
	binding, ok := all[2].(*rbacv1.ClusterRoleBinding)
	if !ok || binding.RoleRef.Name != roleName || binding.Subjects[0].Namespace != "kube-system" {
		t.Errorf("the binding is %+v", all[2])
	}
	if m, ok := all[0].(*corev1.ConfigMap); !ok || m.Namespace != "kube-system" {
		t.Errorf("the ConfigMap is %+v", all[0])
	}
}

func TestBundleKeepsWhatTheManifestBrings(t *testing.T) {
	t.Parallel()
	d := deploymentNamed("c")
	d.Namespace, d.Spec.Template.Spec.ServiceAccountName = "own", "mine"
	b, err := bundleOf("d.yaml", []runtime.Object{
		d, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "r"}},
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "mine"}}, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "own"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, o := range b.all() {
		kinds = append(kinds, kindOf(o))
	}
	if got := strings.Join(kinds, " "); got != "Namespace ServiceAccount ClusterRole Deployment" {
		t.Errorf("applied in the order %s", got)
	}
	if role, ok := b.objects[2].(*rbacv1.ClusterRole); !ok || role.Namespace != "" {
		t.Errorf("the ClusterRole was put into a namespace: %+v", b.objects[2])
	}
}

func TestBundleRefuses(t *testing.T) {
	t.Parallel()
	none := deploymentNamed("none")
	zero := int32(0)
	none.Spec.Replicas = &zero
	for name, tc := range map[string]struct {
		objects []runtime.Object
		says    string
	}{
		"no Deployment":   {[]runtime.Object{&corev1.ConfigMap{}}, "no Deployment"},
		"two Deployments": {[]runtime.Object{deploymentNamed("a"), deploymentNamed("b")}, "two Deployments, a and b"},
		"something else":  {[]runtime.Object{deploymentNamed("a"), &appsv1.DaemonSet{}}, "holds a DaemonSet"},
		"no replicas":     {[]runtime.Object{none}, "0 replicas"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := CheckManifest("d.yaml", tc.objects)
			if exit.Of(err) != exit.Usage || !strings.Contains(err.Error(), tc.says) || !strings.HasPrefix(err.Error(), "d.yaml") {
				t.Errorf("got %v, want one of class usage with %q", err, tc.says)
			}
		})
	}
}

func TestAvailable(t *testing.T) {
	t.Parallel()
	d := deploymentNamed("c")
	d.Generation = 2
	if ok, why := available([]*appsv1.Deployment{d}); ok || !strings.Contains(why, "not seen") {
		t.Errorf("unseen: %v %s", ok, why)
	}
	d.Status.ObservedGeneration = 2
	if ok, why := available([]*appsv1.Deployment{d}); ok || !strings.Contains(why, "0 of 1") {
		t.Errorf("not up: %v %s", ok, why)
	}
	d.Status.UpdatedReplicas, d.Status.AvailableReplicas = 1, 1
	if ok, _ := available([]*appsv1.Deployment{d}); !ok {
		t.Error("up, and not available")
	}
	if ok, why := available(nil); ok || !strings.Contains(why, "gone") {
		t.Errorf("gone: %v %s", ok, why)
	}
	if ok, why := gone([]*corev1.Pod{{ObjectMeta: metav1.ObjectMeta{Name: "p"}}}); ok || !strings.Contains(why, "first is p") {
		t.Errorf("a pod is left: %v %s", ok, why)
	}
	if ok, _ := gone(nil); !ok {
		t.Error("no pod is left, and they are not gone")
	}
}

func TestPodsText(t *testing.T) {
	t.Parallel()
	if got := podsText(nil); !strings.Contains(got, "no pod") {
		t.Errorf("of none: %s", got)
	}
	pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"}, Status: corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: []corev1.ContainerStatus{{
		Name:                 "c",
		State:                corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
		LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 2, Reason: "Error"}},
	}}}}
	if got := podsText([]corev1.Pod{pod}); got != "p is Pending, container c waits: CrashLoopBackOff, container c exited with code 2 Error" {
		t.Errorf("got %s", got)
	}
	if got := lastLines("a\nb\n"); len(got) != 2 || got[1] != "b" {
		t.Errorf("last lines %q", got)
	}
}

// TestStays: pods that end again and again are available for a moment, too.
func TestStays(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status corev1.ContainerStatus
		says   string
	}{
		"runs":     {corev1.ContainerStatus{Name: "c", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}, ""},
		"restarts": {corev1.ContainerStatus{Name: "c", RestartCount: 2}, "does not stay up"},
		"has ended": {corev1.ContainerStatus{Name: "c", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1}}},
			`its last telling line is "fake logs"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pod := &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "n", Labels: map[string]string{"app": "s"}},
				Status:     corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{tc.status}},
			}
			s := &deployment{cs: fake.NewClientset(pod), selector: "app=s"}
			s.handle = Handle{Namespace: "n", Name: "s"}
			err := s.stays(t.Context())
			if (err == nil) != (tc.says == "") || err != nil && !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%v", err)
			}
		})
	}
}
