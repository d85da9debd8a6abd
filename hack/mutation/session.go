package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/dsconform/dsconform/hack/internal/trial"
	"github.com/dsconform/dsconform/hack/mutation/result"
)

// session is a run over all chosen mutants: it hands them out to the jobs, shows
// each verdict in a line and keeps the file of the result current.
type session struct {
	judge *judge
	// result is what is found out, written to file after every verdict.
	result *result.Result
	file   string
	// jobs is how many mutants are judged at once.
	jobs int
	// out shows the progress.
	out io.Writer

	mu   sync.Mutex
	done int
	todo int
	// before is what the run had taken when it was resumed.
	before float64
	begun  time.Time
}

// run judges every pending mutant that is chosen. An interrupt of ctx leaves the
// rest pending.
func (s *session) run(ctx context.Context, chosen map[string]bool) error {
	var pending []int
	for i, m := range s.result.Mutants {
		if m.State == result.Pending && chosen[m.ID] {
			pending = append(pending, i)
		}
	}
	s.todo = len(pending)
	if s.result.Matrix {
		return s.stage(ctx, pending, s.judge.byEach)
	}
	longestFirst(pending, s.result)
	if err := s.stage(ctx, pending, s.judge.byClauses); err != nil {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(pending), func(i int) bool { return s.result.Mutants[i].State != result.Pending })
	if len(left) > 0 && ctx.Err() == nil {
		fmt.Fprintf(s.out, "   %d mutants that no spec of their clauses kills are judged by the whole suite\n", len(left))
	}
	return s.stage(ctx, left, s.judge.byAll)
}

// stage judges the mutants of these places, s.jobs at once, each in a slot that
// no other has meanwhile. A verdict that cannot be kept ends it.
func (s *session) stage(ctx context.Context, places []int, by func(context.Context, result.Mutant, string) result.Mutant) error {
	return trial.Slots(ctx, s.jobs, len(places), func(ctx context.Context, slot, piece int) error {
		i := places[piece]
		s.mu.Lock()
		m := s.result.Mutants[i]
		s.mu.Unlock()
		begun := time.Now()
		m = by(ctx, m, strconv.Itoa(slot))
		m.Seconds += time.Since(begun).Seconds()
		if ctx.Err() != nil && m.State != result.Killed {
			return nil // it was cut short
		}
		return s.take(i, m)
	})
}

// take keeps a verdict, writes the file and shows the line.
func (s *session) take(i int, m result.Mutant) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.result.Mutants[i] = m
	if m.State != result.Pending {
		s.done++
		fmt.Fprintf(s.out, "%s [%d/%d, %s]\n", line(m), s.done, s.todo, time.Since(s.begun).Round(time.Second))
	}
	return s.save()
}

// save writes the file as it stands.
func (s *session) save() error {
	s.result.Finished = time.Now().UTC()
	s.result.Seconds = s.before + time.Since(s.begun).Seconds()
	return trial.WriteJSON(s.file, s.result)
}

// line is a mutant's verdict in one line.
func line(m result.Mutant) string {
	switch m.State {
	case result.Killed:
		text := fmt.Sprintf("ok %s killed by %s in %.0fs", m.ID, m.KilledBy[0].Spec, m.Seconds)
		if m.Proof != "" {
			return "!! " + text[3:] + ", though it was declared equivalent"
		}
		return text
	case result.Survived:
		return fmt.Sprintf("!! %s survived the whole suite in %.0fs", m.ID, m.Seconds)
	case result.Equivalent:
		return "-- " + m.ID + " is equivalent, as declared"
	case result.Unjudged:
		return fmt.Sprintf("?? %s judged nothing: %d specs without a verdict: %s", m.ID, len(m.Unknown), m.Reason)
	case result.Broken:
		return "?? " + m.ID + ": " + m.Reason
	case result.Pending:
	}
	return "?? " + m.ID + " was not judged"
}
