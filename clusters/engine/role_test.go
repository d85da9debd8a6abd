package engine

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/dsconform/dsconform/clusters/engine/probe"
	"github.com/dsconform/dsconform/internal/exit"
)

func TestMaybeRunWrapperLeavesOthersAlone(t *testing.T) {
	for _, args := range [][]string{nil, {"dsconform"}, {"/usr/bin/dsconform", "run"}, {"/x/dsconform", wrapperName}} {
		if code, ran := MaybeRunWrapper(args); ran {
			t.Errorf("%v ran with code %d", args, code)
		}
	}
}

func TestActorAsksForTheRole(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range []string{wrapperName, probe.Name} {
		if got, err := actor(t.Context(), role); err != nil || got != self {
			t.Errorf("actor(%s) = %q, %v", role, got, err)
		}
	}
}

// A program without the hook runs as itself when it is asked; it must not ask in turn.
func TestActorDoesNotAskInTurn(t *testing.T) {
	t.Setenv(roleEnv, "1")
	if _, err := actor(t.Context(), wrapperName); exit.Of(err) != exit.Internal {
		t.Errorf("want class Internal, got %v", err)
	}
}

func TestActorFindsOutAProgramWithoutTheHook(t *testing.T) {
	if _, err := actor(t.Context(), "-test.run=^$"); exit.Of(err) != exit.Internal {
		t.Errorf("a test binary that ran its tests instead was taken for an actor: %v", err)
	}
}

// A search broken off is not the program's fault.
func TestActorBrokenOff(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := actor(ctx, wrapperName); exit.Of(err) != exit.Environment || !errors.Is(err, context.Canceled) {
		t.Errorf("want class Environment and the cause, got %v", err)
	}
}
