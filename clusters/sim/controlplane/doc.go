// Package controlplane says what the control plane of a cluster of simulated
// nodes consists of: its programs and their flags, certificates, kubeconfigs,
// roles, the audit policy, and when each part is ready. It is what kubeadm sets
// up, on addresses of this machine alone: no insecure port or flag, a role of
// its own for every component.
//
// What may not live here: processes (package supervisor) and nodes.
package controlplane
