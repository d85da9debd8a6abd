// Package nodeimage gets the image kind nodes run: one named by the user, one
// made before, kind's own, or one composed here, offline, from the Go module
// proxy and Debian packages. A composed image works with kind as it is: it
// carries all that kubeadm asks for, a pod network and a storage class, and
// needs no registry.
//
// What lives here: the choice among the sources (resolve.go), the declaration
// of what is in a composed image (parts.go, images.go, base.go), and its
// making (compose.go). Below: noderoutes and pause, the two programs of our own
// in it; archive, which packs images; rootfs, the Debian part.
//
// What may not live here: creating clusters.
package nodeimage
