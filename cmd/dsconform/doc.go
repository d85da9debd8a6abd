// Command dsconform certifies implementations of the Kubernetes DaemonSet
// controller. Each file holds one command: its flags, their checks, and the
// calls that do the work.
//
// What may not live here: work that another program could want. Commands
// return classified errors (internal/exit); only main ends the process.
package main
