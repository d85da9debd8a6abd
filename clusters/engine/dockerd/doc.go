// Package dockerd runs a private Docker daemon: a daemon with its own socket,
// data, configuration and network pools below one folder, which outlives the
// program that started it and touches no other engine on the machine.
//
// One daemon belongs to one folder. A lock in the folder lets processes take
// turns; a state file tells later ones what runs. Whatever way a daemon or its
// starter ended before, the next Start puts things in order first.
//
// What may not live here: the choice between engines, and anything about
// Kubernetes beyond the label that marks a kind node.
package dockerd
