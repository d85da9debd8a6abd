package podlife

import (
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework/audit"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/scene"
)

func ended(p *corev1.Pod) *corev1.Pod {
	p = p.DeepCopy()
	scene.Ended(p)
	return p
}

func leaving(p *corev1.Pod) *corev1.Pod {
	p = p.DeepCopy()
	scene.Terminating(p)
	return p
}

func TestOneStands(t *testing.T) {
	a, b := scene.Pod("a", "n", "r"), scene.Pod("b", "n", "r")
	scene.Expect(t, oneStands(scene.New().Added(scene.Set(1, "r"), ended(a)).State(), "n"), "")
	scene.Expect(t, oneStands(scene.New().Added(scene.Set(1, "r"), leaving(ended(a)), b).State(), "n"), "")
	scene.Expect(t, oneStands(scene.New().Added(scene.Set(1, "r"), ended(a), b).State(), "n"), "node n has pods a (Failed) and b")
	scene.Expect(t, oneStands(scene.New().Added(scene.Set(1, "r"), ended(a), scene.Pod("b", "m", "r")).State(), "n"), "")
}

func TestWaitsGrow(t *testing.T) {
	const s = time.Second
	for name, tc := range map[string]struct {
		waits []time.Duration
		wrong string
	}{
		"as asked":                    {[]time.Duration{s, 2 * s, 4 * s, 8 * s}, ""},
		"one seen late":               {[]time.Duration{s, 3 * s, 2 * s, 9 * s}, ""},
		"a hot loop":                  {[]time.Duration{s / 100, s / 100, s / 100, s / 100}, "failure 4 was handled 10ms after failure 3, not 4s"},
		"always the same":             {[]time.Duration{s, s, s, s}, "failure 5 was handled 1s after failure 4, not 8s"},
		"the last seen as the others": {[]time.Duration{s, 2 * s, 3 * s, 5 * s}, "5 failures were handled within 11s, not 15s"},
	} {
		t.Run(name, func(t *testing.T) { scene.Expect(t, waitsGrow(tc.waits), tc.wrong) })
	}
	at := scene.Start()
	if got := apart([]time.Time{at, at.Add(s), at.Add(3 * s)}); !slices.Equal(got, []time.Duration{s, 2 * s}) {
		t.Errorf("got %s", got)
	}
	if got := apart([]time.Time{at}); len(got) != 0 {
		t.Errorf("one moment is apart from none, got %s", got)
	}
}

func TestNothingAdded(t *testing.T) {
	sc := scene.New().Added(scene.Set(1, "r"), scene.Pod("a", "n", "r"))
	since := int64(len(sc.Entries))
	scene.Expect(t, nothingAdded(sc.Entries, since), "")
	scene.Expect(t, nothingAdded(sc.Entries, 1), "Pod a was created")
	foreign := scene.Pod("b", "n", "r")
	foreign.OwnerReferences[0].Name = "another"
	scene.Expect(t, nothingAdded(sc.Added(foreign).Modified(scene.Pod("a", "n", "r")).Entries, since), "")
	scene.Expect(t, nothingAdded(sc.Added(scene.Revision(2, "r")).Entries, since), "ControllerRevision")
}

func TestLeftAlone(t *testing.T) {
	start := func() *scene.Scene {
		return scene.New().Added(scene.Set(1, "r"), scene.Pod("a", "n", "r"), scene.Pod("b", "m", "r"))
	}
	alone := leftAlone(start().State())
	written := scene.Set(1, "r")
	written.Status.NumberReady = 7
	scene.Expect(t, alone(start().Modified(scene.Pod("a", "n", "r", scene.Ended)).State()), "")
	scene.Expect(t, alone(start().Modified(written).State()), "the status of DaemonSet agent went from")
	scene.Expect(t, alone(start().Deleted(scene.Pod("a", "n", "r")).State()), "pod a is gone")
	scene.Expect(t, alone(start().Added(scene.Pod("c", "n", "r")).State()), "pod c was created")
	scene.Expect(t, alone(start().Deleted(scene.Set(1, "r")).State()), "gone before its pods")
}

