// Package histories judges a DaemonSet controller by random histories: sequences
// of edits to a DaemonSet, its nodes and its pods, drawn from a seed. While a
// sequence is played every invariant is judged on every event; at its end, once
// the controller is at rest, the state is held against the oracle and against
// that of a fresh DaemonSet with the same specification on the same nodes. What
// a controller has come to must follow from what is wanted now, never from the
// way by which that came about.
//
// A sequence is a small value (Sequence) that is drawn (Sequences), written to
// a file and read again (Write, Read), made smaller (Smaller) and played
// (Stage). A sequence that fails is shrunk to a minimal one that still does
// (Search); it is printed as the file by which it can be played again.
//
// rapid draws the sequences. Shrinking is done here: rapid would play one
// candidate after the other, hundreds of them, and each takes a cluster half a
// minute; Search plays as many at once as there are lanes, and changes a
// sequence by what it means (an edit less, a node less, a wait more).
//
// What may not live here: the making of clusters, specs of one behaviour
// (suites), and the report of a run of specs (reports).
package histories
