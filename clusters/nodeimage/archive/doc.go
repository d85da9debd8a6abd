// Package archive packs files into container images and writes those as the
// archives `docker load`, `ctr images import` and kind read. The same files
// always give the same bytes: entries are sorted, owned by root and dated
// Epoch, and nothing of the machine that packed them is in them.
//
// What may not live here: what goes into which image, and any engine.
package archive
