package kubectl

import (
	"context"
	"strconv"
)

// LogOptions are the flags of "logs"; zero values leave a flag out.
type LogOptions struct {
	// Container names one container.
	Container string
	// AllContainers takes all containers of the pods.
	AllContainers bool
	// AllPods takes all pods of the object, each line with its pod.
	AllPods bool
	// Previous takes the containers' last finished run.
	Previous bool
	// Selector picks the pods instead of a target.
	Selector string
	// Tail is how many of the last lines are shown; zero leaves it to kubectl.
	Tail int
}

// Logs runs "logs" on the target, as "ds/x" or a pod's name; leave it empty
// with a Selector.
func (r *Runner) Logs(ctx context.Context, target string, o LogOptions) Result {
	args := []string{"logs"}
	if target != "" {
		args = append(args, target)
	}
	args = value(args, "container", o.Container)
	args = flag(args, "all-containers", o.AllContainers)
	args = flag(args, "all-pods", o.AllPods)
	args = flag(args, "previous", o.Previous)
	args = value(args, "selector", o.Selector)
	if o.Tail != 0 {
		args = value(args, "tail", strconv.Itoa(o.Tail))
	}
	return r.Run(ctx, args...)
}

// Exec runs a command in the target, as "ds/x" or a pod's name; an empty
// container is kubectl's choice. The exit code is the command's.
func (r *Runner) Exec(ctx context.Context, target, container string, command ...string) Result {
	args := value([]string{"exec", target}, "container", container)
	return r.Run(ctx, append(append(args, "--"), command...)...)
}
