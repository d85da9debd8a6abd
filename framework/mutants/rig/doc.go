// Package rig starts the DaemonSet controller of upstream Kubernetes, with the
// options that kube-controller-manager gives it, and whatever a defect changes
// of that: what passes between it and the API server (package wire), its
// options, its insides, or an actor that does wrong things beside it.
//
// What may not live here: which defects there are.
package rig
