// Package supervisor runs the components of a cluster as child processes of one
// process of its own, and lets others start, stop, kill, pause and resume them
// over a socket. No child outlives its supervisor, however that ends; and a
// supervisor that belongs to a command does not outlive the command.
//
// What may not live here: what the components are, and when they are ready.
package supervisor
