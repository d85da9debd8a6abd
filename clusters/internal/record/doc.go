// Package record keeps what later processes need to know of a cluster: a state
// file that is replaced as a whole, and locks, which lie beside the clusters'
// folders and outlive them, because removing a lock file would let two
// processes hold two locks of one name.
//
// What may not live here: what a provider writes into its state.
package record
