// Package framework is what a spec is written with: the Spec value and its
// registry, the Env a spec's body is given (namespace, leased nodes, recorded
// history, waits, failures that explain themselves), and the typed time-outs.
//
// The folders below hold the parts: history (the ordered event log), oracle
// (what must be true now), invariants (judged on every event), diagnose (the
// likely cause), nodepool (leases of nodes), kubectl (the command line in
// process of its own), run (Ginkgo, the workers, the report).
//
// What may not live here: specs (suites), manifests (fixtures), the making of
// clusters (clusters), and the controller's own code, which must never judge itself.
package framework
