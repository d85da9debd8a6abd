package framework

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dsconform/dsconform/framework/faults"
	"github.com/dsconform/dsconform/framework/history"
)

// SetFault puts a fault between the DaemonSet controller and the API server; it
// is lifted at the end, and what it did stands in the report. The spec must list
// InjectFaults in its Needs.
func (e *Env) SetFault(ctx context.Context, r faults.Rule) {
	e.Cleanup("lift the fault "+r.Name, func(ctx context.Context) error { return e.liftFault(ctx, r.Name) })
	e.actOn("sets the fault "+r.Name+": "+r.String(), onController, "", "")
	limit, cancel := context.WithTimeout(ctx, e.Timeouts.Request)
	defer cancel()
	e.Must(ableController[faults.Injector](e).SetFault(limit, r), "set the fault %s", r.Name)
}

// LiftFault takes a fault away again.
func (e *Env) LiftFault(ctx context.Context, name string) {
	e.actOn("lifts the fault "+name, onController, "", "")
	limit, cancel := context.WithTimeout(ctx, e.Timeouts.Request)
	defer cancel()
	e.Must(e.liftFault(limit, name), "lift the fault %s", name)
}

func (e *Env) liftFault(ctx context.Context, name string) error {
	deeds, err := ableController[faults.Injector](e).LiftFault(ctx, name)
	for _, d := range deeds {
		e.reporter.Entry(EntryFault, d)
	}
	return err
}

// Hits gives how many requests or changes the fault has hit so far.
func (e *Env) Hits(ctx context.Context, fault string) int {
	limit, cancel := context.WithTimeout(ctx, e.Timeouts.Request)
	defer cancel()
	hits, err := ableController[faults.Injector](e).AwaitFault(limit, fault, 0)
	e.Must(err, "ask how many the fault %s has hit", fault)
	return hits
}

// AwaitHits waits until the fault has hit so many, and ends the spec as failed
// if it has not within the deadline: the controller did not do what the fault
// lies in wait for. expected says in words what it should have done.
func (e *Env) AwaitHits(ctx context.Context, within time.Duration, fault string, least int, expected string) {
	since := time.Now()
	late := false
	granted, err := e.granted(ctx, within, func(limit context.Context) (bool, error) {
		_, err := ableController[faults.Injector](e).AwaitFault(limit, fault, least)
		late = limit.Err() != nil
		return late, err
	})
	switch {
	case err == nil:
	case ctx.Err() != nil:
		e.stopped(ctx, expected, err)
	case late:
		hits := e.Hits(ctx, fault)
		e.failAsLate(fmt.Sprintf("%s, within %s", expected, granted), fmt.Sprintf("the fault %s has hit %d, not %d", fault, hits, least), "", since)
	default:
		e.Must(err, "wait for the fault %s", fault)
	}
}

// HitOr waits until the fault has hit so many, or the condition holds without
// it, whichever is first, and tells which it was. It ends the spec as failed if
// neither is so within the deadline.
func (e *Env) HitOr(ctx context.Context, within time.Duration, fault string, least int, expected string, cond func(*history.State) error) (hit bool) {
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	injector := ableController[faults.Injector](e)
	struck := make(chan error, 1)
	go func() {
		_, err := injector.AwaitFault(waiting, fault, least)
		struck <- err
		if err == nil {
			cancel()
		}
	}()
	since := time.Now()
	late := false
	granted, err := e.granted(waiting, within, func(limit context.Context) (bool, error) {
		err := e.History.Await(limit, cond)
		late = errors.Is(limit.Err(), context.DeadlineExceeded)
		return late, err
	})
	if err == nil {
		return false
	}
	if ctx.Err() != nil {
		e.stopped(ctx, expected, err)
	}
	if !late {
		e.Must(<-struck, "wait for the fault %s", fault)
		return true
	}
	e.failAsLate(fmt.Sprintf("%s, within %s", expected, granted), reason(err), "", since)
	return false
}
