package kubectl

import (
	"context"
	"strconv"
	"time"
)

// DrainOptions are the flags of "drain"; zero values leave a flag out.
type DrainOptions struct {
	// IgnoreDaemonSets lets drain pass by pods of DaemonSets; without it drain refuses a node that has some.
	IgnoreDaemonSets bool
	// DeleteEmptyDirData lets drain evict pods that use emptyDir.
	DeleteEmptyDirData bool
	// Force lets drain delete pods that no controller would make again.
	Force bool
	// PodSelector restricts drain to the pods it selects.
	PodSelector string
	// GracePeriod overrides the pods' own, in whole seconds.
	GracePeriod *time.Duration
	// Timeout is how long drain may wait for pods to be gone.
	Timeout time.Duration
	// DryRun is "client" or "server".
	DryRun string
}

// Drain runs "drain" on the node. The node stays cordoned.
func (r *Runner) Drain(ctx context.Context, node string, o DrainOptions) Result {
	args := []string{"drain", node}
	args = flag(args, "ignore-daemonsets", o.IgnoreDaemonSets)
	args = flag(args, "delete-emptydir-data", o.DeleteEmptyDirData)
	args = flag(args, "force", o.Force)
	args = value(args, "pod-selector", o.PodSelector)
	if o.GracePeriod != nil {
		args = value(args, "grace-period", strconv.Itoa(int(o.GracePeriod.Seconds())))
	}
	if o.Timeout != 0 {
		args = value(args, "timeout", o.Timeout.String())
	}
	return r.Run(ctx, value(args, "dry-run", o.DryRun)...)
}

// Cordon runs "cordon" on the node.
func (r *Runner) Cordon(ctx context.Context, node string) Result {
	return r.Run(ctx, "cordon", node)
}

// Uncordon runs "uncordon" on the node.
func (r *Runner) Uncordon(ctx context.Context, node string) Result {
	return r.Run(ctx, "uncordon", node)
}

// LabelNode runs "label node" with changes as "key=value" or "key-".
func (r *Runner) LabelNode(ctx context.Context, node string, changes ...string) Result {
	return r.Run(ctx, append([]string{"label", "node", node}, changes...)...)
}

// TaintNode runs "taint node" with changes as "key=value:NoSchedule" or "key:NoSchedule-".
func (r *Runner) TaintNode(ctx context.Context, node string, changes ...string) Result {
	return r.Run(ctx, append([]string{"taint", "node", node}, changes...)...)
}

// TopNodes runs "top nodes"; it needs a metrics API.
func (r *Runner) TopNodes(ctx context.Context, args ...string) Result {
	return r.Run(ctx, append([]string{"top", "nodes"}, args...)...)
}

// TopPods runs "top pods"; it needs a metrics API.
func (r *Runner) TopPods(ctx context.Context, args ...string) Result {
	return r.Run(ctx, append([]string{"top", "pods"}, args...)...)
}

func flag(args []string, name string, on bool) []string {
	if on {
		args = append(args, "--"+name)
	}
	return args
}

func value(args []string, name, v string) []string {
	if v != "" {
		args = append(args, "--"+name+"="+v)
	}
	return args
}
