// Command upstream runs Kubernetes' own specs of the DaemonSet controller, those
// of k8s.io/kubernetes/test/e2e/apps as they are, on simulated nodes: first
// against the controller as it is, and then against each mutant of
// framework/mutants. What they kill stands in docs/mutation-upstream.jsonl, for a
// comparison with this suite. `make mutation-upstream` calls it.
//
// The specs are built into a program from the Go modules, in the cache (e2e/ has
// its main package). specs.yaml lists those that cannot be judged on simulated
// nodes, each with its reason.
//
// What may not live here: judgements of this suite, and any change of the specs.
package main
