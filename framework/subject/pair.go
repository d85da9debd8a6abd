package subject

import (
	"context"
	"errors"
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/internal/supervisor"
)

// The names of a pair's processes to their supervisor.
const (
	first  = "subject-first"
	second = "subject-second"
)

// pairControl runs a program twice by way of its supervisor.
type pairControl struct{ control processControl }

var _ clusters.ControllerElecter = pairControl{}

// StartPair implements clusters.ControllerElecter.
func (p pairControl) StartPair(ctx context.Context) error {
	if err := p.control.StopController(ctx); err != nil {
		return err
	}
	return p.control.on(ctx, first, supervisor.Start)
}

// StartSecond implements clusters.ControllerElecter.
func (p pairControl) StartSecond(ctx context.Context) error {
	return p.control.on(ctx, second, supervisor.Start)
}

// KillFirst implements clusters.ControllerElecter.
func (p pairControl) KillFirst(ctx context.Context) error {
	return p.control.on(ctx, first, supervisor.Kill)
}

// EndPair implements clusters.ControllerElecter. A process that does not run is
// left alone.
func (p pairControl) EndPair(ctx context.Context) error {
	return errors.Join(
		p.control.on(ctx, first, supervisor.Stop), p.control.on(ctx, second, supervisor.Stop), p.control.StartController(ctx),
	)
}

// leases is the name of the role by which the account may hold a lease.
const leases = "dsconform-subject-leases"

// grantLeases gives the DaemonSet controller's account the right to leases, of any
// name, which it has not by itself; the function takes it back.
func grantLeases(ctx context.Context, cs kubernetes.Interface) (func(context.Context) error, error) {
	roles, bindings := cs.RbacV1().ClusterRoles(), cs.RbacV1().ClusterRoleBindings()
	forget := func(ctx context.Context) error {
		var errs []error
		for _, err := range []error{bindings.Delete(ctx, leases, metav1.DeleteOptions{}), roles.Delete(ctx, leases, metav1.DeleteOptions{})} {
			if err != nil && !apierrors.IsNotFound(err) {
				errs = append(errs, fmt.Errorf("taking back the right to leases: %w", err))
			}
		}
		return errors.Join(errs...)
	}
	role := &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: leases},
		Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"get", "list", "watch", "create", "update", "patch"},
		}},
	}
	_, err := roles.Create(ctx, role, metav1.CreateOptions{})
	if err == nil || apierrors.IsAlreadyExists(err) {
		_, err = bindings.Create(ctx, &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: leases},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: leases},
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: metav1.NamespaceSystem, Name: accountName}},
		}, metav1.CreateOptions{})
	}
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return nil, errors.Join(fmt.Errorf("giving the account %s the right to leases: %w", accountName, err), forget(context.WithoutCancel(ctx)))
	}
	return forget, nil
}
