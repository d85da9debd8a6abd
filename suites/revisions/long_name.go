package revisions

import (
	"context"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func longName() framework.Spec {
	const longest = 253
	return framework.Spec{
		ID:        "DS-REV-020",
		Area:      framework.Revisions,
		Title:     "a name too long for a revision's",
		Behaviour: "A DaemonSet whose name leaves no room for a hash behind it SHOULD either get its pods or show by an event or its status why it does not; other DaemonSets MUST be looked after as ever.",
		Clauses:   []string{"API: DaemonSet metadata.name (DNS subdomain of at most 253 characters)", sourceSnapshot},
		Level:     framework.Deviation,
		Why: "The API accepts 253 characters for the DaemonSet and as many for its ControllerRevision, whose name is longer by a hash. Released Kubernetes cannot make the revision, tries again and again, and says nothing: " +
			"no pod, no status, no event. Measured; only --strict fails the silence. A controller whose queue the broken one blocks serves nobody any more.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			ds := e.DaemonSet(name)
			ds.Name = name + strings.Repeat("x", longest-len(name))
			ds.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "long"}}
			ds.Spec.Template.Labels = map[string]string{"app": "long"}
			long := e.CreateDaemonSet(ctx, ds)
			fleet.Deploy(ctx, e, e.DaemonSet("short"))
			// The long one is looked at again, and so is another one, which comes through.
			fleet.Touch(ctx, e, long.Name, "look again")
			fleet.CaughtUp(ctx, e, "witness")

			told := visible(e.History.State(), long.Name)
			s := e.History.State()
			e.Measure("a DaemonSet with a name of 253 characters", fmt.Sprintf("%d pods, %d revisions, %d events, observedGeneration %d",
				len(s.PodsOf(long)), len(s.RevisionsOf(long)), len(s.EventsFor("DaemonSet", long.Name)), s.DaemonSet(long.Name).Status.ObservedGeneration))
			e.That(told == nil || !e.Strict(), "the DaemonSet has its pod, or an event or its status tells why it has none", "%v", told)
		},
	}
}

// visible judges that the DaemonSet has a pod, or that something about it says
// that it was looked at.
func visible(s *history.State, daemonSet string) error {
	ds := s.DaemonSet(daemonSet)
	if len(s.PodsOf(ds)) > 0 || len(s.EventsFor("DaemonSet", daemonSet)) > 0 || len(ds.Status.Conditions) > 0 {
		return nil
	}
	return fmt.Errorf("no pod, no event and no condition; observedGeneration is %d at generation %d", ds.Status.ObservedGeneration, ds.Generation)
}
