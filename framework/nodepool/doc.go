// Package nodepool leases the cluster's nodes to specs that run at the same
// time in several processes. The table of leases is one ConfigMap in the
// cluster, changed under its resourceVersion, so that a lease of several nodes
// is granted at once or not at all; who waits is woken by a watch on it. It is
// stored compressed, so that thousands of nodes have room in one object.
//
// A lease is marked on its nodes by a label of its own, which specs use as
// nodeSelector. Leased nodes carry no extra taint: every DaemonSet of the suite
// either selects its lease's label or belongs to a spec that holds all nodes,
// and a taint would change the very tolerations that specs compare.
//
// What may not live here: knowledge of what specs do with their nodes.
package nodepool
