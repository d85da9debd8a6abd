// Package invariants holds what a DaemonSet controller must never do, whatever
// a spec is about: pure functions over the event log, judged on every entry,
// in every spec and in replays of stored logs.
//
// A rule may only blame a controller for what it could know. A controller acts
// on its caches, which trail the store; so a rule compares a deed with every
// state that stood within Lag before it, and counts against the controller
// only what it did itself or has provably seen. What others did (the spec's own
// hand, pod GC, eviction, preemption, garbage collection) is told apart by the
// log's actions and by the marks that these leave on a pod.
//
// What may not live here: calls to a cluster, waiting, and rules that need to
// know what a certain spec is about.
package invariants
