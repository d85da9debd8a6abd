package reports

import "time"

// What a report calls itself. A change of the types that a reader could trip
// over is a new version.
const (
	APIVersion = "dsconform.dev/v1"
	Kind       = "ConformanceReport"
)

// Report is the outcome of one run. Make it with New.
type Report struct {
	// APIVersion is always "dsconform.dev/v1".
	APIVersion string `json:"apiVersion"`
	// Kind is always "ConformanceReport".
	Kind string `json:"kind"`
	// Environment is what was judged, and with what.
	Environment Environment `json:"environment"`
	// Run is the run itself.
	Run Run `json:"run"`
	// Summary follows from Run and Specs; New computes it and Read checks it.
	Summary Summary `json:"summary"`
	// Specs are the verdicts, sorted by ID.
	Specs []Spec `json:"specs"`
}

// Environment is what was judged, and with what.
type Environment struct {
	// Provider is the cluster's provider: "kind", "sim" or "existing".
	Provider string `json:"provider"`
	// KubernetesVersion is the API server's version, as v1.37.2.
	KubernetesVersion string `json:"kubernetesVersion"`
	// Subject is the DaemonSet controller under test.
	Subject Subject `json:"subject"`
	// Nodes are the cluster's nodes at the start of the run, sorted by name.
	Nodes []Node `json:"nodes"`
	// Images are the images the specs use, sorted by name.
	Images []Image `json:"images"`
	// Options are the effective settings of the run, its time-outs included, as text.
	Options map[string]string `json:"options"`
	// Suite is the program that judged.
	Suite Suite `json:"suite"`
}

// Subject names the DaemonSet controller under test.
type Subject struct {
	// Kind is "cluster" for the cluster's own controller, else how it was given: "command" or "manifest".
	Kind string `json:"kind"`
	// Name is the controller's name, as "kube-controller-manager".
	Name string `json:"name"`
	// Version is the controller's version, if it tells.
	Version string `json:"version,omitempty"`
	// Identity pins it down: an image with its digest, or "sha256:..." of a binary.
	Identity string `json:"identity,omitempty"`
	// Process tells how a controller that dsconform itself started fared.
	Process *Process `json:"process,omitempty"`
}

// Process tells how a controller under test fared while it was judged.
type Process struct {
	// Restarts counts how often it ended unasked and was started again.
	Restarts int `json:"restarts"`
	// LastExit says how it ended the last time, as "exited with code 1".
	LastExit string `json:"lastExit,omitempty"`
	// Silent tells that it wrote nothing to the cluster in the time it was given at the start.
	Silent bool `json:"silent,omitempty"`
	// Log is the file with its log, relative to the report.
	Log string `json:"log"`
	// Tail are the last lines of its log.
	Tail []string `json:"tail"`
}

// Node is a node of the cluster.
type Node struct {
	// Name is the node's name.
	Name string `json:"name"`
	// Role is "control-plane" or "worker".
	Role string `json:"role"`
	// Ready is the node's condition at the start of the run.
	Ready bool `json:"ready"`
	// OS is the operating system image the kubelet reports.
	OS string `json:"os,omitempty"`
	// Kernel is the kernel version the kubelet reports.
	Kernel string `json:"kernel,omitempty"`
	// KubeletVersion is the kubelet's version, as v1.37.2.
	KubeletVersion string `json:"kubeletVersion,omitempty"`
	// ContainerRuntime is the runtime and its version, as containerd://2.3.7.
	ContainerRuntime string `json:"containerRuntime,omitempty"`
	// Simulated tells that no real kubelet runs the node's pods.
	Simulated bool `json:"simulated"`
}

// Image is an image that specs use.
type Image struct {
	// Name is what the fixtures call it, as "agent:v1".
	Name string `json:"name"`
	// Ref is the reference that stands in the pods.
	Ref string `json:"ref"`
	// Digest is the image's digest, where one is known.
	Digest string `json:"digest,omitempty"`
}

// Suite is the program that judged.
type Suite struct {
	// Version is dsconform's version.
	Version string `json:"version"`
	// GoVersion is the Go release it was built with.
	GoVersion string `json:"goVersion"`
	// KubectlVersion is the version of the kubectl within.
	KubectlVersion string `json:"kubectlVersion,omitempty"`
}

// Run is the run itself.
type Run struct {
	// ID names the run, also in User-Agents.
	ID string `json:"id"`
	// Seed ordered the specs: with the same seed they start in the same order.
	Seed int64 `json:"seed"`
	// Selection says in words which specs were chosen; empty means all of the
	// suite. A run of a part never certifies.
	Selection string `json:"selection,omitempty"`
	// Started is when the run began.
	Started time.Time `json:"started"`
	// Finished is when its last verdict was in.
	Finished time.Time `json:"finished"`
	// Steps are the run's steps outside the specs, in the order they ended.
	Steps []Step `json:"steps"`
	// Trouble is what went wrong with the run as a whole, as a worker that died. A run with trouble has no verdict.
	Trouble []string `json:"trouble,omitempty"`
}

// Step is one step of the run outside the specs.
type Step struct {
	// Name is the step as it was shown.
	Name string `json:"name"`
	// Seconds is how long it took.
	Seconds float64 `json:"seconds"`
	// Error is why it failed, if it did.
	Error string `json:"error,omitempty"`
}

// State is the outcome of a spec.
type State string

