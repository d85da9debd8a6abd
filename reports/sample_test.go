package reports

import (
	"time"

	"github.com/dsconform/dsconform/internal/exit"
)

// sampleEnvironment is the cluster of all golden reports.
func sampleEnvironment() Environment {
	return Environment{
		Provider:          "kind",
		KubernetesVersion: "v1.37.2",
		Subject:           Subject{Kind: "cluster", Name: "kube-controller-manager", Version: "v1.37.2"},
		Nodes: []Node{
			{Name: "worker-2", Role: "worker", Ready: true, OS: "Debian 12", Kernel: "6.18", KubeletVersion: "v1.37.2", ContainerRuntime: "containerd://2.3.7"},
			{Name: "control-plane", Role: "control-plane", Ready: true, KubeletVersion: "v1.37.2"},
			{Name: "worker-1", Role: "worker", KubeletVersion: "v1.37.2"},
		},
		Images: []Image{
			{Name: "agent:v2", Ref: "dsconform.local/agent:v2", Digest: "sha256:22"},
			{Name: "agent:v1", Ref: "dsconform.local/agent:v1", Digest: "sha256:11"},
		},
		Options: map[string]string{"timeouts.rollout": "1m0s", "procs": "6"},
		Suite:   Suite{Version: "v1.0.0", GoVersion: "go1.26.0", KubectlVersion: "v1.37.2"},
	}
}

func sampleRun() Run {
	start := time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC)
	return Run{
		ID: "20261123-220000-01020304", Seed: 42, Started: start, Finished: start.Add(95 * time.Second),
		Steps: []Step{{Name: "create the cluster", Seconds: 24.5}, {Name: "load images", Seconds: 3}},
	}
}

func passed(id, area string) Spec {
	return Spec{
		ID: id, Name: "name of " + id, Area: area, Level: LevelCore,
		Behaviour: "The controller MUST do what " + id + " says.",
		Clauses:   []string{"KEP-1591", "docs/daemonset#" + id}, State: Passed, DurationSeconds: 1.5,
	}
}

func failed(id, area string) Spec {
	s := passed(id, area)
	s.State, s.DurationSeconds = Failed, 60.25
	s.Reason = "no controller writes: nothing has touched DaemonSet agent for 60s"
	s.Failure = &Failure{
		Expected: "one pod on each of worker-1, worker-2, within 30s",
		Seen:     "worker-1 has no pod\nworker-2 has 2 pods: <agent-a>, agent-b",
		Cause:    "no controller writes: nothing has touched DaemonSet agent for 60s",
		Evidence: []string{"observedGeneration is 0", "no ControllerRevision"},
		Look:     []string{"kubectl -n kube-system get pods", "--controllers of kube-controller-manager"},
		Bundle:   "failures/" + id,
	}
	return s
}

func panicked(id, area string) Spec {
	s := passed(id, area)
	s.State, s.SuiteFault = Unknown, true
	s.Reason = "the suite panicked: index out of range [3] with length 3"
	s.Failure = &Failure{Expected: "the spec's own code runs through", Seen: "panic: index out of range [3] with length 3", Cause: "a fault of the suite, not of the controller"}
	return s
}

func unknown(id, area, why string) Spec {
	s := passed(id, area)
	s.State, s.Reason = Unknown, why
	return s
}

func skipped(id, area, why string) Spec {
	s := passed(id, area)
	s.State, s.Reason, s.DurationSeconds = Skipped, why, 0
	return s
}

func with(s Spec, change func(*Spec)) Spec {
	change(&s)
	return s
}

// sample is a run, what its specs came to, and what must follow from it.
type sample struct {
	run     func(*Run)
	specs   []Spec
	verdict Verdict
	code    exit.Code
}

// samples holds one run for every way a run can end.
func samples() map[string]sample {
	return map[string]sample{
		"pass": {
			specs:   []Spec{passed("DS-RUM-001", "rollingupdate"), passed("DS-PLC-001", "placement")},
			verdict: Conformant, code: exit.Conformant,
		},
		"fail": {
			specs:   []Spec{passed("DS-PLC-001", "placement"), failed("DS-PLC-002", "placement"), passed("DS-RUM-001", "rollingupdate")},
			verdict: NotConformant, code: exit.NotConformant,
		},
		"panic": {
			specs:   []Spec{passed("DS-PLC-001", "placement"), panicked("DS-PLC-002", "placement")},
			verdict: SuiteFault, code: exit.Internal,
		},
		"skip": {
			specs: []Spec{
				passed("DS-PLC-001", "placement"),
				skipped("DS-NOD-001", "nodes", "the cluster cannot add-node"),
				skipped("DS-NOD-002", "nodes", "the cluster cannot add-node"),
				skipped("DS-NOD-003", "nodes", "the cluster has 2 workers, 3 are needed"),
			},
			verdict: Incomplete, code: exit.Conformant,
		},
		"timeout": {
			specs:   []Spec{passed("DS-PLC-001", "placement"), unknown("DS-PLC-002", "placement", "the spec was still running at the end of its time: 6m0s")},
			verdict: NoVerdict, code: exit.Environment,
		},
		"interrupt": {
			specs: []Spec{
				passed("DS-PLC-001", "placement"),
				unknown("DS-PLC-002", "placement", "interrupted: by user"),
				unknown("DS-RUM-001", "rollingupdate", "the run was interrupted before it ended"),
			},
			verdict: NoVerdict, code: exit.Environment,
		},
		"zero": {verdict: NoVerdict, code: exit.Environment},
		"all-skipped": {
			specs:   []Spec{skipped("DS-PLC-001", "placement", "the cluster has 0 workers, 1 is needed")},
			verdict: NoVerdict, code: exit.Environment,
		},
		"provisional": {
			specs: []Spec{
				passed("DS-PLC-001", "placement"),
				with(failed("DS-PLC-002", "placement"), func(s *Spec) { s.Provisional = true }),
			},
			verdict: Conformant, code: exit.Conformant,
		},
		"trouble": {
			run:     func(r *Run) { r.Trouble = []string{"a worker's connection broke: unexpected EOF"} },
			specs:   []Spec{passed("DS-PLC-001", "placement")},
			verdict: NoVerdict, code: exit.Environment,
		},
		"part": {
			run:     func(r *Run) { r.Selection = "--focus placement" },
			specs:   []Spec{with(passed("DS-PLC-001", "placement"), func(s *Spec) { s.Measures = []Measure{{"lag of the status, seconds", "0.8"}} })},
			verdict: Incomplete, code: exit.Conformant,
		},
	}
}

func (s sample) report() *Report {
	run := sampleRun()
	if s.run != nil {
		s.run(&run)
	}
	return New(sampleEnvironment(), run, s.specs)
}
