// Package revisions judges the history a DaemonSet controller keeps of its
// templates, ControllerRevisions, and the way back along it: by the API and by
// kubectl's own rollout undo, history and restart.
//
// What may not live here: the pace of a rollout (suites/rollout), and kubectl
// commands that do not use the history (suites/commandline).
package revisions
