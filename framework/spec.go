package framework

import (
	"context"
	"time"
)

// Level says how binding a spec is.
type Level string

// The levels of a spec.
const (
	// Core is what every implementation must do.
	Core Level = "core"
	// Extended is required of implementations that declare the feature (surge,
	// minReadySeconds, history, adoption); and it is what only a controller that
	// is run in a certain way can be judged by (faults, the audit log), so that
	// no run elsewhere is incomplete without it.
	Extended Level = "extended"
	// Deviation is where released Kubernetes is known to differ from its
	// documentation: measured and reported, failing only under --strict.
	Deviation Level = "deviation"
)

// Area groups specs by the part of the controller's work they judge.
type Area string

// The areas of the suite, in the order they are listed.
const (
	Placement       Area = "placement"
	NodeLife        Area = "nodes"
	RollingUpdate   Area = "rollingupdate"
	OnDelete        Area = "ondelete"
	Revisions       Area = "revisions"
	PodLife         Area = "podlife"
	Workloads       Area = "workloads"
	CommandLine     Area = "commandline"
	Troubleshooting Area = "troubleshooting"
	Resilience      Area = "resilience"
	Cost            Area = "cost"
	API             Area = "api"
)

// Areas lists every area in its order.
func Areas() []Area {
	return []Area{
		Placement, NodeLife, RollingUpdate, OnDelete, Revisions, PodLife,
		Workloads, CommandLine, Troubleshooting, Resilience, Cost, API,
	}
}

// Ability names something a cluster may be able to do; see the interfaces of
// package clusters.
type Ability string

// The abilities a spec may ask for.
const (
	AddNode     Ability = "add-node"
	RemoveNode  Ability = "remove-node"
	StopKubelet Ability = "stop-kubelet"
	PauseNode   Ability = "pause-node"
	RebootNode  Ability = "reboot-node"
	ExecOnNode  Ability = "exec-on-node"
	// RealKubelet asks that pods are run by real kubelets.
	RealKubelet Ability = "real-kubelet"
	// SimulatedKubelet asks that no pod is run by a real kubelet, so that nodes
	// cost next to nothing and hundreds of them harm nobody.
	SimulatedKubelet Ability = "simulated-kubelet"
	// ReadAudit asks that the API server's audit log can be read.
	ReadAudit Ability = "read-audit"
	// RestartController, KillController and PauseController are about the process
	// of the DaemonSet controller; a spec that asks for one of them is Serial.
	RestartController Ability = "restart-controller"
	KillController    Ability = "kill-controller"
	PauseController   Ability = "pause-controller"
	// ElectLeader asks that the controller can be run twice, and that the two elect
	// who leads; a spec that asks for it is Serial.
	ElectLeader Ability = "elect-leader"
	// InjectFaults is about what stands between the controller and the API
	// server; all DaemonSets of the cluster feel it, so that such a spec is Serial.
	InjectFaults Ability = "inject-faults"
)

// NodeNeed says which nodes a spec uses and what it does to them, so that
// specs run in parallel without meeting each other.
type NodeNeed struct {
	// Workers is how many worker nodes are leased: Ready, free of taints, named
	// in Env.Nodes, and carrying Env.LeaseLabel while the lease lasts.
	Workers int
	// Labels restricts the leased workers to nodes that carry all of them.
	Labels map[string]string
	// Exclusive says that the spec disturbs the leased workers (taints, kubelet,
	// reboot): nobody else uses them meanwhile.
	Exclusive bool
	// All says that the spec's DaemonSets are not restricted to leased nodes:
	// no node is disturbed, joins or leaves meanwhile.
	All bool
	// Topology says that the spec makes nodes join or leave: no spec with All runs meanwhile.
	Topology bool
}

// Spec is one behaviour to be judged: a declarative value and one function.
type Spec struct {
	// ID is stable and never used again for another behaviour, as DS-PLC-001.
	ID string
	// Area is where the spec is listed.
	Area Area
	// Title is a short name, unique within the area.
	Title string
	// Behaviour is the sentence that is judged, with MUST or SHOULD.
	Behaviour string
	// Clauses are the sources of the sentence: documentation, API field, KEP, source.
	Clauses []string
	// Covers lists the IDs of further behaviours that the spec acts on and asserts.
	Covers []string
	// Level says how binding the sentence is.
	Level Level
	// Why is the reason for the expected outcome and what a broken controller would do.
	Why string
	// Needs are the abilities the cluster must have; else the spec is skipped with the reason.
	Needs []Ability
	// Nodes says which nodes the spec uses and how.
	Nodes NodeNeed
	// Versions is a constraint on the version whose DaemonSet controller is
	// judged, as ">= 1.31.0"; empty for all. That is the cluster's Kubernetes
	// version unless the controller is known to be of another.
	Versions string
	// Provisional specs are reported but fail nobody yet.
	Provisional bool
	// Smoke marks the spec for the short end-to-end run of its area.
	Smoke bool
	// Slow specs start first, so that a parallel run ends early.
	Slow bool
	// Serial specs run alone, after all others: they stop what all specs depend on.
	Serial bool
	// Except names invariants (framework/invariants) that do not apply to this spec, each with the reason.
	Except map[string]string
	// Unsettled says why the spec does not end converged; the quiescence check is then left out.
	Unsettled string
	// Refuses says that the spec has the API server refuse pods on purpose, so that
	// a refusal explains no failure of it.
	Refuses bool
	// Limit bounds the whole spec; zero means Timeouts.Spec.
	Limit time.Duration
	// Body acts and asserts. It ends early through Env's failing methods.
	Body func(ctx context.Context, e *Env)
}
