package fleet

import (
	"context"
	"fmt"
	"time"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
)

// aged judges that a pod made from now on is younger than all of the fleet's by
// the API's own times, which are whole seconds: of two pods of one second it is
// the name, and so luck, that says which counts as the older. A second after the
// last of them was seen, the API server's clock has moved on by one, whatever it
// says.
func (f *Fleet) aged(entries []history.Entry) func(*history.State) error {
	var seen time.Time
	for _, pod := range f.Pods {
		for _, en := range entries {
			if en.UID != pod.UID || en.Kind != history.KindPod {
				continue
			}
			if en.Time.After(seen) {
				seen = en.Time
			}
			break
		}
	}
	at := seen.Add(time.Second)
	return func(s *history.State) error {
		if s.Now().Before(at) {
			return history.RetryAt(at, fmt.Errorf("the last pod of DaemonSet %s is seen since %s, not for a second", f.Name, seen.Format(time.RFC3339Nano)))
		}
		return nil
	}
}

// age waits until pods that are made from now on are younger than the fleet's.
func (f *Fleet) age(ctx context.Context, e *framework.Env) {
	e.BecomesFor(ctx, f.Name, e.Timeouts.Request, "a second has passed since the last pod was made", f.aged(e.History.Entries()))
}
