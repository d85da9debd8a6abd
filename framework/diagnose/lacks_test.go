package diagnose

import (
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework/history"
)

// A controller that lacks a whole ability is told so, where it matters.
func TestLacks(t *testing.T) {
	for name, tc := range map[string]struct {
		expectation, seen string
		log               func(*scene)
		says, never       string
	}{
		"no history":                 {expectation: "there is one ControllerRevision", log: func(s *scene) { s.upWithoutHistory() }, says: "keeps no history: DaemonSet agent has no ControllerRevision"},
		"no history, for kubectl":    {expectation: "kubectl rolls back", seen: "error: no last revision to roll back to", log: func(s *scene) { s.upWithoutHistory() }, says: "keeps no history"},
		"no history, and no need":    {expectation: "the pod is gone", log: func(s *scene) { s.upWithoutHistory() }, says: "nothing that was recorded explains it", never: "history"},
		"no events":                  {expectation: "an event SuccessfulCreate", log: func(s *scene) { s.up() }, says: "writes no events: there is none about DaemonSet agent"},
		"other events":               {expectation: "an event SuccessfulCreate", log: func(s *scene) { s.up(); s.event("DaemonSet", "agent", "Other", "x") }, says: "nothing that was recorded explains it"},
		"no events, and no need":     {expectation: "the pod is gone", log: func(s *scene) { s.up() }, says: "nothing that was recorded explains it"},
		"no adoption":                {expectation: "the orphan is adopted", log: func(s *scene) { s.up(); s.modify("a-v1", disown) }, says: "has not adopted pod a-v1"},
		"no release":                 {expectation: "the pod is released", log: func(s *scene) { s.up(); s.modify("a-v1", relabel) }, says: "has not released pod a-v1"},
		"an ended pod is waited for": {expectation: "the node has a pod", log: func(s *scene) { s.up(); s.modify("a-v1", endedAndHeld(s)) }, says: "waits for pod a-v1 on node a, which has ended (phase Succeeded)"},
		"a pod nobody is to bind":    {expectation: "a count", log: func(s *scene) { s.up("c"); s.modify("c-v1", unboundBy("nobody.dsconform.dev")); s.status() }, never: "no scheduler of that name"},
		"a pod somebody is to bind":  {expectation: "a count", log: func(s *scene) { s.up("c"); s.modify("c-v1", unboundBy("theirs")); s.status() }, says: "no scheduler of that name"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			tc.log(s)
			s.pass(30 * time.Second)
			state := history.Replay("spec", s.entries)
			state.SetNow(s.now)
			got := Cause(Input{State: state, Entries: s.entries, DaemonSet: "agent", Expectation: tc.expectation, Seen: tc.seen})
			if !strings.Contains(got.Cause, tc.says) {
				t.Errorf("cause %q, want %q", got.Cause, tc.says)
			}
			if tc.never != "" && strings.Contains(got.String(), tc.never) {
				t.Errorf("it says %q: %s", tc.never, got)
			}
		})
	}
}

// upWithoutHistory is up, by a controller that makes no revision.
func (s *scene) upWithoutHistory() {
	s.up()
	s.entries = slices.DeleteFunc(s.entries, func(e history.Entry) bool { return e.Kind == history.KindControllerRevision })
}

func disown(p *corev1.Pod) { p.OwnerReferences = nil }

func relabel(p *corev1.Pod) { p.Labels["app"] = "other" }

func endedAndHeld(s *scene) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		at := s.time()
		p.DeletionTimestamp, p.Finalizers, p.Status.Phase = &at, []string{"dsconform.dev/hold"}, corev1.PodSucceeded
	}
}

func unboundBy(scheduler string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.SchedulerName = scheduler }
}
