package subject

import (
	"context"
	"errors"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/framework/faults"
)

// TestTheRightToLeasesIsGivenAndTakenBack holds whether or not an earlier run that
// was killed has left it.
func TestTheRightToLeasesIsGivenAndTakenBack(t *testing.T) {
	t.Parallel()
	left := []runtime.Object{
		&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: leases}}, &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: leases}},
	}
	for name, there := range map[string][]runtime.Object{"on a new cluster": nil, "left by a run that was killed": left} {
		cs := fake.NewClientset(there...)
		forget, err := grantLeases(t.Context(), cs)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		binding, err := cs.RbacV1().ClusterRoleBindings().Get(t.Context(), leases, metav1.GetOptions{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if there == nil && (len(binding.Subjects) != 1 || binding.Subjects[0].Name != accountName || binding.RoleRef.Name != leases) {
			t.Errorf("%s: the binding is %v", name, binding)
		}
		if err := forget(t.Context()); err != nil {
			t.Errorf("%s: take it back: %v", name, err)
		}
		if _, err := cs.RbacV1().ClusterRoles().Get(t.Context(), leases, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			t.Errorf("%s: the role is still there: %v", name, err)
		}
		if err := forget(t.Context()); err != nil {
			t.Errorf("%s: what is gone already is an error: %v", name, err)
		}
	}
}

func TestARightToLeasesThatIsRefusedLeavesNothing(t *testing.T) {
	t.Parallel()
	cs := fake.NewClientset()
	cs.PrependReactor("create", "clusterrolebindings", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, errors.New("no")
	})
	if _, err := grantLeases(t.Context(), cs); err == nil {
		t.Fatal("the refusal is lost")
	}
	if _, err := cs.RbacV1().ClusterRoles().Get(context.WithoutCancel(t.Context()), leases, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the role is still there: %v", err)
	}
}

// TestWhatAHandleCanDo holds a subject's abilities against what it was started with.
func TestWhatAHandleCanDo(t *testing.T) {
	t.Parallel()
	for _, h := range []Handle{{}, {Faults: true}, {Elects: true}, {Faults: true, Elects: true}} {
		h.Kind, h.Folder = Command, t.TempDir()
		opened := h.Open(nil)
		_, injects := opened.(faults.Injector)
		_, elects := opened.(clusters.ControllerElecter)
		_, restarts := opened.(clusters.ControllerRestarter)
		if injects != h.Faults || elects != h.Elects || !restarts {
			t.Errorf("faults %v, elects %v: it injects %v, elects %v, restarts %v", h.Faults, h.Elects, injects, elects, restarts)
		}
	}
}
