package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dsconform/dsconform/hack/internal/trial"
	"github.com/dsconform/dsconform/hack/mutation/result"
	"github.com/dsconform/dsconform/internal/exit"
)

// session judges the mutants, some at once, and keeps each verdict in a file of
// its own in the folder, which is of these programs alone: that is what a later
// session goes on from.
type session struct {
	judge  *judge
	folder string
	file   string
	jobs   int
	out    io.Writer

	mu   sync.Mutex
	kept map[string]result.Upstream
}

// load reads the verdicts of an earlier session.
func (s *session) load() error {
	s.kept = map[string]result.Upstream{}
	paths, err := filepath.Glob(filepath.Join(s.folder, "*.json"))
	if err != nil {
		return fmt.Errorf("look for earlier verdicts: %w", err)
	}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read an earlier verdict: %w", err)
		}
		var u result.Upstream
		if err := json.Unmarshal(raw, &u); err != nil {
			return fmt.Errorf("read the earlier verdict %s: %w", path, err)
		}
		s.kept[u.ID] = u
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

// run judges those that have no verdict yet, and writes the file after each. A
// mutant that cannot be judged does not keep the others from it.
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
			return errors.Join(s.keep(u), s.write(all))
		})
	}
	return errors.Join(group.Wait(), s.write(all))
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
	s.kept[u.ID] = u
	return trial.WriteJSON(filepath.Join(s.folder, u.ID+".json"), u)
}

// write writes the verdicts on those mutants, in their order.
func (s *session) write(all []trial.Mutant) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []result.Upstream{}
	for _, m := range all {
		if u, ok := s.kept[m.ID]; ok {
			list = append(list, u)
		}
	}
	return trial.WriteJSON(s.file, list)
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
