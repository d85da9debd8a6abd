// Package engine gives a container engine that can run a cluster's nodes: one
// of the system's that has proven it, or a private one started for the purpose.
//
// A program that may start private engines calls MaybeRunWrapper first thing
// in its main: the engine runs that same program again under other names, as
// its OCI runtime on the host and as the probe in a container.
//
// What may not live here: clusters, node images. How a private daemon is run
// lies in dockerd, facts about this machine in host, the runtime in ociwrap,
// the proof that an engine will do in probe.
package engine
