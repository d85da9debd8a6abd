package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/hack/internal/command"
)

// nodesReady is the row of the nodes, ours and the baseline's.
const nodesReady = "nodes Ready"

// timed is one thing that was timed.
type timed struct {
	what string
	took time.Duration
}

// result is what one cluster gave.
type result struct {
	// log shows each thing while it is timed.
	log *steps.Log
	// limit bounds each of them.
	limit time.Duration
	rows  []timed
	cost  []string
	// short says why there are no more rows: the next thing hit its limit. Nil
	// where all were timed.
	short error
}

// add times one more thing, and shows that it does.
func (r *result) add(ctx context.Context, what string, do func(context.Context) error) error {
	begun := time.Now()
	if err := r.log.Do(ctx, what, r.limit, do); err != nil {
		return err
	}
	r.rows = append(r.rows, timed{what, time.Since(begun)})
	return nil
}

// endsEarly keeps an error that is nothing but a limit that was hit: the rows
// found until then stand. Every other error, an interrupt of ctx too, it gives back.
func (r *result) endsEarly(ctx context.Context, err error) error {
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		r.short = err
		return nil
	}
	return err
}

// of gives how long a thing took; false if it was not timed.
func (r *result) of(what string) (time.Duration, bool) {
	for _, row := range r.rows {
		if row.what == what {
			return row.took, true
		}
	}
	return 0, false
}

// tell prints the table of ours beside the baseline, and why that has no more
// rows. What it lacks, and a ratio to it, is a dash.
func tell(w io.Writer, ours, plain result) {
	fmt.Fprintf(w, "%-48s %10s %10s %7s\n", "", "dsconform", "plain", "ratio")
	for _, row := range ours.rows {
		theirs, ratio := "-", "-"
		if took, ok := plain.of(row.what); ok {
			theirs = fmt.Sprintf("%.1f s", took.Seconds())
			if took > 0 {
				ratio = fmt.Sprintf("%.2f", row.took.Seconds()/took.Seconds())
			}
		}
		fmt.Fprintf(w, "%-48s %8.1f s %10s %7s\n", row.what, row.took.Seconds(), theirs, ratio)
	}
	if plain.short != nil {
		fmt.Fprintln(w, "plain did not come to its end:", inBrief(plain.short))
	}
	for _, line := range ours.cost {
		fmt.Fprintln(w, line)
	}
}

// inBrief words an error as one line that can be read: one that names thousands
// of nodes keeps its beginning and its end, where the limit stands.
func inBrief(err error) string {
	const head, tail = 200, 150
	text := []rune(command.OneLine(err))
	if len(text) <= head+tail {
		return string(text)
	}
	return string(text[:head]) + " ... " + string(text[len(text)-tail:])
}
