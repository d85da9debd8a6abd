package cost

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/audit"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

// name is what the specs call their DaemonSet.
const name = "agent"

const sourceSync = "pkg/controller/daemon syncNodes"

// span is from how many to how many requests of a kind may be made.
type span struct{ least, most int }

// bill is what something may cost, by verb and resource. What it does not name
// may not be asked at all, but for events, which are told aside of the work.
type bill map[string]span

// check holds the requests against the bill.
func (b bill) check(events []audit.Event) error {
	counts := audit.Count(events)
	var wrong []error
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		if _, named := b[what]; !named && !ofEvents(what) {
			wrong = append(wrong, fmt.Errorf("%d %s, and there is to be none", counts[what], what))
		}
	}
	for _, what := range slices.Sorted(maps.Keys(b)) {
		if n, want := counts[what], b[what]; n < want.least || n > want.most {
			wrong = append(wrong, fmt.Errorf("%d %s, and there are to be %d to %d", n, what, want.least, want.most))
		}
	}
	return errors.Join(wrong...)
}

func ofEvents(what string) bool { return what == "create events" || what == "patch events" }

// exactly is a span of one number.
func exactly(n int) span { return span{n, n} }

// statusWrites is how often the status of a DaemonSet may be written while n of
// its pods come or change: each goes through a few states, and once more.
func statusWrites(n int) span { return span{1, 3*n + 3} }

// begin makes sure that nothing of before falls into what is measured: pods can
// be made in the namespace, and the controller is at rest. It gives the moment
// from which on is counted.
func begin(ctx context.Context, e *framework.Env) time.Time {
	fleet.Deploy(ctx, e, e.DaemonSet("before"))
	fleet.CaughtUp(ctx, e, "witness")
	return time.Now()
}

// charged gives what the controller has asked since then, once it is at rest.
func charged(ctx context.Context, e *framework.Env, since time.Time) []audit.Event {
	e.Stays(ctx, "the controller is at rest", nil, fleet.Every())
	return e.Asked(ctx, since)
}
