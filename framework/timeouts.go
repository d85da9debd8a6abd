package framework

import (
	"time"

	"github.com/dsconform/dsconform/clusters"
)

// Timeouts is the one place of all deadlines of a run. Each is a deadline for
// something that must happen, never a pause. They scale with the number of
// nodes a spec deals with and stand in the report. What is waited for on an
// overloaded machine (package load) has twice the time.
type Timeouts struct {
	// Placement is for pod objects to stand where they belong, and for the
	// controller's other prompt reactions (status, revisions, events). Cap: 2 min.
	Placement time.Duration `json:"placement"`
	// Reaction is for the controller's very first write in a namespace, from the
	// moment its first DaemonSet is there: a controller that has touched nothing
	// by then is not waited for any longer, whatever else is waited for. Cap: 1 min.
	Reaction time.Duration `json:"reaction"`
	// PodReady is for a pod from its creation to Ready on a real kubelet. Cap: 5 min.
	PodReady time.Duration `json:"podReady"`
	// Rollout is the base for a rollout to end, to which PerNode is added for each node. Cap: 5 min.
	Rollout time.Duration `json:"rollout"`
	// PerNode is added to Rollout and Placement for each node. Cap: 35 s.
	PerNode time.Duration `json:"perNode"`
	// NodeNotReady is for a node whose kubelet is gone to be marked unreachable
	// (the node life-cycle controller waits 50 s). Cap: 3 min.
	NodeNotReady time.Duration `json:"nodeNotReady"`
	// PodGC is for pods of a deleted node to be collected (40 s quarantine, 20 s period). Cap: 3 min.
	PodGC time.Duration `json:"podGC"`
	// NodeAction is for a node to join, leave, stop or restart. Cap: 5 min.
	NodeAction time.Duration `json:"nodeAction"`
	// Quiet is the stability window: how long nothing may change after the last relevant change. Cap: 10 s.
	Quiet time.Duration `json:"quiet"`
	// Turn is how long a spec of the first worker waits for a machine that has too
	// much to do already, give or take a half; then it begins all the same. One of
	// the second worker waits twice as long, and so on, up to ten times. Cap: 3 min.
	Turn time.Duration `json:"turn"`
	// Lease is how long a spec may wait for its nodes. Cap: 60 min.
	Lease time.Duration `json:"lease"`
	// Request is for one API request or command. Cap: 1 min.
	Request time.Duration `json:"request"`
	// Cleanup is for what a spec made to be gone again. Cap: 5 min.
	Cleanup time.Duration `json:"cleanup"`
	// Spec bounds a whole spec, its wait for nodes left out. Cap: 15 min.
	Spec time.Duration `json:"spec"`
	// SubjectWrites is for a controller under test to write to the cluster for
	// the first time after its start. Cap: 1 min.
	SubjectWrites time.Duration `json:"subjectWrites"`
	// SubjectAvailable is for the pods of a controller under test to be
	// available. Cap: 5 min.
	SubjectAvailable time.Duration `json:"subjectAvailable"`
	// Rival is how long another controller is looked out for on a cluster that
	// is to have none but the one under test. Cap: 10 s.
	Rival time.Duration `json:"rival"`
}

// DefaultTimeouts are the deadlines for real kubelets on a machine of two busy cores.
func DefaultTimeouts() Timeouts {
	return Timeouts{
		Placement:    60 * time.Second,
		Reaction:     30 * time.Second,
		PodReady:     2 * time.Minute,
		Rollout:      90 * time.Second,
		PerNode:      10 * time.Second,
		NodeNotReady: 2 * time.Minute,
		PodGC:        2 * time.Minute,
		NodeAction:   2 * time.Minute,
		Quiet:        2 * time.Second,
		Turn:         time.Minute,
		Lease:        30 * time.Minute,
		Request:      30 * time.Second,
		Cleanup:      90 * time.Second,
		Spec:         6 * time.Minute,

		SubjectWrites:    20 * time.Second,
		SubjectAvailable: 2 * time.Minute,
		Rival:            3 * time.Second,
	}
}

// manyNodes is how many nodes the deadlines are for as they stand.
const manyNodes = 100

// Scaled gives the deadlines for a cluster of that many nodes: beyond a hundred,
// each further one adds 200 ms to those within which something is done for every
// node, and three times as much to that of a whole spec; what the leases of nodes
// run longer is added to that for a node to be missed. The caps are for clusters
// of up to a hundred.
func (t Timeouts) Scaled(nodes int) Timeouts {
	more := time.Duration(max(0, nodes-manyNodes)) * 200 * time.Millisecond
	t.Placement += more
	t.PodReady += more
	t.Rollout += more
	t.Cleanup += more
	t.NodeNotReady += clusters.NodeLease(nodes) - clusters.NodeLease(0)
	t.Spec += 3 * more
	return t
}

// RolloutOf is the deadline for a rollout over n nodes.
func (t Timeouts) RolloutOf(n int) time.Duration { return t.Rollout + time.Duration(n)*t.PerNode }

// Text gives each deadline by its name, for the report.
func (t Timeouts) Text() map[string]string {
	return map[string]string{
		"timeout.placement": t.Placement.String(), "timeout.reaction": t.Reaction.String(), "timeout.podReady": t.PodReady.String(),
		"timeout.rollout": t.Rollout.String(), "timeout.perNode": t.PerNode.String(),
		"timeout.nodeNotReady": t.NodeNotReady.String(), "timeout.podGC": t.PodGC.String(),
		"timeout.nodeAction": t.NodeAction.String(), "timeout.quiet": t.Quiet.String(),
		"timeout.turn": t.Turn.String(), "timeout.lease": t.Lease.String(), "timeout.request": t.Request.String(),
		"timeout.cleanup": t.Cleanup.String(), "timeout.spec": t.Spec.String(),
		"timeout.subjectWrites": t.SubjectWrites.String(), "timeout.subjectAvailable": t.SubjectAvailable.String(),
		"timeout.rival": t.Rival.String(),
	}
}
