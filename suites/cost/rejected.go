package cost

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/audit"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

const (
	// rejectedFor is how long the rejected creates are counted.
	rejectedFor = 20 * time.Second
	// mostAttempts is more than doubling pauses, from the shortest of 5 ms, leave
	// room for in that time, and far less than a controller without pauses makes.
	mostAttempts = 40
	// settled is how long after the first attempt the pauses have grown to seconds,
	// so that no machine is slow enough to bring two of them together.
	settled = rejectedFor / 5
	// apart is how far single attempts are from each other then; the creates of one
	// burst are nearer.
	apart = 100 * time.Millisecond
	// grown is what the longest pause comes to.
	grown = 500 * time.Millisecond
)

func rejectedCreates() framework.Spec {
	return framework.Spec{
		ID: "DS-CST-003", Area: framework.Cost, Title: "rejected creates are tried one at a time, ever less often", Level: framework.Extended, Slow: true,
		Covers: []string{"DS-CST-005"},
		Behaviour: "While every create is rejected, the controller MUST try one pod at a time, whatever the number of nodes that lack one, " +
			"and MUST wait longer after each failure.",
		Clauses: []string{sourceSync + ": SlowStartInitialBatchSize is 1", "client-go DefaultTypedControllerRateLimiter: from 5 ms, doubled at each failure"},
		Why: "A quota that is used up or a broken webhook rejects every pod of a DaemonSet. A controller that tries all nodes at once, at once again, " +
			"turns one team's mistake into thousands of requests a second. Here three nodes lack a pod that names a service account which does not exist.",
		Needs: []framework.Ability{framework.ReadAudit},
		// A change of a node that lacks its pod is a reason to try at once: nobody else may make one.
		Refuses: true,
		Nodes:   framework.NodeNeed{Workers: 3, Exclusive: true},
		Body: func(ctx context.Context, e *framework.Env) {
			since := begin(ctx, e)
			ds := e.CreateDaemonSet(ctx, e.DaemonSet(name, func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.ServiceAccountName = "nobody" }))
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "the controller has looked at the DaemonSet", fleet.Observed(ds))
			e.StaysFor(ctx, rejectedFor, "no pod of the DaemonSet is admitted", nil, func(s *history.State) error {
				if pods := s.PodsOf(ds); len(pods) > 0 {
					return fmt.Errorf("pod %s was: the spec judges nothing", pods[0].Name)
				}
				return nil
			})
			var tries []audit.Event
			for _, asked := range e.Asked(ctx, since) {
				if asked.What() == "create pods" {
					tries = append(tries, asked)
				}
			}
			e.Measure("creates tried while all were rejected", fmt.Sprintf("%d in %s", len(tries), rejectedFor))
			e.That(len(tries) <= mostAttempts, fmt.Sprintf("creates are tried again at most %d times in %s", mostAttempts, rejectedFor), "%d were tried", len(tries))
			e.CheckTime(triedAgain(tries), "creates are tried again, 3 times at least in %s", rejectedFor)
			e.CheckTime(oneByOne(tries), "creates that are all rejected are tried one at a time, ever less often")
		},
	}
}

// triedAgain judges that there were three attempts.
func triedAgain(tries []audit.Event) error {
	if len(tries) < 3 {
		return fmt.Errorf("%d were tried", len(tries))
	}
	return nil
}

// oneByOne judges that, once the pauses have grown long, no two attempts are as
// near to each other as those of one burst; and that pauses do grow.
func oneByOne(tries []audit.Event) error {
	longest := time.Duration(0)
	for i := 1; i < len(tries); i++ {
		pause := tries[i].Received.Sub(tries[i-1].Received)
		if since := tries[i-1].Received.Sub(tries[0].Received); since >= settled && pause < apart {
			return fmt.Errorf("%s after the first attempt two are %s apart, as those of one burst are: %s", since, pause, tries[i])
		}
		longest = max(longest, pause)
	}
	if longest < grown {
		return fmt.Errorf("the longest pause between two of %d attempts is %s", len(tries), longest)
	}
	return nil
}
