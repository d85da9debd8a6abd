package kubelet

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/itchyny/gojq"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/clusters"
)

// stage is what is tried of a stage here, decoded from what KWOK is given.
type stage struct {
	Metadata struct{ Name string }
	Spec     struct {
		ResourceRef struct{ Kind string }
		Selector    struct {
			MatchExpressions []struct {
				JQ struct{ Key string }
			}
		}
		Weight int
		Delay  struct {
			DurationMilliseconds int
			DurationFrom         struct{ JQ struct{ Expression string } }
		}
	}
}

func stages(t *testing.T) []stage {
	t.Helper()
	loaded, err := load()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(loaded)
	if err != nil {
		t.Fatal(err)
	}
	var out []stage
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// eval gives what an expression says of an object. KWOK takes an expression
// that fails for one that does not match: here it is a fault.
func eval(t *testing.T, expression string, object any) any {
	t.Helper()
	query, err := gojq.Parse(expression)
	if err != nil {
		t.Fatalf("%v in %s", err, expression)
	}
	raw, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	var input any
	if err := json.Unmarshal(raw, &input); err != nil {
		t.Fatal(err)
	}
	v, ok := query.Run(input).Next()
	if err, failed := v.(error); failed {
		t.Fatalf("%v in %s", err, expression)
	}
	if !ok {
		return nil
	}
	return v
}

// next gives the stages that match a pod, those of the lowest weight only if
// there is no other, and the delay of the last.
func next(t *testing.T, pod *corev1.Pod) (names []string, delay any) {
	t.Helper()
	for _, s := range stages(t) {
		if s.Spec.ResourceRef.Kind != "Pod" || s.Spec.Weight == 0 {
			continue
		}
		if eval(t, s.Spec.Selector.MatchExpressions[0].JQ.Key, pod) != true {
			continue
		}
		names = append(names, s.Metadata.Name)
		delay = s.Spec.Delay.DurationMilliseconds
		if from := s.Spec.Delay.DurationFrom.JQ.Expression; from != "" {
			if v := eval(t, from, pod); v != nil {
				delay = v
			}
		}
	}
	return names, delay
}

// epoch is when everything in these tests began.
func epoch() metav1.Time { return metav1.NewTime(time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)) }

type change func(*corev1.Pod)

func bound(changes ...change) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "n", UID: "u", Annotations: map[string]string{}}}
	p.Spec.NodeName = "node"
	p.Spec.Containers = []corev1.Container{{Name: "agent", Image: "agent:v1"}}
	p.Status.Phase = corev1.PodPending
	for _, c := range changes {
		c(p)
	}
	return p
}

func cpu(quantity string) change {
	return func(p *corev1.Pod) {
		p.Spec.Containers[0].Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(quantity)}
	}
}

func note(key, value string) change { return func(p *corev1.Pod) { p.Annotations[key] = value } }

func env(name, value string) change {
	return func(p *corev1.Pod) {
		p.Spec.Containers[0].Env = append(p.Spec.Containers[0].Env, corev1.EnvVar{Name: name, Value: value})
	}
}

func image(ref string) change { return func(p *corev1.Pod) { p.Spec.Containers[0].Image = ref } }

func probe(initialDelay int32) change {
	return func(p *corev1.Pod) {
		p.Spec.Containers[0].ReadinessProbe = &corev1.Probe{InitialDelaySeconds: initialDelay}
	}
}

func gate(p *corev1.Pod) {
	p.Spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "gate"}}
}

func condition(kind corev1.PodConditionType, status corev1.ConditionStatus) change {
	return func(p *corev1.Pod) {
		p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: kind, Status: status, LastTransitionTime: epoch()})
	}
}

// container puts the one container into a state, after so many restarts.
func container(state corev1.ContainerState, restarts int32) change {
	return func(p *corev1.Pod) {
		since := epoch()
		p.Status.StartTime = &since
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "agent", State: state, RestartCount: restarts}}
	}
}

func waits(reason string) change {
	return container(corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}, 0)
}

func crashed(restarts int32) change {
	return func(p *corev1.Pod) {
		container(corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{FinishedAt: epoch()}}, restarts)(p)
		p.Status.Phase = corev1.PodRunning
	}
}

// backsOff is a container that waits, its crash in lastState.
func backsOff(restarts int32) change {
	return func(p *corev1.Pod) {
		waits("CrashLoopBackOff")(p)
		p.Status.Phase = corev1.PodRunning
		p.Status.ContainerStatuses[0].RestartCount = restarts
		p.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{FinishedAt: epoch()}
	}
}

func runs(ready, podReady corev1.ConditionStatus) change {
	return func(p *corev1.Pod) {
		container(corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: epoch()}}, 0)(p)
		p.Status.Phase = corev1.PodRunning
		condition(corev1.ContainersReady, ready)(p)
		condition(corev1.PodReady, podReady)(p)
	}
}

