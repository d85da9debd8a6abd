// Package resilience holds the specs of what the controller survives: its own
// end and restart. They run alone, for meanwhile no DaemonSet is looked after.
//
// What may not live here: what nodes do (nodes), and what rollouts do while the
// controller runs (rollout).
package resilience
