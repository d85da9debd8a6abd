// Package oracle says what must be true now: which nodes are to run a pod of a
// DaemonSet, what that pod must look like, what the status must say, when a
// rollout is complete. It computes this from the recorded objects alone.
//
// The functions are pure. Predicates return nil when what they state holds and
// otherwise one error that says what stands against it. A predicate that may
// come true by time passing alone returns history.RetryAt.
//
// What may not live here: code of any DaemonSet controller, which must never
// judge itself; calls to a cluster; waiting.
package oracle
