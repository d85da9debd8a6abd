// Package run drives the specs: Ginkgo, and nothing else, runs them. The
// command starts one Ginkgo coordinator as a child process, which starts the
// parallel workers; all three are the same executable, told apart by how they
// were called. Workers send every spec's start and result over a unix socket
// to the command, which shows progress and writes the report from what it
// received: a worker that dies leaves its specs unknown, never passed.
//
// What may not live here: the making of clusters, the rendering of reports,
// anything a spec's body calls.
package run
