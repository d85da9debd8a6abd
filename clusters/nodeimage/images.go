package nodeimage

import (
	_ "embed"
	"fmt"
	"path"

	"github.com/dsconform/dsconform/clusters/nodeimage/archive"
	"github.com/dsconform/dsconform/clusters/nodeimage/rootfs"
)

// iptablesWrapper is in the kube-proxy image under the names of iptables.
//
//go:embed files/iptables-wrapper.sh
var iptablesWrapper string

// routesImage names the image of our own CNI. No registry is asked for it: its
// manifest never pulls.
func routesImage(key string) string { return "dsconform.dev/node-routes:" + key }

// clusterImages declares the images in a node's image store. Each is the
// program alone but kube-proxy, which calls iptables, nft and conntrack.
func clusterImages(w wanted, routesRef string, bin map[string]string, tables *archive.Layer) []archive.Image {
	single := func(ref, program, at string) archive.Image {
		return archive.Image{
			Ref: ref,
			// A temporary folder is the one thing these programs expect to find.
			Layers:     []*archive.Layer{archive.Files(archive.Executable(at, bin[program]), archive.Dir("tmp", 0o777|stickyBit))},
			Entrypoint: []string{"/" + at},
		}
	}
	proxy := single(w.Proxy, "kube-proxy", "usr/local/bin/kube-proxy")
	proxy.Layers = append([]*archive.Layer{tables}, proxy.Layers...)
	return []archive.Image{
		single(w.APIServer, "kube-apiserver", "usr/local/bin/kube-apiserver"),
		single(w.ControllerManager, "kube-controller-manager", "usr/local/bin/kube-controller-manager"),
		single(w.Scheduler, "kube-scheduler", "usr/local/bin/kube-scheduler"),
		single(w.Etcd, "etcd", "usr/local/bin/etcd"),
		single(w.CoreDNS, "coredns", "coredns"),
		single(w.Pause, "pause", "pause"),
		single(routesRef, "noderoutes", "node-routes"),
		proxy,
	}
}

// tablesLayer takes from the root file system what kube-proxy calls, and no more:
// the image is unpacked on every node before its first Service works.
func tablesLayer(x *rootfs.Index) (*archive.Layer, error) {
	names := []string{
		"usr/sbin/xtables-legacy-multi", "usr/sbin/xtables-nft-multi", "usr/sbin/nft", "usr/sbin/conntrack", "bin/sh",
	}
	for _, folder := range []string{"usr/lib/x86_64-linux-gnu/xtables", "usr/lib/aarch64-linux-gnu/xtables"} {
		names = append(names, x.Under(folder)...)
	}
	found, err := x.Closure(names...)
	if err != nil {
		return nil, fmt.Errorf("taking iptables out of the root file system: %w", err)
	}
	var files []archive.File
	for _, f := range found {
		files = append(files, archive.File{Path: f.Path, Link: f.Link, Mode: f.Mode, Content: f.Content})
	}
	const wrapper = "usr/sbin/iptables-wrapper"
	files = append(files, archive.File{Path: wrapper, Mode: 0o755, Content: []byte(iptablesWrapper)}, archive.Dir("run", 0o755))
	for _, tool := range []string{"iptables", "ip6tables"} {
		for _, verb := range []string{"", "-save", "-restore"} {
			files = append(files, archive.File{Path: "usr/sbin/" + tool + verb, Link: path.Base(wrapper)})
		}
	}
	return archive.Files(files...), nil
}
