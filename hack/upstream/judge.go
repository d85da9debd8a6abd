package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/dsconform/dsconform/hack/internal/trial"
	"github.com/dsconform/dsconform/hack/mutation/result"
)

// judge tries one controller after the other.
type judge struct {
	dsconform, program string
	suite              suite
	out, names         string
	nodes              int
	budget             time.Duration
}

// errEnded is the error of a controller that ended while it was judged.
var errEnded = errors.New("the controller ended by itself")

// try runs the specs against the controller on a cluster of its own.
func (j *judge) try(ctx context.Context, m trial.Mutant, failFast bool) (verdicts []verdict, err error) {
	dir := filepath.Join(j.out, m.ID)
	if err = errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
		return nil, fmt.Errorf("make the folder of the trial: %w", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, j.budget, fmt.Errorf("the budget of %s is used up", j.budget))
	defer cancel()
	c := cluster{executable: j.dsconform, name: j.names + "-" + m.ID, dir: dir, nodes: j.nodes}
	defer func() { err = errors.Join(err, c.remove(ctx)) }()
	if err = c.create(ctx, m.Environment, m.Admission); err != nil {
		return nil, err
	}
	judging, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		how := await(child(judging, filepath.Join(dir, "controller.log"), []string{"KUBECONFIG=" + c.kubeconfig(), trial.MutantEnv(m.ID)}, j.program))
		stop(fmt.Errorf("%w: %w", errEnded, errors.Join(how, context.Cause(judging))))
	}()
	verdicts, err = j.suite.run(judging, c.kubeconfig(), dir, failFast)
	if err == nil && judging.Err() != nil {
		err = context.Cause(judging)
	}
	stop(nil)
	<-ended
	return verdicts, err
}

// verdict tries a mutant and tells what became of it.
func (j *judge) verdict(ctx context.Context, m trial.Mutant) (result.Upstream, error) {
	begun := time.Now()
	verdicts, err := j.try(ctx, m, true)
	u := weigh(m.ID, verdicts, j.suite.selection.judged(), err)
	u.Seconds = time.Since(begun).Round(time.Second).Seconds()
	if u.State != result.Broken {
		return u, nil
	}
	return u, err
}

// weigh makes a verdict of what the specs gave. A spec that failed has killed the
// mutant, whatever came after. Without one it survives only if all that were to be
// judged passed; anything else is no verdict.
func weigh(id string, verdicts []verdict, judged []string, err error) result.Upstream {
	u := result.Upstream{ID: id, State: result.Broken, KilledBy: []string{}}
	passed := 0
	for _, v := range verdicts {
		switch {
		case isKill(v):
			u.KilledBy = append(u.KilledBy, v.Full)
		case isPass(v) && slices.Contains(judged, v.Name):
			passed++
		}
	}
	switch {
	case len(u.KilledBy) > 0:
		u.State = result.Killed
	case err == nil && passed == len(judged):
		u.State = result.Survived
	}
	return u
}
