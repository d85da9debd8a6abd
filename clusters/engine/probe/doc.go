// Package probe proves that a container engine can do what a cluster's nodes
// need: it holds both the program that runs inside a privileged container and
// the making of the container's image from that program, with no registry.
//
// What may not live here: how the container is run.
package probe
