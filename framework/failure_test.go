package framework

import (
	"errors"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes/fake"

	"github.com/dsconform/dsconform/framework/history"
)

// TestReason: the line begins with what explains the failure, if anything does.
func TestReason(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]Failure{
		"4 deletes":                            {Expected: "2 deletes", Seen: "4 deletes"},
		"it asks twice (4 deletes)":            {Expected: "2 deletes", Seen: "4 deletes", Cause: "it asks twice"},
		"expected: 2 deletes; seen: 4 deletes": {Expected: "2 deletes", Seen: "4 deletes", Cause: "nothing else", Unexplained: true},
	} {
		if got := f.Reason(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestWhatNothingExplains accuses the controller all the same, and says what was expected.
func TestWhatNothingExplains(t *testing.T) {
	t.Parallel()
	log, err := history.Start(t.Context(), fake.NewClientset(), history.Options{Namespaces: []string{"here"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(log.Stop)
	said := &noted{}
	e := &Env{Namespace: "here", History: log, reporter: said}
	e.That(false, "the orphan stays", "it is gone")
	if len(said.failures) != 1 {
		t.Fatalf("%d failures", len(said.failures))
	}
	f := said.failures[0]
	if want := "expected: the orphan stays; seen: it is gone"; f.Class != NonConformant || f.Reason() != want || f.Cause == "" {
		t.Errorf("class %s, cause %q, reason %q, want %q", f.Class, f.Cause, f.Reason(), want)
	}
}

// TestStaysFromTheStart: what stands against it in the beginning counts if it still
// does when the log has caught up.
func TestStaysFromTheStart(t *testing.T) {
	t.Parallel()
	for always, failures := range map[bool]int{false: 0, true: 1} {
		client := fake.NewClientset()
		log, err := history.Start(t.Context(), client, history.Options{Namespaces: []string{"here"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(log.Stop)
		said := &noted{}
		e := &Env{Namespace: "here", Client: client, History: log, Timeouts: Timeouts{Request: time.Minute, Rollout: time.Minute}, reporter: said}
		first := true
		e.StaysFor(t.Context(), time.Millisecond, "the pod is gone", nil, func(*history.State) error {
			defer func() { first = false }()
			if first || always {
				return errors.New("it is there")
			}
			return nil
		})
		if len(said.failures) != failures {
			t.Errorf("always: %v, failures: %v", always, said.failures)
		}
	}
}
