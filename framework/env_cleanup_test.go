package framework

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// noted is a Reporter that keeps the entries, of a spec that passed.
type noted struct {
	entries  []string
	failures []Failure
}

func (n *noted) Fail(string)                 {}
func (n *noted) Skip(string)                 {}
func (n *noted) Failed() bool                { return false }
func (n *noted) Defer(func(context.Context)) {}

func (n *noted) Entry(name string, v any) {
	n.entries = append(n.entries, fmt.Sprint(name, ": ", v))
	if f, ok := v.(Failure); ok {
		n.failures = append(n.failures, f)
	}
}

// TestACleanupThatHangsKeepsNothingFromTheNext: the nodes that a spec leased are
// given back though its namespace does not empty.
func TestACleanupThatHangsKeepsNothingFromTheNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		said := &noted{}
		e := &Env{Timeouts: Timeouts{Cleanup: time.Minute}, Log: slog.New(slog.DiscardHandler), reporter: said, Dir: t.TempDir()}
		var order []string
		e.Cleanup("give back", func(ctx context.Context) error {
			order = append(order, "give back")
			return ctx.Err()
		})
		e.Cleanup("empty", func(ctx context.Context) error {
			order = append(order, "empty")
			<-ctx.Done()
			return ctx.Err()
		})
		e.close(t.Context())
		if !slices.Equal(order, []string{"empty", "give back"}) {
			t.Errorf("the order is %v", order)
		}
		if len(said.entries) != 1 || !strings.Contains(said.entries[0], "clean-up failed: empty: context deadline exceeded") {
			t.Errorf("entries %q", said.entries)
		}
	})
}
