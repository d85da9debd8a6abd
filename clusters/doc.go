// Package clusters says what a cluster is to dsconform: a Cluster, and the
// abilities a cluster may have as small interfaces. Providers live in the
// folders below (kind, sim, existing); each implements Cluster and as many abilities
// as it truly has. A spec asks for an ability and is skipped, with the reason,
// where the cluster lacks it.
//
// What may not live here: anything that knows of specs, fixtures or reports.
// This package imports nothing of the project but internal/exit.
package clusters
