// Package sim makes clusters without containers: the programs of a control
// plane as child processes of a supervisor, and nodes whose kubelets are
// simulated. Such a cluster is up in seconds, of any size the memory allows,
// with any controller and version; what runs in a pod's containers it only
// tells of.
//
// Certificates, the components and their flags, the supervisor and the
// simulated kubelets have folders of their own; here is what makes a
// clusters.Cluster of them.
//
// What may not live here: anything that knows of specs, fixtures or reports.
package sim
