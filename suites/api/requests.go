package api

import (
	"context"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	appsclient "k8s.io/client-go/kubernetes/typed/apps/v1"
	"k8s.io/client-go/util/retry"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/answer"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

// name is the DaemonSet of the specs that need one only.
const name = "agent"

// row is one DaemonSet of a table.
type row struct {
	// name is the DaemonSet's, unless the change gives it another.
	name   string
	change fleet.Change
	// fault and field are what the answer to a wrong DaemonSet must name.
	fault metav1.CauseType
	field string
}

// refuses sends a DaemonSet for each row. Each must be refused as invalid, with
// the row's field and fault; what stands against any row is said, and nothing
// may have been stored.
func refuses(ctx context.Context, e *framework.Env, rows ...row) {
	before := stored(ctx, e)
	var problems []error
	for _, r := range rows {
		_, err := create(ctx, e, unplaced(e, r.name, r.change))
		if wrong := answer.Invalid(err, r.fault, r.field); wrong != nil {
			problems = append(problems, fmt.Errorf("DaemonSet %s: %w", r.name, wrong))
		}
	}
	e.Check(errors.Join(problems...), "each of the wrong DaemonSets is refused as invalid (422), and the answer names the field at fault")
	after := stored(ctx, e)
	e.That(after == before, "nothing is stored of what was refused", "the namespace has %d DaemonSets after %d", after, before)
}

// accepts sends a DaemonSet for each row, which must be accepted, and gives what
// was stored by the names of the rows. It keeps a server that refuses
// everything from passing.
func accepts(ctx context.Context, e *framework.Env, rows ...row) map[string]*appsv1.DaemonSet {
	got := map[string]*appsv1.DaemonSet{}
	var problems []error
	for _, r := range rows {
		ds, err := create(ctx, e, unplaced(e, r.name, r.change))
		if err != nil {
			problems = append(problems, fmt.Errorf("DaemonSet %s: %w", r.name, err))
		}
		got[r.name] = ds
	}
	e.Check(errors.Join(problems...), "each of the right DaemonSets is accepted")
	return got
}

// unplaced is a DaemonSet that fits no node.
func unplaced(e *framework.Env, name string, changes ...fleet.Change) *appsv1.DaemonSet {
	return e.DaemonSet(name, append([]fleet.Change{fleet.Nowhere(e)}, changes...)...)
}

// create sends the DaemonSet and gives the answer, whatever it is.
func create(ctx context.Context, e *framework.Env, ds *appsv1.DaemonSet) (*appsv1.DaemonSet, error) {
	got, err := client(e).Create(ctx, ds, metav1.CreateOptions{})
	e.Must(answer.Unanswered(err), "create DaemonSet %s", ds.Name)
	if err == nil {
		e.Act("created DaemonSet", history.KindDaemonSet, got)
	}
	return got, err
}

// put changes the stored DaemonSet in one update, again on conflict, and gives
// the answer, whatever it is.
func put(ctx context.Context, e *framework.Env, change fleet.Change) (*appsv1.DaemonSet, error) {
	var got *appsv1.DaemonSet
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		ds := get(ctx, e, name)
		change(ds)
		var err error
		got, err = client(e).Update(ctx, ds, metav1.UpdateOptions{})
		return err
	})
	e.Must(answer.Unanswered(err), "update DaemonSet %s", name)
	if err == nil {
		e.Act("updated DaemonSet", history.KindDaemonSet, got)
	}
	return got, err
}

// putStatus changes the stored DaemonSet in one update of its status, again on conflict.
func putStatus(ctx context.Context, e *framework.Env, name string, change fleet.Change) *appsv1.DaemonSet {
	var got *appsv1.DaemonSet
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		ds := get(ctx, e, name)
		change(ds)
		var err error
		got, err = client(e).UpdateStatus(ctx, ds, metav1.UpdateOptions{})
		return err
	})
	e.Must(err, "update the status of DaemonSet %s", name)
	e.Act("updated the status of DaemonSet", history.KindDaemonSet, got)
	return got
}

// get reads the stored DaemonSet.
func get(ctx context.Context, e *framework.Env, name string) *appsv1.DaemonSet {
	ds, err := client(e).Get(ctx, name, metav1.GetOptions{})
	e.Must(err, "read DaemonSet %s", name)
	return ds
}

// absent judges that no DaemonSet of the name is stored.
func absent(ctx context.Context, e *framework.Env, name string) error {
	_, err := client(e).Get(ctx, name, metav1.GetOptions{})
	e.Must(answer.Unanswered(err), "read DaemonSet %s", name)
	switch {
	case err == nil:
		return fmt.Errorf("DaemonSet %s is there", name)
	case !apierrors.IsNotFound(err):
		return fmt.Errorf("whether DaemonSet %s is there is not told: %w", name, err)
	}
	return nil
}

// stored counts the namespace's DaemonSets.
func stored(ctx context.Context, e *framework.Env) int {
	list, err := client(e).List(ctx, metav1.ListOptions{})
	e.Must(err, "list the DaemonSets")
	return len(list.Items)
}

func client(e *framework.Env) appsclient.DaemonSetInterface {
	return e.Client.AppsV1().DaemonSets(e.Namespace)
}

// raw is a client that sends and shows DaemonSets as they are on the wire: the
// typed one writes fields that a manifest leaves out.
func raw(e *framework.Env) dynamic.ResourceInterface {
	d, err := dynamic.NewForConfig(e.Config)
	e.Must(err, "make a dynamic client")
	return d.Resource(appsv1.SchemeGroupVersion.WithResource("daemonsets")).Namespace(e.Namespace)
}
