package clusters

import "time"

// kubeletLease is how long the lease of a node runs that a kubelet keeps, by default.
const kubeletLease = 40 * time.Second

// NodeLease is how long the leases of simulated nodes run where there are so many
// of them: 40 s, as by default a kubelet's, for fewer than two thousand, else 40 s
// for each whole thousand. Every node renews its lease four times in it: by the
// thousand they would keep one machine busy with nothing else, and be taken for
// lost only because their kubelets wait for their turn.
func NodeLease(nodes int) time.Duration {
	return time.Duration(max(1, nodes/1000)) * kubeletLease
}
