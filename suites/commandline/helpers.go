package commandline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/fixtures"
	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/kubectl"
	"github.com/dsconform/dsconform/framework/oracle"
)

// name is the guide's first example, which its commands are about.
const name = "fluentd"

// fluentd gives the example, in the spec's namespace and with images that are at hand.
func fluentd(e *framework.Env, change ...func(*appsv1.DaemonSet)) *fixtures.Fixture {
	f, err := fixtures.Load(name)
	e.Must(err, "load fixture %s", name)
	f, err = f.In(e.Namespace).WithImages(fixtures.FromNames(e.Images()))
	e.Must(err, "give fixture %s its images", name)
	for _, c := range change {
		c(f.DaemonSet)
	}
	return f
}

// running applies the example and waits for its rollout.
func running(ctx context.Context, e *framework.Env, change ...func(*appsv1.DaemonSet)) *appsv1.DaemonSet {
	f := fluentd(e, change...)
	e.Apply(ctx, f.Objects...)
	return rolledOut(ctx, e)
}

func rolledOut(ctx context.Context, e *framework.Env) *appsv1.DaemonSet {
	nodes := len(e.History.State().Nodes())
	e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(nodes), "DaemonSet fluentd is rolled out", func(s *history.State) error {
		ds := s.DaemonSet(name)
		if ds == nil {
			return fmt.Errorf("DaemonSet %s is not there", name)
		}
		return oracle.RolledOut(s, ds)
	})
	return e.History.State().DaemonSet(name)
}

// announced waits until the controller's event for the first pod is there:
// events are written beside the work, not before it.
func announced(ctx context.Context, e *framework.Env) {
	e.BecomesFor(ctx, name, e.Timeouts.Placement, "an event SuccessfulCreate on DaemonSet fluentd", func(s *history.State) error {
		for _, ev := range s.EventsFor("DaemonSet", name) {
			if ev.Reason == "SuccessfulCreate" {
				return nil
			}
		}
		return fmt.Errorf("DaemonSet %s has %d events, none of them SuccessfulCreate", name, len(s.EventsFor("DaemonSet", name)))
	})
}

// eligible gives the nodes where the example must run, by the oracle.
func eligible(e *framework.Env) []string {
	s := e.History.State()
	return oracle.Eligible(s.DaemonSet(name), s.Nodes())
}

// ok judges that the command ended with exit code 0.
func ok(e *framework.Env, r kubectl.Result) kubectl.Result {
	ran(e, r)
	e.That(r.OK(), "`"+r.CommandLine()+"` succeeds", "%s", r)
	return r
}

// refused judges that the command failed and said so in these words.
func refused(e *framework.Env, r kubectl.Result, words string) {
	ran(e, r)
	e.That(!r.OK() && strings.Contains(r.Stderr, words), fmt.Sprintf("`%s` fails and says %q", r.CommandLine(), words), "%s", r)
}

// ran judges nothing: a command that did not end by itself tells nothing.
func ran(e *framework.Env, r kubectl.Result) {
	if !r.Ran() {
		e.Must(r.Err, "run `%s`", r.CommandLine())
	}
}

// says judges that standard output holds each of the words.
func says(e *framework.Env, r kubectl.Result, words ...string) {
	for _, w := range words {
		e.That(strings.Contains(r.Stdout, w), fmt.Sprintf("`%s` prints %q", r.CommandLine(), w), "%s", r)
	}
}

// table gives what the command printed as a table.
func table(e *framework.Env, r kubectl.Result) kubectl.Table {
	t, err := ok(e, r).Table()
	e.Check(err, "`%s` prints a table", r.CommandLine())
	return t
}

// sameSet judges two lists as sets.
func sameSet(e *framework.Env, what string, got, want []string) {
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	e.That(slices.Equal(got, want), fmt.Sprintf("%s: %v", what, want), "%v", got)
}

// onAll is what the example needs: it is restricted to no lease.
func onAll() framework.NodeNeed { return framework.NodeNeed{All: true} }
