// Package pki makes the certificates and keys of a cluster's control plane: one
// authority, a certificate of its own for every component, and the key pair
// that service account tokens are signed with.
//
// What may not live here: which components there are, and where files lie.
package pki
