// Command scale times DaemonSets on clusters of many simulated nodes: the
// control plane, nodes that become Ready, a rollout, an update, a node that
// joins; and beside it, in the same run, what plain kubectl takes for the same on
// nodes with KWOK's own fast stages. `make bench-scale` runs it. Where that
// baseline hits the limit of a step, the table says so, and is no less a table.
//
// What may not live here: anything that judges. A figure is printed, never asserted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/clusters/sim"
	"github.com/dsconform/dsconform/clusters/sim/controlplane"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/hack/internal/command"
	"github.com/dsconform/dsconform/internal/exit"
)

// stepLimit bounds each thing that is timed.
const stepLimit = 15 * time.Minute

func main() { command.Main(context.Background(), "scale", work) }

// work is what the command does.
func work(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("scale", flag.ContinueOnError)
	sizes := flags.String("nodes", "100,1000,5000", "the numbers of nodes, with commas between them")
	exe := flags.String("dsconform", "bin/dsconform", "the dsconform to supervise the processes and to be kubectl")
	if err := command.ParseAll(flags, args, out); err != nil {
		return err
	}
	counts, err := parse(*sizes)
	if err != nil {
		return err
	}
	for _, n := range counts {
		if err := bench(ctx, out, *exe, n); err != nil {
			return exit.Environmentf("%d nodes: %w", n, err)
		}
	}
	return nil
}

func parse(sizes string) ([]int, error) {
	var out []int
	for text := range strings.SplitSeq(sizes, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 {
			return nil, exit.Usagef("--nodes %q: it must be numbers of 1 and more, as 100,1000", sizes)
		}
		out = append(out, n)
	}
	return out, nil
}

// bench times one number of nodes, ours first, and prints the table.
func bench(ctx context.Context, w io.Writer, exe string, n int) error {
	fmt.Fprintf(w, "\n%d nodes\n", n)
	ours, err := run(ctx, exe, n, false)
	if err != nil {
		return err
	}
	plain, err := run(ctx, exe, n, true)
	tell(w, ours, plain) // what was found out of ours is told whatever the baseline comes to
	if err != nil {
		return fmt.Errorf("the baseline: %w", err)
	}
	return nil
}

// run makes a cluster, times what is done on it, and removes it.
func run(ctx context.Context, exe string, n int, plain bool) (out result, err error) {
	options := sim.Options{
		Name: "dsconform-scale", Workers: sim.NoWorkers, Topology: []clusters.NodeSpec{}, Attached: true, Executable: exe,
		FastStages: plain, Timeouts: clusters.DefaultTimeouts(), Log: steps.New(os.Stderr),
	}
	options.Timeouts.Create = stepLimit
	out.log, out.limit = options.Log, stepLimit
	if plain {
		options.Expected = n
	} else {
		options.Workers = n
	}
	c, err := sim.Create(ctx, options)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, c.Delete(context.WithoutCancel(ctx))) }()
	for _, step := range options.Log.Records() {
		took := time.Duration(step.Seconds * float64(time.Second))
		switch {
		case strings.HasPrefix(step.Name, "control plane of "):
			out.rows = append(out.rows, timed{"control plane ready", took})
		case strings.HasSuffix(step.Name, " simulated nodes Ready") && !plain:
			out.rows = append(out.rows, timed{nodesReady, took})
		}
	}
	if plain {
		err = out.endsEarly(ctx, plainly(ctx, exe, c, n, &out))
	} else {
		err = ours(ctx, c, n, &out)
	}
	return out, err
}

// cost adds what the DaemonSet controller wrote and how large the control plane is.
func cost(ctx context.Context, c *sim.Cluster, n int, since time.Time, before int, out *result) error {
	writes, err := writesSince(ctx, c, since)
	if err != nil {
		return err
	}
	after, err := syncs(ctx, c)
	if err != nil {
		return err
	}
	total := 0
	var parts []string
	for _, w := range writes {
		total += w.count
		parts = append(parts, fmt.Sprintf("%s %.3f", w.what, float64(w.count)/float64(n)))
	}
	out.cost = append(out.cost,
		fmt.Sprintf("API writes per pod, of one rollout                %.3f (%s)", float64(total)/float64(n), strings.Join(parts, ", ")),
		fmt.Sprintf("API writes per sync, of one rollout               %.1f (%d writes, %d syncs)", float64(total)/float64(max(after-before, 1)), total, after-before))
	return nil
}

// memory adds the resident memory of each process.
func memory(ctx context.Context, c *sim.Cluster, out *result) error {
	all, err := c.Components(ctx)
	if err != nil {
		return err
	}
	total := 0
	var parts []string
	for _, s := range all {
		mib, err := resident(s.PID)
		if err != nil {
			return err
		}
		total += mib
		parts = append(parts, fmt.Sprintf("%s %d", s.Name, mib))
	}
	out.cost = append(out.cost, fmt.Sprintf("memory, MiB                                       %d (%s)", total, strings.Join(parts, ", ")))
	return nil
}

// syncs is how often the DaemonSet controller has looked at a DaemonSet so far.
func syncs(ctx context.Context, c *sim.Cluster) (int, error) {
	raw, err := c.Metrics(ctx, controlplane.ControllerManager)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(raw)) {
		if value, ok := strings.CutPrefix(line, `workqueue_work_duration_seconds_count{name="daemonset"} `); ok {
			n, err := strconv.Atoi(strings.TrimSpace(value))
			if err != nil {
				return 0, fmt.Errorf("reading the count of syncs: %w", err)
			}
			return n, nil
		}
	}
	return 0, errors.New("the controller manager does not tell how often the DaemonSet controller has synced")
}
