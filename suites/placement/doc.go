// Package placement holds the specs about which nodes get a pod of a DaemonSet:
// node selectors and affinity, taints and the tolerations a controller adds, and
// what changes when a node's labels or taints change.
//
// What may not live here: nodes that join, leave or fail (package nodes), and
// anything about revisions or rollouts.
package placement
