// Package commandline holds the specs of what users type: each command of the
// DaemonSet guide, run with kubectl's own code against the guide's own example,
// and judged by its output, its exit code and the cluster. Where a guide's
// promise does not hold, the truth is asserted.
//
// What may not live here: undo and history, which belong to revisions.
package commandline
