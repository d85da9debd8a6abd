// Package workloads holds the specs of the guide's examples: each one runs as
// it is written, on exactly the nodes it asks for, and does there what a node
// agent is for.
//
// What may not live here: the manifests (fixtures/guide) and the behaviours of
// the controller that need no real workload.
package workloads
