// Package rootfs makes the root file system of a node from Debian packages and
// lets single programs, with the libraries they need, be taken out of it.
//
// What may not live here: Kubernetes, container images, engines.
package rootfs
