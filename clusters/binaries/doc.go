// Package binaries builds Kubernetes and its parts, one program at a time, per
// version from the Go module proxy and keeps them in a cache that is addressed
// by what went into them: module versions, Go version, flags and sources. The
// same inputs are never built twice, and two processes never build the same
// program at once.
//
// What lives here: the declarations of the programs (which module, version and
// package), the generated modules they are built in, and the cache.
//
// What may not live here: anything that knows of images, nodes or clusters.
package binaries
