package revisions

import (
	"errors"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework/kubectl"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/scene"
)

func TestExactly(t *testing.T) {
	one, two := scene.Revision(1, "a"), scene.Revision(2, "b")
	owned := []*appsv1.ControllerRevision{one, two}
	scene.Expect(t, exactly(owned, []types.UID{one.UID}, 2), "")
	scene.Expect(t, exactly(owned, []types.UID{one.UID}, 3), "has number 2")
	scene.Expect(t, exactly(owned, nil, 1), "there are 2 ControllerRevisions, not 1")
	scene.Expect(t, exactly(owned, []types.UID{"other"}, 2), "stands where the one made for template 1 was")
	scene.Expect(t, exactly([]*appsv1.ControllerRevision{scene.Revision(2, "a"), scene.Revision(3, "b")}, []types.UID{one.UID}, 3), "stands where")
}

func TestNumbers(t *testing.T) {
	s := scene.New().Added(scene.Set(1, "a"), scene.Revision(4, "b"), scene.Revision(3, "a")).State()
	scene.Expect(t, numbers(3, 4)(s), "")
	scene.Expect(t, numbers(4)(s), "the revisions are [3 4]; want [4]")
	scene.Expect(t, numbers(3, 4, 5)(s), "want [3 4 5]")
}

func TestNeverFewer(t *testing.T) {
	sc := scene.New().Added(scene.Set(1, "c"), scene.Revision(1, "a"), scene.Revision(2, "b"), scene.Revision(3, "c")).Deleted(scene.Revision(1, "a"))
	scene.Expect(t, fleet.EachOf(scene.Space, sc.Entries, neverFewer(1)), "")
	scene.Expect(t, fleet.EachOf(scene.Space, sc.Entries, neverFewer(2)), "after the deletion of agent-a only 2 are left")
}

func TestNotCarried(t *testing.T) {
	old := scene.Pod("a", "a", "a")
	sc := scene.New().Added(scene.Set(1, "b"), scene.Revision(1, "a"), scene.Revision(2, "b"), old)
	gone := scene.New()
	gone.Entries = append(gone.Entries, sc.Entries...)
	scene.Expect(t, fleet.EachOf(scene.Space, sc.Deleted(scene.Revision(1, "a")).Entries, notCarried), "agent-a is deleted while pod a (terminating: false) carries its hash")
	scene.Expect(t, fleet.EachOf(scene.Space, gone.Deleted(old.DeepCopy(), scene.Revision(1, "a")).Entries, notCarried), "")
}

func TestRevisionNotLater(t *testing.T) {
	at := func(o metav1.Object, s time.Duration) {
		o.SetCreationTimestamp(metav1.NewTime(scene.Start().Add(s * time.Second)))
	}
	revision, pod := scene.Revision(1, "a"), scene.Pod("a", "a", "a")
	at(revision, 1)
	for second, wrong := range map[time.Duration]string{0: "pod a was made at", 1: "", 2: ""} {
		at(pod, second)
		scene.Expect(t, fleet.EachOf(scene.Space, scene.New().Added(pod.DeepCopy(), revision.DeepCopy()).Entries, revisionNotLater(revision)), wrong)
	}
}

func TestCurrentAbove(t *testing.T) {
	s := scene.New().Added(scene.Set(1, "a"), scene.Revision(3, "a"), scene.Revision(2, "b"))
	scene.Expect(t, currentAbove(s.State()), "")
	scene.Expect(t, currentAbove(s.Modified(scene.Revision(3, "b")).State()), "the current revision agent-a has number 3, agent-b has 3")
}

func TestOnlyAnnotated(t *testing.T) {
	before, now := scene.Set(1, "a"), scene.Set(2, "a")
	scene.Expect(t, onlyAnnotated(before, now), "the template's annotations are")
	now.Spec.Template.Annotations[restartedAt] = "now"
	scene.Expect(t, onlyAnnotated(before, now), "")
	now.Spec.MinReadySeconds = 1
	scene.Expect(t, onlyAnnotated(before, now), "the spec without the annotation is")
}

func TestSameAnnotations(t *testing.T) {
	before, now := scene.Set(1, "a"), scene.Set(2, "a")
	before.Annotations = map[string]string{"team": "blue", appsv1.DeprecatedTemplateGeneration: "1"}
	now.Annotations = map[string]string{"team": "blue", appsv1.DeprecatedTemplateGeneration: "2"}
	scene.Expect(t, sameAnnotations(before, now), "")
	now.Annotations["team"] = "red"
	scene.Expect(t, sameAnnotations(before, now), "they were")
}

func TestKubectlAnswers(t *testing.T) {
	done := kubectl.Result{Args: []string{"rollout", "undo"}, Stdout: "rolled back\n"}
	refused := kubectl.Result{Args: []string{"rollout", "undo"}, Stderr: "error: no\n", ExitCode: 1, Err: errors.New("exit code 1")}
	scene.Expect(t, succeeded(done, "rolled back"), "")
	scene.Expect(t, succeeded(done, "skipped"), "did not print \"skipped\"")
	scene.Expect(t, succeeded(refused, ""), "exit code 1")
	scene.Expect(t, failed(refused, "no"), "")
	scene.Expect(t, failed(done, "rolled"), "it did not fail")
	stopped := refused
	stopped.ExitCode = kubectl.NotRun
	scene.Expect(t, failed(stopped, "no"), "it did not fail")
	scene.Expect(t, unwritten(scene.Set(1, "a"), scene.Set(2, "a")), "generation 1 became 2")
	scene.Expect(t, unwritten(scene.Set(1, "a"), scene.Set(1, "a")), "")
}

func TestSameUIDs(t *testing.T) {
	pod := scene.Pod("a", "a", "a")
	sc := scene.New().Added(scene.Set(1, "a"), pod)
	old := fleet.Of(sc.State(), name)
	relabelled := scene.Pod("a", "a", "b")
	if n := sameUIDs(sc.Modified(relabelled).State(), old); n != 1 {
		t.Errorf("a relabelled pod counts %d", n)
	}
	gone := relabelled.DeepCopy()
	scene.Terminating(gone)
	if n := sameUIDs(sc.Modified(gone).State(), old); n != 0 {
		t.Errorf("a terminating pod counts %d", n)
	}
}

func TestVisible(t *testing.T) {
	ds := scene.Set(1, "a")
	sc := scene.New().Added(ds)
	scene.Expect(t, visible(sc.State(), name), "no pod, no event and no condition; observedGeneration is 0 at generation 1")
	scene.Expect(t, visible(sc.Added(scene.Pod("a", "a", "a")).State(), name), "")
}

func TestRevisionIs(t *testing.T) {
	s := scene.New().Added(scene.Set(1, "a"), scene.Revision(1, "a")).State()
	fine := func(*appsv1.ControllerRevision) error { return nil }
	scene.Expect(t, revisionIs(name+"-a", fine)(s), "")
	scene.Expect(t, revisionIs(name+"-b", fine)(s), "agent-b is gone")
	scene.Expect(t, revisionIs(name+"-a", func(*appsv1.ControllerRevision) error { return errors.New("no") })(s), "agent-a: no")
}
