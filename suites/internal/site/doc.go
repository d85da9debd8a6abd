// Package site is the vocabulary of the specs about nodes: pure predicates that
// say which nodes have pods of a DaemonSet, compared with the literal list of
// nodes a spec names, and the few things done to nodes that Env has no method for.
//
// What may not live here: specs, any rule of placement of its own (that is the
// oracle's), and anything that waits without an Env.
package site
