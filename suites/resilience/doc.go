// Package resilience holds the specs of what the controller survives: its own
// end and restart, and what happens to its requests and watches on their way.
// They run alone, for meanwhile no DaemonSet is looked after as it should be.
//
// What may not live here: what nodes do (nodes), and what rollouts do while
// nothing is in the way (rollout).
package resilience
