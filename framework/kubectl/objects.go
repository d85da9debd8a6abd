package kubectl

import (
	"bytes"
	"context"
	"strconv"
)

// Get runs "get" with the words that follow it; Result.Table and Result.Decode
// read its answers.
func (r *Runner) Get(ctx context.Context, args ...string) Result {
	return r.Run(ctx, append([]string{"get"}, args...)...)
}

// JSONPath runs "get -o jsonpath" on the resource, as "ds/x".
func (r *Runner) JSONPath(ctx context.Context, resource, template string) Result {
	return r.Run(ctx, "get", resource, "-o", "jsonpath="+template)
}

// Describe runs "describe" on the resource, as "ds/x".
func (r *Runner) Describe(ctx context.Context, resource string) Result {
	return r.Run(ctx, "describe", resource)
}

// Events runs "events --for" the resource, as "ds/x".
func (r *Runner) Events(ctx context.Context, resource string) Result {
	return r.Run(ctx, "events", "--for", resource)
}

// Apply runs "apply -f -" on the manifest, with further flags.
func (r *Runner) Apply(ctx context.Context, manifest []byte, flags ...string) Result {
	return r.Do(ctx, Call{
		Args:  append([]string{"apply", "-f", "-"}, flags...),
		Stdin: bytes.NewReader(manifest),
	})
}

// Diff runs "diff -f -" on the manifest: exit code 0 without a difference, 1 with one.
func (r *Runner) Diff(ctx context.Context, manifest []byte) Result {
	return r.Do(ctx, Call{Args: []string{"diff", "-f", "-"}, Stdin: bytes.NewReader(manifest)})
}

// Patch runs "patch" on the resource; kind is "strategic", "merge" or "json".
func (r *Runner) Patch(ctx context.Context, resource, kind, patch string) Result {
	return r.Run(ctx, "patch", resource, "--type="+kind, "--patch="+patch)
}

// Delete runs "delete" on the resource, with further flags ("--cascade=orphan",
// "--wait=false"). It waits for the object to be gone unless told otherwise.
func (r *Runner) Delete(ctx context.Context, resource string, flags ...string) Result {
	return r.Run(ctx, append([]string{"delete", resource}, flags...)...)
}

// Scale runs "scale" on the resource, which DaemonSets do not support.
func (r *Runner) Scale(ctx context.Context, resource string, replicas int) Result {
	return r.Run(ctx, "scale", resource, "--replicas="+strconv.Itoa(replicas))
}

// Autoscale runs "autoscale" on the resource, which DaemonSets do not support.
func (r *Runner) Autoscale(ctx context.Context, resource string, atLeast, atMost int) Result {
	return r.Run(ctx, "autoscale", resource, "--min="+strconv.Itoa(atLeast), "--max="+strconv.Itoa(atMost))
}

// SetImage runs "set image": the container of the resource gets the image.
func (r *Runner) SetImage(ctx context.Context, resource, container, image string) Result {
	return r.Run(ctx, "set", "image", resource, container+"="+image)
}
