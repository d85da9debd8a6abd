package kubectl

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// echo is a Runner whose kubectl prints its own arguments.
func echo(t *testing.T) *Runner {
	t.Helper()
	script := filepath.Join(t.TempDir(), "echo")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nprintf '%s\\n' \"$*\"\ncat\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return &Runner{Exe: []string{script}}
}

func TestVerbs(t *testing.T) {
	grace := 3 * time.Second
	for want, verb := range map[string]func(context.Context, *Runner) Result{
		"rollout status daemonset/x --timeout=1m0s": func(ctx context.Context, r *Runner) Result { return r.RolloutStatus(ctx, "x", time.Minute) },
		"rollout history daemonset/x --revision=3":  func(ctx context.Context, r *Runner) Result { return r.RolloutHistoryOf(ctx, "x", 3) },
		"rollout undo daemonset/x":                  func(ctx context.Context, r *Runner) Result { return r.RolloutUndo(ctx, "x", 0) },
		"rollout undo daemonset/x --to-revision=2":  func(ctx context.Context, r *Runner) Result { return r.RolloutUndo(ctx, "x", 2) },
		"rollout restart daemonset/x":               func(ctx context.Context, r *Runner) Result { return r.RolloutRestart(ctx, "x") },
		"rollout pause daemonset/x":                 func(ctx context.Context, r *Runner) Result { return r.RolloutPause(ctx, "x") },
		"rollout resume daemonset/x":                func(ctx context.Context, r *Runner) Result { return r.RolloutResume(ctx, "x") },
		"cordon n":                                  func(ctx context.Context, r *Runner) Result { return r.Cordon(ctx, "n") },
		"uncordon n":                                func(ctx context.Context, r *Runner) Result { return r.Uncordon(ctx, "n") },
		"label node n a=b c-":                       func(ctx context.Context, r *Runner) Result { return r.LabelNode(ctx, "n", "a=b", "c-") },
		"taint node n a=b:NoExecute":                func(ctx context.Context, r *Runner) Result { return r.TaintNode(ctx, "n", "a=b:NoExecute") },
		"top nodes --no-headers":                    func(ctx context.Context, r *Runner) Result { return r.TopNodes(ctx, "--no-headers") },
		"top pods -l app=x":                         func(ctx context.Context, r *Runner) Result { return r.TopPods(ctx, "-l", "app=x") },
		"drain n":                                   func(ctx context.Context, r *Runner) Result { return r.Drain(ctx, "n", DrainOptions{}) },
		"logs ds/x --all-pods":                      func(ctx context.Context, r *Runner) Result { return r.Logs(ctx, "ds/x", LogOptions{AllPods: true}) },
		"exec ds/x -- ls -l":                        func(ctx context.Context, r *Runner) Result { return r.Exec(ctx, "ds/x", "", "ls", "-l") },
		"exec p --container=c -- id":                func(ctx context.Context, r *Runner) Result { return r.Exec(ctx, "p", "c", "id") },
		"get ds -o wide":                            func(ctx context.Context, r *Runner) Result { return r.Get(ctx, "ds", "-o", "wide") },
		"get ds/x -o jsonpath={.status}":            func(ctx context.Context, r *Runner) Result { return r.JSONPath(ctx, "ds/x", "{.status}") },
		"describe ds/x":                             func(ctx context.Context, r *Runner) Result { return r.Describe(ctx, "ds/x") },
		"events --for ds/x":                         func(ctx context.Context, r *Runner) Result { return r.Events(ctx, "ds/x") },
		"patch ds/x --type=merge --patch={}":        func(ctx context.Context, r *Runner) Result { return r.Patch(ctx, "ds/x", "merge", "{}") },
		"delete ds/x --cascade=orphan":              func(ctx context.Context, r *Runner) Result { return r.Delete(ctx, "ds/x", "--cascade=orphan") },
		"scale ds/x --replicas=0":                   func(ctx context.Context, r *Runner) Result { return r.Scale(ctx, "ds/x", 0) },
		"autoscale ds/x --min=1 --max=2":            func(ctx context.Context, r *Runner) Result { return r.Autoscale(ctx, "ds/x", 1, 2) },
		"set image ds/x agent=i:2":                  func(ctx context.Context, r *Runner) Result { return r.SetImage(ctx, "ds/x", "agent", "i:2") },
		"apply -f - --server-side\nkind: DaemonSet": func(ctx context.Context, r *Runner) Result {
			return r.Apply(ctx, []byte("kind: DaemonSet"), "--server-side")
		},
		"diff -f -\nkind: DaemonSet": func(ctx context.Context, r *Runner) Result { return r.Diff(ctx, []byte("kind: DaemonSet")) },
		"logs --container=c --previous --selector=a=b --tail=5": func(ctx context.Context, r *Runner) Result {
			return r.Logs(ctx, "", LogOptions{Container: "c", Previous: true, Selector: "a=b", Tail: 5})
		},
		"drain n --ignore-daemonsets --delete-emptydir-data --force --pod-selector=a=b --grace-period=3 --timeout=1m0s --dry-run=server": func(ctx context.Context, r *Runner) Result {
			return r.Drain(ctx, "n", DrainOptions{
				IgnoreDaemonSets: true, DeleteEmptyDirData: true, Force: true, PodSelector: "a=b",
				GracePeriod: &grace, Timeout: time.Minute, DryRun: "server",
			})
		},
	} {
		t.Run(want, func(t *testing.T) {
			res := verb(t.Context(), echo(t))
			lines := res.Stdout
			if res.Err != nil || lines != want+"\n" && lines != want {
				t.Errorf("ran %q (%v), want %q", res.Stdout, res.Err, want)
			}
		})
	}
}

func TestRolloutHistory(t *testing.T) {
	script := filepath.Join(t.TempDir(), "history")
	text := "#!/bin/sh\nprintf 'daemonset.apps/x \\nREVISION  CHANGE-CAUSE\\n1         <none>\\n3         image v2\\n\\n'\n"
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	got, res := (&Runner{Exe: []string{script}}).RolloutHistory(t.Context(), "x")
	if res.Err != nil || len(got) != 2 || got[1] != (Revision{Number: 3, Cause: "image v2"}) {
		t.Errorf("%+v, %v", got, res.Err)
	}
	if got, res := echo(t).RolloutHistory(t.Context(), "x"); res.Err == nil {
		t.Errorf("no history was read as %+v", got)
	}
}