func TestSooner(t *testing.T) {
	last, pod := scene.Pod("a", "n", "r"), scene.Pod("b", "m", "r")
	for after, wrong := range map[time.Duration]string{time.Second: "", throttled - watchSlack - time.Second: "", throttled: "pod b was deleted 32s after pod a"} {
		sc := scene.New().Added(scene.Set(1, "r"), last, pod).Deleted(last.DeepCopy()).After(after).Modified(leaving(pod))
		scene.Expect(t, sooner(sc.Entries, last, pod), wrong)
	}
	scene.Expect(t, sooner(scene.New().Added(last, pod).Entries, last, pod), "the log does not show the deletions")
}

func TestThrottling(t *testing.T) {
	a, b, c := scene.Pod("a", "n", "r"), scene.Pod("b", "n", "r"), scene.Pod("c", "n", "r")
	sc := scene.New().Added(scene.Set(1, "r"), a).Modified(ended(a)).After(time.Second).Added(b)
	gaps, pile := throttling(sc.Modified(ended(b)).After(2*time.Second).Added(c).Entries, scene.Space)
	if !slices.Equal(gaps, []time.Duration{time.Second, 2 * time.Second}) || pile != 2 {
		t.Errorf("got %v and %d", gaps, pile)
	}
}

func TestAddsUp(t *testing.T) {
	good := appsv1.DaemonSetStatus{DesiredNumberScheduled: 3, CurrentNumberScheduled: 3, NumberReady: 2, NumberAvailable: 1, UpdatedNumberScheduled: 2, NumberUnavailable: 2}
	for wrong, change := range map[string]func(*appsv1.DaemonSetStatus){
		"":                                func(*appsv1.DaemonSetStatus) {},
		"available 3, ready 2":            func(s *appsv1.DaemonSetStatus) { s.NumberAvailable, s.NumberUnavailable = 3, 0 },
		"ready 4, current 3":              func(s *appsv1.DaemonSetStatus) { s.NumberReady = 4 },
		"current 4, desired 3":            func(s *appsv1.DaemonSetStatus) { s.CurrentNumberScheduled = 4 },
		"available -1":                    func(s *appsv1.DaemonSetStatus) { s.NumberAvailable, s.NumberUnavailable = -1, 4 },
		"updated is 4 and current 3":      func(s *appsv1.DaemonSetStatus) { s.UpdatedNumberScheduled = 4 },
		"misscheduled is -1":              func(s *appsv1.DaemonSetStatus) { s.NumberMisscheduled = -1 },
		"unavailable is 0, desired 3":     func(s *appsv1.DaemonSetStatus) { s.NumberUnavailable = 0 },
		"unavailable is 3, desired 3, av": func(s *appsv1.DaemonSetStatus) { s.NumberUnavailable = 3 },
	} {
		ds := scene.Set(1, "r")
		ds.Status = good
		change(&ds.Status)
		scene.Expect(t, fleet.EachOf(scene.Space, scene.New().Added(ds).Entries, addsUp), wrong)
	}
}

func TestRisesOnly(t *testing.T) {
	written := func(generation int64, count string) *appsv1.DaemonSet {
		ds := scene.Set(generation, "r")
		ds.Annotations = map[string]string{"dsconform.dev/written": count, "dsconform.dev/written-0": "yes"}
		return ds
	}
	sc := scene.New().Added(scene.Set(1, "r")).Modified(written(2, "0"), written(2, "0"), written(3, "1"))
	scene.Expect(t, fleet.EachOf(scene.Space, sc.Entries, risesOnly(scene.Name)), "")
	scene.Expect(t, fleet.EachOf(scene.Space, sc.Entries, risesOnly("another")), "")
	scene.Expect(t, fleet.EachOf(scene.Space, sc.Modified(written(3, "0")).Entries, risesOnly(scene.Name)), "went from 1 to 0")
	scene.Expect(t, allWritten(written(2, "0"), 1), "")
	scene.Expect(t, allWritten(written(2, "0"), 2), "the annotation of write 1 is gone")
	scene.Expect(t, allWritten(written(2, "7"), 1), `counts the writes is "7"`)
}

