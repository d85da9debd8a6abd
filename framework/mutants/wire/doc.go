// Package wire stands between a controller's client and the API server and
// changes what passes: what the controller sees of the objects it lists and
// watches, and what becomes of the requests by which it changes them.
//
//	client ──▶ Hooks.Writes ──▶ API server        what it does
//	client ◀── View.See, View.Fate ◀── API server  what it sees
//
// A view is the same by GET, LIST and WATCH: an object that comes to be hidden
// is told of as deleted, one that comes to be seen as added, and
// resourceVersions stay as they are. Bodies are JSON; Config sees to it.
//
// What may not live here: which defects there are, and how the controller is
// started.
package wire
