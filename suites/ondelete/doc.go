// Package ondelete judges the update strategy OnDelete: the controller takes a
// new template in, and a user's hand alone decides when a pod is replaced by it.
//
// What may not live here: what a controller does on its own account under
// RollingUpdate (suites/rollout).
package ondelete