func TestKeepsThree(t *testing.T) {
	counted := func(n *int32) *appsv1.DaemonSet {
		ds := scene.Set(1, "r")
		ds.Status.CollisionCount = n
		return ds
	}
	three, two := int32(3), int32(2)
	sc := scene.New().Added(counted(nil)).Modified(counted(&three), counted(&three))
	scene.Expect(t, fleet.EachOf(scene.Space, sc.Entries, keepsThree()), "")
	for _, n := range []*int32{nil, &two} {
		again := scene.New()
		again.Entries = slices.Clone(sc.Entries)
		scene.Expect(t, fleet.EachOf(scene.Space, again.Modified(counted(n)).Entries, keepsThree()), "collisionCount became")
	}
}

func TestAskedBefore(t *testing.T) {
	orphan := scene.Pod("orphan", "", "")
	orphan.CreationTimestamp = metav1.NewTime(scene.Start())
	at := func(verb, resource, name, user string, s int) audit.Event {
		moment := scene.Start().Add(time.Duration(s) * time.Second)
		return audit.Event{User: user, Verb: verb, Resource: resource, Name: name, Code: 200, Received: moment, Answered: moment}
	}
	patch := at("patch", "pods", "orphan", "ds", 2)
	got, err := adoption([]audit.Event{at("create", "pods", "orphan", "me", 0), patch}, orphan)
	if err != nil || got != patch {
		t.Errorf("got %v, %v", got, err)
	}
	_, err = adoption(nil, orphan)
	scene.Expect(t, err, "none of 0 requests")
	for name, tc := range map[string]struct {
		read  audit.Event
		wrong string
	}{
		"in time":         {at("get", "daemonsets", "agent", "ds", 1), ""},
		"too early":       {at("get", "daemonsets", "agent", "ds", -1), "has read DaemonSet agent 1 times, never between"},
		"too late":        {at("get", "daemonsets", "agent", "ds", 3), "never between"},
		"by another":      {at("get", "daemonsets", "agent", "me", 1), "0 times"},
		"another one":     {at("get", "daemonsets", "other", "ds", 1), "0 times"},
		"a list of pods":  {at("list", "pods", "", "ds", 1), "0 times"},
		"only afterwards": {at("patch", "daemonsets", "agent", "ds", 1), "0 times"},
	} {
		t.Run(name, func(t *testing.T) {
			scene.Expect(t, askedBefore([]audit.Event{tc.read, patch}, patch, "agent", orphan), tc.wrong)
		})
	}
}

func TestNoneSince(t *testing.T) {
	early := audit.Event{Verb: "create", Resource: "pods", Code: 403, Received: scene.Start()}
	late := audit.Event{Verb: "create", Resource: "pods", Code: 403, Received: scene.Start().Add(time.Minute)}
	all := refusedCreations([]audit.Event{early, late, {Verb: "create", Resource: "pods", Code: 201}, {Verb: "create", Resource: "events", Code: 403}}, "pods")
	if len(all) != 2 {
		t.Errorf("got %v", all)
	}
	scene.Expect(t, noneSince(all, scene.Start().Add(time.Hour)), "")
	scene.Expect(t, noneSince(all, scene.Start().Add(time.Second)), "2 requests in all, such as 00:01:00.000 create pods")
}

func TestSuccessor(t *testing.T) {
	old, next := scene.Pod("a", "n", "r"), scene.Pod("b", "n", "r")
	event := &corev1.Event{
		InvolvedObject: corev1.ObjectReference{APIVersion: "apps/v1", Kind: "DaemonSet", Namespace: scene.Space, Name: "agent", UID: scene.Set(1, "r").UID},
		Type:           corev1.EventTypeWarning, Reason: "FailedDaemonPod", Message: "Found failed daemon pod a", Count: 1, Source: corev1.EventSource{Component: announcer},
	}
	event.Namespace, event.Name = scene.Space, "e"
	judge := successor("agent", "n", "Evicted", old)
	sc := scene.New().Added(scene.Set(1, "r"), ended(old))
	scene.Expect(t, judge(sc.State()), "reason Evicted: pod a is still there")
	scene.Expect(t, judge(sc.Deleted(old.DeepCopy()).State()), "has 0 live pods")
	scene.Expect(t, judge(sc.Added(next).State()), "no Warning event FailedDaemonPod")
	sc.Entries = append(sc.Entries, history.Entry{Seq: 99, Kind: history.KindEvent, Change: history.Added, Namespace: scene.Space, Name: "e", Object: event})
	scene.Expect(t, judge(sc.State()), "")
}
