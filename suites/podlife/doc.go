// Package podlife holds the specs of a daemon pod's life: it comes back when
// deleted, is replaced when finished, is left to the kubelet when it crashes, is
// adopted and released by its labels, and goes with its DaemonSet.
//
// What may not live here: rollouts (rollout), revisions (revisions), the
// guide's workloads (workloads).
package podlife
