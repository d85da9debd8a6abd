// Package scene writes logs of a rollout by hand, for the tests of predicates: a
// DaemonSet named agent in a namespace, its revisions and pods.
//
// What may not live here: anything that a spec uses.
package scene
