// Package history holds the ordered event log of one spec: every change of
// DaemonSets, pods, nodes, ControllerRevisions and events that the API server
// told of, and what the spec itself did in between.
//
// The log is recorded from raw watches, one per kind and namespace, each going
// on from the resourceVersion of a list. Informers are not used: they coalesce
// updates, and a state that stood for a moment only is exactly what a safety
// rule looks for. Where a watch lost changes, a Gap entry says so.
//
// A State is the picture after some of the entries. It is what conditions
// (Recorder.Await, Recorder.Quiet), invariants and the oracle look at.
//
// What may not live here: any opinion on what a controller ought to do.
package history