// deleted is a pod whose deletion was asked for at epoch with a grace period.
func deleted(grace int64) change {
	return func(p *corev1.Pod) {
		at := metav1.NewTime(epoch().Add(time.Duration(grace) * time.Second))
		p.DeletionTimestamp, p.DeletionGracePeriodSeconds = &at, &grace
	}
}

func preStop(seconds int64) change {
	return func(p *corev1.Pod) {
		p.Spec.Containers[0].Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: seconds}}}
	}
}

func phase(v corev1.PodPhase) change { return func(p *corev1.Pod) { p.Status.Phase = v } }

func command(words ...string) change {
	return func(p *corev1.Pod) { p.Spec.Containers[0].Command = words }
}

func TestNextStageOfAPod(t *testing.T) {
	t.Parallel()
	const yes, no = corev1.ConditionTrue, corev1.ConditionFalse
	for name, tc := range map[string]struct {
		pod   *corev1.Pod
		stage string // empty for none
		delay any
	}{
		"a plain pod starts at once":                         {bound(), "pod-start-ready", 1000},
		"a probed pod starts at once":                        {bound(probe(0)), "pod-start-ready", 1000},
		"a pod starts at once where that is asked for":       {bound(note(StartDelay, "0s")), "pod-start-ready", "0s"},
		"a gated pod starts":                                 {bound(gate), "pod-start-ready", 1000},
		"a pod with an initial delay starts":                 {bound(probe(5)), "pod-start", 1000},
		"a pod with a start delay is in the making":          {bound(note(StartDelay, "3s")), "pod-creating", 0},
		"a pod in the making starts in time":                 {bound(note(StartDelay, "3s"), waits("ContainerCreating")), "pod-start-ready", "2030-01-01T12:00:04Z"},
		"a rejected pod fails":                               {bound(note(Reject, "NodeAffinity")), "pod-reject", 0},
		"a pod that no node has room for is rejected":        {bound(cpu("10k")), "pod-reject", 0},
		"a pod that asks for much is not":                    {bound(cpu("64")), "pod-start-ready", 1000},
		"an image is not pulled":                             {bound(image("127.0.0.1:1/x:v1")), "pod-pull-error", 0},
		"an image is said not to be pulled":                  {bound(note(PullError, "true")), "pod-pull-error", 0},
		"a pull is backed off":                               {bound(note(PullError, "true"), waits("ErrImagePull")), "pod-pull-back-off", 1000},
		"a pull that is backed off stays so":                 {bound(note(PullError, "true"), waits("ImagePullBackOff")), "", nil},
		"a pod whose image is there after all starts":        {bound(waits("ImagePullBackOff")), "pod-start-ready", 1000},
		"a ready pod is left alone":                          {bound(runs(yes, yes)), "", nil},
		"a probed pod becomes ready in time":                 {bound(probe(5), runs(no, no)), "pod-ready", "2030-01-01T12:00:06Z"},
		"a pod becomes ready when it says":                   {bound(probe(0), env("AGENT_READY_AFTER", "1m30s"), runs(no, no)), "pod-ready", "2030-01-01T12:01:31Z"},
		"without a probe nobody asks the program":            {bound(env("AGENT_READY_AFTER", "90s")), "pod-start-ready", 1000},
		"a program that refuses is not ready":                {bound(probe(0), env("AGENT_READY", "false"), runs(no, no)), "", nil},
		"a program that refuses is asked only by a probe":    {bound(env("AGENT_READY", "false")), "pod-start-ready", 1000},
		"a pod made unready becomes so":                      {bound(note(Ready, "false"), runs(yes, yes)), "pod-unready", 0},
		"a pod that flaps becomes unready":                   {bound(note(ReadyFlap, "2s"), runs(yes, yes)), "pod-flap", "2030-01-01T12:00:03Z"},
		"a pod that flaps becomes ready":                     {bound(note(ReadyFlap, "2s"), runs(no, no)), "pod-ready", "2030-01-01T12:00:03Z"},
		"a gate opens":                                       {bound(gate, runs(yes, no), condition("gate", yes)), "pod-gates", 0},
		"a gate shuts":                                       {bound(gate, runs(yes, yes), condition("gate", no)), "pod-gates", 0},
		"a gate that is shut holds":                          {bound(gate, runs(yes, no)), "", nil},
		"what others write of readiness is put right":        {bound(runs(yes, no)), "pod-gates", 0},
		"a program ends":                                     {bound(env("AGENT_EXIT_AFTER", "100ms"), runs(yes, yes)), "pod-crash", "100ms"},
		"a program ends later":                               {bound(note(CrashAfter, "4s"), runs(yes, yes)), "pod-crash", "2030-01-01T12:00:05Z"},
		"a command ends":                                     {bound(command("/bin/sh", "-c", "exit 3"), runs(yes, yes)), "pod-crash", "0s"},
		"a program ends before it is ready":                  {bound(probe(9), note(CrashAfter, "4s"), runs(no, no)), "pod-crash", "2030-01-01T12:00:05Z"},
		"a program is ready before it ends":                  {bound(probe(2), note(CrashAfter, "4s"), runs(no, no)), "pod-ready", "2030-01-01T12:00:03Z"},
		"a first crash is followed by a start":               {bound(note(CrashAfter, "4s"), crashed(0)), "pod-restart", 0},
		"a second crash is backed off":                       {bound(note(CrashAfter, "4s"), crashed(1)), "pod-back-off", 0},
		"the first back-off is short":                        {bound(note(CrashAfter, "4s"), backsOff(1)), "pod-restart", "2030-01-01T12:00:11Z"},
		"the third is longer":                                {bound(note(CrashAfter, "4s"), backsOff(3)), "pod-restart", "2030-01-01T12:00:41Z"},
		"a back-off has a bound":                             {bound(note(CrashAfter, "4s"), backsOff(99)), "pod-restart", "2030-01-01T12:05:01Z"},
		"a back-off is as the pod says":                      {bound(note(CrashBackOff, "1s"), backsOff(2)), "pod-restart", "2030-01-01T12:00:03Z"},
		"a pod ends":                                         {bound(note(EndAfter, "4s"), runs(yes, yes)), "pod-end", "2030-01-01T12:00:05Z"},
		"a pod is evicted":                                   {bound(note(Evict, "low on memory"), runs(yes, yes)), "pod-evict", 0},
		"an ended pod is left alone":                         {bound(note(Evict, "low on memory"), runs(yes, yes), phase(corev1.PodFailed)), "", nil},
		"a deleted pod ends in a moment":                     {bound(runs(yes, yes), deleted(30)), "pod-stop", 600},
		"a stop hook takes its time":                         {bound(preStop(4), runs(yes, yes), deleted(30)), "pod-stop", "2030-01-01T12:00:05Z"},
		"a drain takes its time":                             {bound(env("AGENT_DRAIN", "4s"), runs(yes, yes), deleted(30)), "pod-stop", "2030-01-01T12:00:05Z"},
		"a stop hook that is too long is cut off":            {bound(preStop(40), runs(yes, yes), deleted(30)), "pod-kill", "2030-01-01T12:00:31Z"},
		"a program deaf to SIGTERM is killed":                {bound(env("AGENT_IGNORE_SIGTERM", "true"), runs(yes, yes), deleted(30)), "pod-kill", "2030-01-01T12:00:31Z"},
		"a pod said to be deaf is killed":                    {bound(note(IgnoreSIGTERM, "true"), runs(yes, yes), deleted(30)), "pod-kill", "2030-01-01T12:00:31Z"},
		"a deleted pod that never ran goes at once":          {bound(note(PullError, "true"), waits("ErrImagePull"), deleted(30)), "pod-discard", 500},
		"a deleted pod that has ended goes at once":          {bound(runs(yes, yes), phase(corev1.PodFailed), deleted(30)), "pod-discard", 500},
		"a deleted pod that a finalizer holds is left alone": {bound(runs(no, no), phase(corev1.PodFailed), deleted(0)), "", nil},
		"a deleted pod is not evicted":                       {bound(note(Evict, "x"), runs(yes, yes), deleted(30)), "pod-stop", 600},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			names, delay := next(t, tc.pod)
			var want []string
			if tc.stage != "" {
				want = []string{tc.stage}
			}
			if !slices.Equal(names, want) {
				t.Fatalf("stages %v, want %v", names, want)
			}
			if delay != tc.delay {
				t.Errorf("delay %v, want %v", delay, tc.delay)
			}
		})
	}
}

