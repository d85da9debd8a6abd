// Package api holds the specs of what the API server does with DaemonSets before
// any controller sees them: what it refuses and which field it names, what it
// fills in, what it keeps from being changed, and how it counts changes.
//
// Their DaemonSets fit no node, unless the spec is about what must not reach one.
//
// What may not live here: what kubectl makes of the answers (commandline), and
// the revisions' own API (revisions).
package api
