// Package supervisor runs programs as child processes of one process of its own,
// and lets others start, stop, kill, pause and resume them over a socket: the
// components of a cluster, and a controller under test. No child outlives its
// supervisor, however that ends; and a supervisor that belongs to a command does
// not outlive the command.
//
// What may not live here: what the programs are, and when they are ready.
package supervisor