func TestStagesAreWhatKWOKReads(t *testing.T) {
	t.Parallel()
	raw, err := Stages()
	if err != nil || len(raw) == 0 {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	idle := 0
	for _, s := range stages(t) {
		if s.Metadata.Name == "" || seen[s.Metadata.Name] {
			t.Errorf("stage %q is there twice, or has no name", s.Metadata.Name)
		}
		seen[s.Metadata.Name] = true
		if s.Spec.Weight == 0 {
			idle++
		}
	}
	if idle != 1 {
		t.Errorf("%d stages of weight 0: only the idle one may be, for KWOK takes it where no other matches", idle)
	}
}

func TestANodeIsReadyWhenItWasMadeToBe(t *testing.T) {
	t.Parallel()
	delay := func(spec clusters.NodeSpec) any {
		for _, s := range stages(t) {
			if s.Metadata.Name == "node-ready" {
				return eval(t, s.Spec.Delay.DurationFrom.JQ.Expression, Machine{Spec: spec}.Node())
			}
		}
		t.Fatal("there is no stage node-ready")
		return nil
	}
	if got := delay(clusters.NodeSpec{Name: "w"}); got != nil {
		t.Errorf("a node without a delay has that of %v", got)
	}
	if got := delay(clusters.NodeSpec{Name: "w", ReadyDelay: 90 * time.Second}); got != "1m30s" {
		t.Errorf("a node made with 1m30s has a delay of %v", got)
	}
}
