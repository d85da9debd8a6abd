package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dsconform/dsconform/clusters/steps"
)

func TestTell(t *testing.T) {
	t.Parallel()
	ours := result{
		rows: []timed{{"control plane ready", 10 * time.Second}, {nodesReady, 30 * time.Second}, {"rolled out", 90 * time.Second}},
		cost: []string{"API writes per pod 1.003"},
	}
	limit := fmt.Errorf("rolled out: kubectl rollout status: %w (not done within its limit of 45m0s)", context.DeadlineExceeded)
	for _, c := range []struct {
		name  string
		plain result
		want  []string
	}{
		{"ratios", result{rows: []timed{{"control plane ready", 8 * time.Second}, {nodesReady, 60 * time.Second}, {"rolled out", 100 * time.Second}}}, []string{
			"control plane ready 10.0 s 8.0 s 1.25", "nodes Ready 30.0 s 60.0 s 0.50", "rolled out 90.0 s 100.0 s 0.90", "API writes per pod 1.003",
		}},
		{"no baseline", result{}, []string{
			"control plane ready 10.0 s - -", "nodes Ready 30.0 s - -", "rolled out 90.0 s - -", "API writes per pod 1.003",
		}},
		{"the baseline hit its limit", result{rows: []timed{{"control plane ready", 8 * time.Second}, {nodesReady, 60 * time.Second}}, short: limit}, []string{
			"control plane ready 10.0 s 8.0 s 1.25", "nodes Ready 30.0 s 60.0 s 0.50", "rolled out 90.0 s - -",
			"plain did not come to its end: rolled out: kubectl rollout status: context deadline exceeded (not done within its limit of 45m0s)",
			"API writes per pod 1.003",
		}},
		{"rows by their names, and no ratio to nothing", result{rows: []timed{{nodesReady, 0}, {"something else", time.Second}}}, []string{
			"control plane ready 10.0 s - -", "nodes Ready 30.0 s 0.0 s -", "rolled out 90.0 s - -", "API writes per pod 1.003",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			tell(&out, ours, c.plain)
			var got []string
			for line := range strings.Lines(out.String()) {
				got = append(got, strings.Join(strings.Fields(line), " "))
			}
			if want := strings.Join(append([]string{"dsconform plain ratio"}, c.want...), "\n"); strings.Join(got, "\n") != want {
				t.Errorf("it tells\n%s\nwant\n%s", strings.Join(got, "\n"), want)
			}
		})
	}
}

// TestALimitIsNoError: what was timed before stands, and only an error that is
// nothing but the limit is kept for the table.
func TestALimitIsNoError(t *testing.T) {
	t.Parallel()
	r := result{log: steps.Discard(), limit: 20 * time.Millisecond}
	if err := r.add(t.Context(), "quick", func(context.Context) error { return nil }); err != nil {
		t.Fatal(err)
	}
	forever := func(ctx context.Context) error {
		<-ctx.Done()
		return fmt.Errorf("kubectl wait: %w", ctx.Err())
	}
	if err := r.endsEarly(t.Context(), r.add(t.Context(), "for ever", forever)); err != nil {
		t.Errorf("a limit is an error: %v", err)
	}
	if _, ok := r.of("quick"); !ok || len(r.rows) != 1 || r.short == nil || !strings.Contains(r.short.Error(), "not done within its limit of 20ms") {
		t.Errorf("rows %v, short for %v", r.rows, r.short)
	}

	r = result{log: steps.Discard(), limit: time.Hour}
	broken := errors.New("kubectl create: connection refused")
	if err := r.endsEarly(t.Context(), r.add(t.Context(), "broken", func(context.Context) error { return broken })); !errors.Is(err, broken) || r.short != nil {
		t.Errorf("another error: %v, short for %v", err, r.short)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := r.endsEarly(ctx, r.add(ctx, "the run's own end", forever)); err == nil || r.short != nil {
		t.Errorf("the run's own end is no error; short for %v", r.short)
	}
	if err := r.endsEarly(t.Context(), nil); err != nil || r.short != nil {
		t.Errorf("no error: %v, short for %v", err, r.short)
	}
}

// TestInBrief: an error that names thousands of nodes is one line that can be read.
func TestInBrief(t *testing.T) {
	t.Parallel()
	got := inBrief(fmt.Errorf("waiting for the nodes:\n%s: not done within its limit of 45m0s", strings.Repeat("node x is not Ready; ", 5000)))
	if len(got) > 400 || !strings.HasPrefix(got, "waiting for the nodes: node x") || !strings.HasSuffix(got, "its limit of 45m0s") || !strings.Contains(got, " ... ") {
		t.Errorf("got %q", got)
	}
	if got = inBrief(errors.New("short")); got != "short" {
		t.Errorf("got %q", got)
	}
}
