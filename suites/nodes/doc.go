// Package nodes holds the specs about nodes that join, leave, fail and come
// back, and about what administrators do to them: cordon, drain, reboot. Their
// nodes are made for them and are theirs alone, so that no other spec sees them.
//
// What may not live here: which nodes a DaemonSet chooses (package placement).
package nodes
