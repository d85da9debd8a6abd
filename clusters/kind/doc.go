// Package kind provides clusters with real kubelets: every node is a container
// made by the library sigs.k8s.io/kind/pkg/cluster. What that library lacks is
// here: nodes that join and leave a running cluster, stop, freeze and reboot,
// waiting until all nodes (not only the control plane) are of use, deadlines,
// and an end that leaves nothing behind however it comes.
//
// What a later process needs to work with a cluster stands in its state file
// and on its containers' labels.
//
// What may not live here: how an engine is found (clusters/engine), how a node
// image is made (clusters/nodeimage), anything that knows of specs.
package kind
