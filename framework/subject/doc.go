// Package subject runs the DaemonSet controller under test where that is not the
// cluster's own: a program given by its path, or a Deployment given by its
// manifest. It gives it an identity with exactly the rights of the controller it
// stands in for, watches it, and lets specs stop, kill, freeze and start it, and
// set faults on its way to the API server, from whatever process they run in.
//
// What may not live here: how a cluster is made to run without its own
// controller, and what the specs judge.
package subject
