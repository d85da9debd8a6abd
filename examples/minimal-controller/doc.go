// Command minimal-controller is a DaemonSet controller in some four hundred
// lines, as somebody might write it who has read the documentation and not the
// source: it creates a pod on each eligible node, deletes those that are not
// wanted, rolls out a new template within maxUnavailable, and reports the status.
// README.md says what it lacks; expected.yaml names each spec that shows it.
//
// What may not live here: code of dsconform or of Kubernetes' own controller. It
// is judged as any foreign implementation is.
package main
