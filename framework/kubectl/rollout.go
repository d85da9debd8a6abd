package kubectl

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/kubectl/pkg/polymorphichelpers"
)

func daemonSet(name string) string { return "daemonset/" + name }

// RolloutStatus runs "rollout status" until the rollout of the DaemonSet is
// done or the timeout, which must be above zero, has passed (exit code 1).
func (r *Runner) RolloutStatus(ctx context.Context, name string, timeout time.Duration) Result {
	return r.Run(ctx, "rollout", "status", daemonSet(name), "--timeout="+timeout.String())
}

// Revision is one line of "rollout history".
type Revision struct {
	// Number is the revision as --to-revision takes it.
	Number int64
	// Cause is the change cause, "<none>" where there is none.
	Cause string
}

// RolloutHistory runs "rollout history" and reads its lines, oldest first.
func (r *Runner) RolloutHistory(ctx context.Context, name string) ([]Revision, Result) {
	res := r.Run(ctx, "rollout", "history", daemonSet(name))
	table, err := res.Table()
	if err != nil {
		res.Err = err
		return nil, res
	}
	causes := table.Column("CHANGE-CAUSE")
	var revisions []Revision
	for i, cell := range table.Column("REVISION") {
		n, err := strconv.ParseInt(cell, 10, 64)
		if err != nil || i >= len(causes) {
			res.Err = fmt.Errorf("%s: line %q is not a revision and its cause", res.CommandLine(), strings.Join(table.Rows[i], " "))
			return nil, res
		}
		revisions = append(revisions, Revision{Number: n, Cause: causes[i]})
	}
	return revisions, res
}

// RolloutHistoryOf runs "rollout history --revision", which prints the pod
// template of the revision.
func (r *Runner) RolloutHistoryOf(ctx context.Context, name string, revision int64) Result {
	return r.Run(ctx, "rollout", "history", daemonSet(name), "--revision="+strconv.FormatInt(revision, 10))
}

// RolloutUndo runs "rollout undo"; toRevision 0 goes to the previous revision.
func (r *Runner) RolloutUndo(ctx context.Context, name string, toRevision int64) Result {
	args := []string{"rollout", "undo", daemonSet(name)}
	if toRevision != 0 {
		args = append(args, "--to-revision="+strconv.FormatInt(toRevision, 10))
	}
	return r.Run(ctx, args...)
}

// RolloutRestart runs "rollout restart".
func (r *Runner) RolloutRestart(ctx context.Context, name string) Result {
	return r.Run(ctx, "rollout", "restart", daemonSet(name))
}

// RolloutPause runs "rollout pause", which DaemonSets do not support.
func (r *Runner) RolloutPause(ctx context.Context, name string) Result {
	return r.Run(ctx, "rollout", "pause", daemonSet(name))
}

// RolloutResume runs "rollout resume", which DaemonSets do not support.
func (r *Runner) RolloutResume(ctx context.Context, name string) Result {
	return r.Run(ctx, "rollout", "resume", daemonSet(name))
}

// StatusOf is what "rollout status" makes of the object as it is: its line of
// text and whether the rollout is done. It asks no server and waits for nothing,
// so a spec can hold kubectl's judgement against every recorded state.
func StatusOf(ds *appsv1.DaemonSet) (text string, done bool, err error) {
	viewer, err := polymorphichelpers.StatusViewerFor(appsv1.SchemeGroupVersion.WithKind("DaemonSet").GroupKind())
	if err != nil {
		return "", false, fmt.Errorf("find kubectl's rollout status for DaemonSets: %w", err)
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(ds)
	if err != nil {
		return "", false, fmt.Errorf("convert DaemonSet %s/%s: %w", ds.Namespace, ds.Name, err)
	}
	text, done, err = viewer.Status(&unstructured.Unstructured{Object: content}, 0)
	if err != nil {
		return "", false, fmt.Errorf("rollout status of DaemonSet %s/%s: %w", ds.Namespace, ds.Name, err)
	}
	return strings.TrimSuffix(text, "\n"), done, nil
}
