// Package fleet is the vocabulary of the specs about rollouts and revisions: a
// DaemonSet's pods as they stood before a change, a readiness gate by which the
// spec decides when each pod becomes ready, and pure predicates that say how far
// a rollout has come.
//
// What may not live here: specs, and anything that waits without an Env.
package fleet