// The four outcomes of a spec.
const (
	// Passed means that the behaviour was seen.
	Passed State = "passed"
	// Failed means that the controller was seen to be wrong.
	Failed State = "failed"
	// Unknown means that the environment, an interrupt or the suite itself prevented a verdict.
	Unknown State = "unknown"
	// Skipped means that the spec was not run, for its Reason.
	Skipped State = "skipped"
)

// LevelCore is the level whose specs every implementation must pass.
const LevelCore = "core"

// Spec is the verdict on one behaviour.
type Spec struct {
	// ID is the spec's stable ID, as DS-PLC-001.
	ID string `json:"id"`
	// Name is the spec's short name.
	Name string `json:"name"`
	// Area is the part of the controller's work it judges.
	Area string `json:"area"`
	// Level is "core", "extended" or "deviation".
	Level string `json:"level"`
	// Behaviour is the sentence that was judged.
	Behaviour string `json:"behaviour"`
	// Clauses are the sources of the sentence, in the spec's order.
	Clauses []string `json:"clauses"`
	// Covers lists further behaviours the spec asserts, in the spec's order.
	Covers []string `json:"covers,omitempty"`
	// Provisional specs are reported and bind nobody yet.
	Provisional bool `json:"provisional,omitempty"`
	// State is the outcome.
	State State `json:"state"`
	// NotApplicable marks a skipped spec that does not apply to this Kubernetes
	// version: nothing is missing without it.
	NotApplicable bool `json:"notApplicable,omitempty"`
	// SuiteFault marks an unknown verdict that dsconform itself is to blame for.
	SuiteFault bool `json:"suiteFault,omitempty"`
	// DurationSeconds is how long the spec ran, WaitSeconds included.
	DurationSeconds float64 `json:"durationSeconds"`
	// WaitSeconds is how long of that it waited until the machine had less to do, and for nodes that others used.
	WaitSeconds float64 `json:"waitSeconds,omitempty"`
	// Reason says why the outcome is not "passed"; it is never empty then.
	Reason string `json:"reason,omitempty"`
	// Failure explains a spec that ran and did not pass.
	Failure *Failure `json:"failure,omitempty"`
	// Measures are figures the spec took, as the lag of a known deviation.
	Measures []Measure `json:"measures,omitempty"`
	// Faults are what the spec had done to the controller's requests, in the order of their rules.
	Faults []Fault `json:"faults,omitempty"`
}

// work is how long the spec ran once it had its nodes, in seconds.
func (s Spec) work() float64 { return max(s.DurationSeconds-s.WaitSeconds, 0) }

// Failure explains why a spec did not pass.
type Failure struct {
	// Expected is what should have held.
	Expected string `json:"expected"`
	// Seen is what was there instead.
	Seen string `json:"seen"`
	// Cause is the likely cause.
	Cause string `json:"cause,omitempty"`
	// Look says where to look next.
	Look []string `json:"look,omitempty"`
	// Evidence is what the cause was concluded from.
	Evidence []string `json:"evidence,omitempty"`
	// Bundle is the folder with the captured state, relative to the report.
	Bundle string `json:"bundle,omitempty"`
}

// Measure is a figure a spec took.
type Measure struct {
	// Name says what was measured, with its unit.
	Name string `json:"name"`
	// Value is the figure as text.
	Value string `json:"value"`
}

// Fault is what was done to a request on its way between the controller and the API server.
type Fault struct {
	// At is when; of several, when first.
	At time.Time `json:"at"`
	// Rule is the name of the rule by which.
	Rule string `json:"rule"`
	// Request says in words to what.
	Request string `json:"request"`
	// Did says in words what was done.
	Did string `json:"did"`
	// Count is how many requests, or changes of a watch, it stands for.
	Count int `json:"count"`
}

// Summary is what follows from the verdicts.
type Summary struct {
	// Passed counts the specs that passed.
	Passed int `json:"passed"`
	// Failed counts the specs that failed.
	Failed int `json:"failed"`
	// Unknown counts the specs without a verdict.
	Unknown int `json:"unknown"`
	// Skipped counts the specs that were not run.
	Skipped int `json:"skipped"`
	// Total counts all specs of the report; it is the sum of the four above.
	Total int `json:"total"`
	// Provisional counts, of Failed and Unknown, those that bind nobody yet.
	Provisional int `json:"provisional"`
	// Conformant is true only if the whole suite was run, nothing binding failed
	// or stayed unknown, and no core spec was left out.
	Conformant bool `json:"conformant"`
	// Verdict is the outcome in a word or two.
	Verdict Verdict `json:"verdict"`
	// Reason is the outcome in a sentence.
	Reason string `json:"reason"`
}

// Verdict is the outcome of a run in a word or two.
type Verdict string

// The verdicts of a run, and the exit code that each stands for.
const (
	// Conformant: the whole suite ran and nothing speaks against the controller. Exit code 0.
	Conformant Verdict = "conformant"
	// Incomplete: all that ran passed, but it was not the whole suite. Exit code 0.
	Incomplete Verdict = "passed, incomplete"
	// NotConformant: a binding spec failed. Exit code 1.
	NotConformant Verdict = "not conformant"
	// NoVerdict: nothing was run, or something prevented a verdict. Exit code 3.
	NoVerdict Verdict = "no verdict"
	// SuiteFault: dsconform itself is at fault. Exit code 4.
	SuiteFault Verdict = "fault of the suite"
)
