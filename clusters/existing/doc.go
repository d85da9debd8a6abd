// Package existing takes any cluster a kubeconfig points to. Such a cluster has
// no abilities beyond clusters.Cluster: whoever runs it decides about its nodes.
//
// What may not live here: anything that changes the cluster.
package existing
