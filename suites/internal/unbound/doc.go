// Package unbound is for specs that decide themselves how each pod fares: the
// pods name a scheduler that nobody runs, so that no kubelet ever sees them, and
// the spec writes the status that a kubelet would. A controller cannot tell the
// difference, and a spec so written runs unchanged on every cluster.
//
// What may not live here: specs, and anything about pods that do run.
package unbound
