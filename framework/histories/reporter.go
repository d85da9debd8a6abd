package histories

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dsconform/dsconform/framework"
)

// reporter is what a spec reports to where no Ginkgo runs it: each sequence is
// one spec in a goroutine of its own.
type reporter struct {
	mu       sync.Mutex
	failure  *framework.Failure
	skipped  string
	unknown  []string
	waited   time.Duration
	failed   bool
	deferred []func(context.Context)
}

// endOfSpec is how Fail and Skip unwind the spec's stack.
type endOfSpec struct{}

// run executes do in its own stack and comes back however it ends.
func (r *reporter) run(do func()) {
	defer func() {
		switch p := recover().(type) {
		case nil, endOfSpec:
		default:
			r.failed = true
			r.failure = &framework.Failure{
				Class: framework.SuiteFault, Expected: "the history is played without a fault of its own",
				Seen: fmt.Sprintf("panic: %v\n%s", p, debug.Stack()),
			}
		}
	}()
	do()
}

// close undoes all that the spec did, the last deed first.
func (r *reporter) close(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	for _, do := range slices.Backward(r.deferred) {
		r.run(func() { do(ctx) })
	}
}

// verdict says what became of the spec.
func (r *reporter) verdict(ctx context.Context) (Verdict, *framework.Failure) {
	f := r.failure
	switch {
	case f == nil && r.failed:
		f = &framework.Failure{Class: framework.SuiteFault, Expected: "a failure explains itself", Seen: "this one does not"}
	case f == nil && r.skipped != "":
		f = &framework.Failure{Class: framework.EnvironmentFault, Expected: "the cluster can play histories", Seen: r.skipped}
	case f == nil && len(r.unknown) > 0:
		f = &framework.Failure{Class: framework.EnvironmentFault, Expected: "the history can be judged", Seen: strings.Join(r.unknown, "; ")}
	case f == nil:
		return Passed, nil
	}
	switch {
	case f.Class == framework.NonConformant:
		return Failed, f
	case ctx.Err() != nil:
		return Stopped, f
	}
	return Unknown, f
}

// Fail implements framework.Reporter.
func (r *reporter) Fail(string) {
	r.failed = true
	panic(endOfSpec{})
}

// Skip implements framework.Reporter.
func (r *reporter) Skip(reason string) {
	r.skipped = reason
	panic(endOfSpec{})
}

// Entry implements framework.Reporter.
func (r *reporter) Entry(kind string, value any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch v := value.(type) {
	case framework.Failure:
		if r.failure == nil {
			r.failure = &v
		}
	case string:
		if kind == framework.EntryUnknown {
			r.unknown = append(r.unknown, v)
		}
	case float64:
		if kind == framework.EntryWait {
			r.waited = time.Duration(v * float64(time.Second))
		}
	}
}

// Failed implements framework.Reporter.
func (r *reporter) Failed() bool { return r.failed }

// Defer implements framework.Reporter.
func (r *reporter) Defer(do func(context.Context)) { r.deferred = append(r.deferred, do) }
