// Package matrix reads the version matrix: which releases of Kubernetes are
// judged, as whole control planes and as controllers against another API server,
// and which specs are known to fail on which of them.
//
// What may not live here: how a row is run, and what comes of it.
package matrix
