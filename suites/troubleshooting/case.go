package troubleshooting

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/fixtures"
	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/kubectl"
	"github.com/dsconform/dsconform/framework/oracle"
)

// trouble is a broken fixture in the cluster.
type trouble struct {
	e    *framework.Env
	name string
	fix  *fixtures.Remedy
}

// provoke puts the broken fixture into the cluster, on the leased nodes if
// there are some.
func provoke(ctx context.Context, e *framework.Env, fixture string) *trouble {
	f, err := fixtures.Load("broken/" + fixture)
	e.Must(err, "load fixture broken/%s", fixture)
	f, err = f.In(e.Namespace).WithImages(fixtures.FromNames(e.Images()))
	e.Must(err, "give fixture broken/%s its images", fixture)
	e.Pin(f.DaemonSet)
	e.Apply(ctx, f.Objects...)
	return &trouble{e: e, name: f.DaemonSet.Name, fix: f.Remedy}
}

// patch applies a patch of the remedy and gives what the API server stored.
func (t *trouble) patch(ctx context.Context, patch []byte) *appsv1.DaemonSet {
	ds, err := t.e.Client.AppsV1().DaemonSets(t.e.Namespace).Patch(ctx, t.name, types.StrategicMergePatchType, patch, metav1.PatchOptions{})
	t.e.Must(err, "patch DaemonSet %s", t.name)
	t.e.Act("patched DaemonSet", history.KindDaemonSet, ds)
	return ds
}

// heal applies the remedy and waits until the DaemonSet is whole, on one node or more.
func (t *trouble) heal(ctx context.Context) {
	t.healed(ctx, t.patch(ctx, t.fix.Patch), 1)
}

// healed waits until the DaemonSet, as just written, is rolled out on so many nodes or more.
func (t *trouble) healed(ctx context.Context, ds *appsv1.DaemonSet, atLeast int) {
	nodes := len(t.e.History.State().Nodes())
	t.e.BecomesFor(ctx, t.name, t.e.Timeouts.RolloutOf(nodes), "the guide's remedy ("+t.fix.Why+") heals it", func(s *history.State) error {
		if err := oracle.RolledOut(s, ds); err != nil {
			return err
		}
		if n := s.DaemonSet(t.name).Status.NumberAvailable; int(n) < atLeast {
			return fmt.Errorf("%d pods are available, %d or more are expected", n, atLeast)
		}
		return nil
	})
}

// shows waits until the recorded state has the sign of the trouble.
func (t *trouble) shows(ctx context.Context, sign string, cond func(*history.State, *appsv1.DaemonSet) error) {
	t.e.BecomesFor(ctx, t.name, t.e.Timeouts.PodReady, sign, func(s *history.State) error {
		ds := s.DaemonSet(t.name)
		if ds == nil {
			return fmt.Errorf("DaemonSet %s is not there", t.name)
		}
		if ds.Status.ObservedGeneration != ds.Generation {
			return fmt.Errorf("the status is of generation %d, the spec of %d", ds.Status.ObservedGeneration, ds.Generation)
		}
		return cond(s, ds)
	})
}

// event gives nil if an event on an object of the kind has the reason and holds the words.
func event(s *history.State, kind, reason, words string) error {
	var seen []string
	for _, ev := range s.Events() {
		if ev.InvolvedObject.Kind != kind {
			continue
		}
		if ev.Reason == reason && strings.Contains(ev.Message, words) {
			return nil
		}
		seen = append(seen, ev.Reason+": "+ev.Message)
	}
	return fmt.Errorf("no event %s with %q on a %s; there are: %s", reason, words, kind, strings.Join(seen, "; "))
}

// says judges that the command succeeds and prints each of the words.
func says(e *framework.Env, r kubectl.Result, words ...string) {
	if !r.Ran() {
		e.Must(r.Err, "run `%s`", r.CommandLine())
	}
	e.That(r.OK(), "`"+r.CommandLine()+"` succeeds", "%s", r)
	for _, w := range words {
		e.That(strings.Contains(r.Stdout, w), fmt.Sprintf("`%s` prints %q", r.CommandLine(), w), "%s", r)
	}
}
