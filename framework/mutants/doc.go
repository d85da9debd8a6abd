// Command mutants is the DaemonSet controller of upstream Kubernetes with one
// defect at a time: the suite is worth what it finds of them.
//
//	mutants --list             each defect, and what a user would notice of it
//	mutants --mutant=ID        run the controller with that defect
//	mutants --mutant=none      run it as it is, behind the same transport
//
// The controller is the real one, compiled from k8s.io/kubernetes, not a copy.
// A defect is put between it and the API server (package wire), into its
// options or its insides, or beside it (package rig); which there are is
// declared in package catalogue. What the program cannot do itself, whoever runs it
// has to: --list --json names controllers to switch off (environment) and policies
// to apply (admission).
//
// It is a module of its own because it imports k8s.io/kubernetes, which nothing
// that judges may. What may not live here: anything that a spec could depend on.
package main
