// Package rollout judges how a DaemonSet controller replaces pods when the
// template changes under RollingUpdate: the budgets of maxUnavailable and
// maxSurge, minReadySeconds, and what happens when users, nodes or further
// changes meet a rollout half-way.
//
// What may not live here: what OnDelete does (suites/ondelete), and which
// revisions are kept and returned to (suites/revisions).
package rollout
