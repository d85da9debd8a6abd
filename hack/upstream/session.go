package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dsconform/dsconform/hack/internal/trial"
	"github.com/dsconform/dsconform/hack/mutation/result"
	"github.com/dsconform/dsconform/internal/exit"
)

// session judges the mutants, some at once, and adds each verdict to the file. It
// goes on from those that were found with the same programs.
type session struct {
	judge          *judge
	mutants, specs string
	file           string
	jobs           int
	out            io.Writer

	mu   sync.Mutex
	kept map[string]result.Upstream
}

// load reads the verdicts of earlier sessions.
func (s *session) load() error {
	s.kept = map[string]result.Upstream{}
	all, err := result.ReadUpstream(s.file)
	if err != nil {
		return fmt.Errorf("read the earlier verdicts: %w", err)
	}
	for id, u := range all {
		if u.Program == s.mutants && u.Specs == s.specs {
			s.kept[id] = u
		}
	}
	return nil
}

// green makes sure that the controller as it is passes by the same way.
func (s *session) green(ctx context.Context) error {
	if u, ok := s.kept[trial.Unmutated]; ok && u.State == result.Survived {
		return nil
	}
	begun := time.Now()
	verdicts, err := s.judge.try(ctx, trial.Mutant{ID: trial.Unmutated}, false)
	u := weigh(trial.Unmutated, verdicts, s.judge.suite.selection.judged(), err)
	u.Seconds = time.Since(begun).Round(time.Second).Seconds()
	for _, v := range verdicts {
		fmt.Fprintf(s.out, "   %-11s %5.1fs %s\n", v.State, v.Took.Seconds(), v.Full)
	}
	if u.State != result.Survived {
		return exit.Environmentf("the controller as it is does not pass %v, so that no kill would mean anything, see %s: %w",
			u.KilledBy, filepath.Join(s.judge.out, trial.Unmutated), errors.Join(err, errors.New("not all specs passed")))
	}
	return s.keep(u)
}

// run judges those that have no verdict yet. A mutant that cannot be judged does
// not keep the others from it.
func (s *session) run(ctx context.Context, all []trial.Mutant) error {
	var group errgroup.Group
	group.SetLimit(s.jobs)
	for _, m := range all {
		if u, ok := s.kept[m.ID]; ok && u.State != result.Broken {
			continue
		}
		group.Go(func() error {
			if stopped(ctx) {
				return nil
			}
			u, err := s.judge.verdict(ctx, m)
			if stopped(ctx) && u.State == result.Broken {
				return nil // it was not judged
			}
			s.tell(u, err)
			return s.keep(u)
		})
	}
	return group.Wait()
}

// stopped tells whether the session is to end.
func stopped(ctx context.Context) bool { return ctx.Err() != nil }

func (s *session) tell(u result.Upstream, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, "   %-8s %5.0fs %s", u.State, u.Seconds, u.ID)
	if len(u.KilledBy) > 0 {
		fmt.Fprintf(s.out, " by %s", u.KilledBy[0])
	}
	if err != nil {
		fmt.Fprintf(s.out, ": %v", err)
	}
	fmt.Fprintln(s.out)
}

func (s *session) keep(u result.Upstream) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u.Program, u.Specs = s.mutants, s.specs
	s.kept[u.ID] = u
	return trial.AddLine(s.file, u)
}

// verdict is the session's: no mutant without one. That mutants survive is what is
// found out here, and no failure.
func (s *session) verdict(ctx context.Context, all []trial.Mutant) error {
	count := map[result.State]int{}
	for _, m := range all {
		count[s.kept[m.ID].State]++
	}
	fmt.Fprintf(s.out, "%d killed, %d survived, %d without a verdict of %d mutants\n", count[result.Killed], count[result.Survived], len(all)-count[result.Killed]-count[result.Survived], len(all))
	if count[result.Killed]+count[result.Survived] < len(all) {
		return exit.Environmentf("not every mutant was judged: %w", errors.Join(context.Cause(ctx), fmt.Errorf("%d errors", count[result.Broken])))
	}
	return nil
}
