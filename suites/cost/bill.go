package cost

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
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

func (s span) String() string {
	if s.least == s.most {
		return strconv.Itoa(s.least)
	}
	return fmt.Sprintf("%d to %d", s.least, s.most)
}

// bill is what something may cost, by verb and resource. What it does not name
// may not be asked at all, but for events, which are told aside of the work.
type bill map[string]span

// check holds the requests against the bill.
//
// A status write that is refused because the DaemonSet has changed meanwhile is
// nobody's fault, and the DaemonSet may then be read once for the next attempt:
// such pairs go beside the bill, but there are to be no more than two of them for
// each write that was accepted, and two over. Since 1.36 the controller waits for its own writes
// to come back and hardly ever meets a conflict; before, it does under load.
func (b bill) check(events []audit.Event) error {
	rest, conflicts := withoutConflicts(events)
	counts := audit.Count(rest)
	var wrong []error
	if accepted := counts[statusUpdate]; conflicts > 2*accepted+2 {
		wrong = append(wrong, fmt.Errorf("%d %s were refused for a conflict, and %d were accepted: that is not bad luck", conflicts, statusUpdate, accepted))
	}
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		if _, named := b[what]; !named && !ofEvents(what) {
			wrong = append(wrong, fmt.Errorf("%d %s, and there is to be none", counts[what], what))
		}
	}
	for _, what := range slices.Sorted(maps.Keys(b)) {
		if n, want := counts[what], b[what]; n < want.least || n > want.most {
			wrong = append(wrong, fmt.Errorf("%d %s, and there are to be %s", n, what, want))
		}
	}
	return errors.Join(wrong...)
}

// What a status write is, and the read that answers its refusal.
const (
	statusUpdate = "update daemonsets/status"
	read         = "get daemonsets"
)

// withoutConflicts leaves out the status writes that met a conflict, and for
// each the first read of the same DaemonSet after it. It tells how many writes
// those were.
func withoutConflicts(events []audit.Event) (rest []audit.Event, conflicts int) {
	allowed := map[string]int{}
	inOrder := slices.SortedStableFunc(slices.Values(events), func(a, b audit.Event) int { return a.Received.Compare(b.Received) })
	for _, e := range inOrder {
		of := e.Namespace + "/" + e.Name
		switch {
		case e.What() == statusUpdate && e.Code == http.StatusConflict:
			conflicts++
			allowed[of]++
		case e.What() == read && allowed[of] > 0:
			allowed[of]--
		default:
			rest = append(rest, e)
		}
	}
	return rest, conflicts
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
