package revisions

import (
	"context"
	"errors"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/kubectl"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

// undo runs kubectl rollout undo and gives the DaemonSet as it is afterwards.
func undo(ctx context.Context, e *framework.Env, toRevision int64) *appsv1.DaemonSet {
	e.Act("rolls back DaemonSet", history.KindDaemonSet, &metav1.ObjectMeta{Namespace: e.Namespace, Name: name})
	result := e.Kubectl.RolloutUndo(ctx, name, toRevision)
	e.Check(succeeded(result, "daemonset.apps/"+name+" rolled back"), "kubectl rolls the DaemonSet back")
	return stored(ctx, e)
}

// stored reads the DaemonSet from the API server.
func stored(ctx context.Context, e *framework.Env) *appsv1.DaemonSet {
	ds, err := e.Client.AppsV1().DaemonSets(e.Namespace).Get(ctx, name, metav1.GetOptions{})
	e.Must(err, "read DaemonSet %s", name)
	return ds
}

// succeeded judges that the command ended well and printed the text.
func succeeded(r kubectl.Result, text string) error {
	if r.Err != nil || !strings.Contains(r.Stdout, text) {
		return fmt.Errorf("it did not print %q with exit code 0:\n%s", text, r.Transcript())
	}
	return nil
}

// failed judges that the command ended with exit code 1 and said the text on standard error.
func failed(r kubectl.Result, text string) error {
	if r.ExitCode != 1 || !strings.Contains(r.Stderr, text) {
		return fmt.Errorf("it did not fail with %q and exit code 1:\n%s", text, r.Transcript())
	}
	return nil
}

// unwritten judges that the DaemonSet's spec is of the same generation as before.
func unwritten(before, now *appsv1.DaemonSet) error {
	if now.Generation != before.Generation || now.UID != before.UID {
		return errors.New("the DaemonSet was written: " + fmt.Sprintf("generation %d became %d", before.Generation, now.Generation))
	}
	return nil
}

// listed gives the numbers that kubectl rollout history prints.
func listed(ctx context.Context, e *framework.Env) []int64 {
	revisions, result := e.Kubectl.RolloutHistory(ctx, name)
	e.Check(result.Err, "kubectl lists the history")
	var numbers []int64
	for _, r := range revisions {
		numbers = append(numbers, r.Number)
	}
	return numbers
}

// changeCause is the annotation that kubectl shows as the cause of a change.
func changeCause(text string) fleet.Change {
	return fleet.Annotated("kubernetes.io/change-cause", text)
}
