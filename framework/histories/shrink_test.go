package histories

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func TestSmallerSequencesAreSmallerAndCanBePlayed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := Sequences().Draw(t, "sequence")
		before, err := s.YAML()
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range Smaller(s) {
			if c.weight() >= s.weight() {
				t.Fatalf("weight %d is no less than %d", c.weight(), s.weight())
			}
			if err = c.Check(); err != nil {
				t.Fatalf("a smaller one cannot be played: %v", err)
			}
		}
		after, err := s.YAML()
		if err != nil || string(before) != string(after) {
			t.Fatal("making it smaller has changed the sequence itself")
		}
	})
}

// does tells whether the sequence has an edit that does d.
func does(s Sequence, d Do) bool {
	return slices.ContainsFunc(s.Edits, func(e Edit) bool { return e.Do == d })
}

func TestSearchEndsAtTheLeast(t *testing.T) {
	t.Parallel()
	// Whatever is drawn around them: a template that tolerates, later a failed pod, on two nodes.
	fails := func(_ context.Context, s Sequence) bool {
		at := slices.IndexFunc(s.Edits, func(e Edit) bool { return e.Template != nil && e.Template.Tolerates })
		return at >= 0 && s.Nodes >= 2 && does(Sequence{Edits: s.Edits[at:]}, FailPod)
	}
	want := plainSequence(
		Edit{Do: SetTemplate, Template: &Template{Tolerates: true, Version: 1}, Then: Settled},
		Edit{Do: FailPod, Node: 1, Then: Settled},
	)
	found := 0
	for i := range 200 {
		s := Draw(11, i+1)
		if !fails(t.Context(), s) {
			continue
		}
		found++
		for _, atOnce := range []int{1, 7} {
			got, tried, least := Search(t.Context(), s, atOnce, fails)
			if !least || tried == 0 {
				t.Fatalf("number %d: least %v after %d tries", i+1, least, tried)
			}
			if got.Name = ""; !same(got, want) {
				raw, _ := got.YAML()
				t.Fatalf("number %d, %d at once, ends at\n%s", i+1, atOnce, raw)
			}
		}
	}
	if found == 0 {
		t.Error("no sequence failed: nothing was searched for")
	}
}

func TestSearchTakesAJoinAwayWithWhatFollowsFromIt(t *testing.T) {
	t.Parallel()
	s := plainSequence(
		Edit{Do: Join, Node: 5, Then: AtOnce}, Edit{Do: DeletePod, Node: 5, Then: AtOnce},
		Edit{Do: Cordon, Node: 1, Then: AtOnce}, Edit{Do: Leave, Node: 5, Then: AtOnce},
	)
	got, _, least := Search(t.Context(), s, 3, func(_ context.Context, s Sequence) bool { return does(s, Cordon) })
	if want := (Sequence{Nodes: 1, Start: s.Start, Edits: []Edit{{Do: Cordon, Node: 1, Then: Settled}}}); !least || !same(got, want) {
		t.Errorf("ends at %+v", got)
	}
}

func TestSearchPlaysSoManyAtOnceAndEndsWithItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := Draw(5, 1)
		var running, most atomic.Int32
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		got, tried, least := Search(ctx, s, 4, func(ctx context.Context, _ Sequence) bool {
			now := running.Add(1)
			defer running.Add(-1)
			for was := most.Load(); now > was && !most.CompareAndSwap(was, now); was = most.Load() {
			}
			select {
			case <-ctx.Done():
			case <-time.After(40 * time.Second):
			}
			return false
		})
		if most.Load() != 4 || tried != 8 || least || !same(got, s) {
			t.Errorf("%d at once, %d tried, least %v, another sequence %v", most.Load(), tried, least, !same(got, s))
		}
	})
}

func TestSearchDoesNotTakeATryThatWasGivenUp(t *testing.T) {
	t.Parallel()
	// Every try fails, as one does whose context ends; only the first counts in each step.
	s := plainSequence(Edit{Do: Cordon, Node: 1, Then: Settled}, Edit{Do: Uncordon, Node: 1, Then: Settled})
	got, _, least := Search(t.Context(), s, 8, func(context.Context, Sequence) bool { return true })
	if want := (Sequence{Nodes: 1, Start: s.Start}); !least || !same(got, want) {
		t.Errorf("ends at %+v", got)
	}
}
