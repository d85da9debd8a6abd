package binaries

import _ "embed" // for what modules are amended with

// The versions of what a node image carries beside Kubernetes. Those that
// Kubernetes itself asks for (etcd, CoreDNS, pause) are not here: they follow
// from the Kubernetes version.
const (
	// ContainerdVersion is the container runtime on the nodes.
	ContainerdVersion = "v2.3.7"
	// RuncVersion is the OCI runtime on the nodes.
	RuncVersion = "v1.4.3"
	// CNIVersion is that of the reference CNI plugins.
	CNIVersion = "v1.9.1"
	// MetricsServerVersion is that of metrics-server.
	MetricsServerVersion = "v0.9.0"
	// NodeExporterVersion is that of Prometheus' node_exporter.
	NodeExporterVersion = "v1.12.1"
	// KWOKVersion is that of KWOK, which simulates nodes.
	KWOKVersion = "v0.8.0"
)

// Containerd declares containerd, ctr and the runc shim. Snapshotters that a
// node never selects are left out, as in kind's own base image.
func Containerd() []Program {
	const module = "github.com/containerd/containerd/v2"
	var out []Program
	for _, name := range []string{"containerd", "ctr", "containerd-shim-runc-v2"} {
		out = append(out, Program{
			Name: name, Module: module, Version: ContainerdVersion, Package: module + "/cmd/" + name,
			Tags: []string{"no_aufs", "no_btrfs", "no_devmapper", "no_zfs"},
			LDFlags: []string{
				"-X " + module + "/version.Version=" + ContainerdVersion,
				"-X " + module + "/version.Package=" + module,
			},
		})
	}
	return out
}

// Runc declares runc, linked statically so that it does not depend on the C
// library of the machine it was built on. Without seccomp every pod with
// seccompProfile RuntimeDefault would fail.
func Runc() []Program {
	const module = "github.com/opencontainers/runc"
	return []Program{{
		Name: "runc", Module: module, Version: RuncVersion, Package: module,
		Tags:       []string{"seccomp", "urfave_cli_no_docs", "netgo", "osusergo"},
		LDFlags:    []string{"-linkmode external", "-extldflags -static"},
		Cgo:        true,
		CLibraries: []string{"libseccomp"},
	}}
}

// CNI declares the reference plugins a node's network is made of.
func CNI() []Program {
	const module = "github.com/containernetworking/plugins"
	var out []Program
	for _, p := range []struct{ name, dir string }{
		{"ptp", "main/ptp"},
		{"loopback", "main/loopback"},
		{"host-local", "ipam/host-local"},
		{"portmap", "meta/portmap"},
	} {
		out = append(out, Program{
			Name: p.name, Module: module, Version: CNIVersion, Package: module + "/plugins/" + p.dir,
			LDFlags: []string{"-X github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion=" + CNIVersion},
		})
	}
	return out
}

// Etcd declares the etcd server of a version.
func Etcd(version string) []Program {
	const module = "go.etcd.io/etcd/server/v3"
	return []Program{{Name: "etcd", Module: module, Version: version, Package: module}}
}

// CoreDNS declares CoreDNS of a version.
func CoreDNS(version string) []Program {
	const module = "github.com/coredns/coredns"
	return []Program{{Name: "coredns", Module: module, Version: version, Package: module}}
}

// MetricsServer declares metrics-server.
func MetricsServer() []Program {
	const module = "sigs.k8s.io/metrics-server"
	return []Program{{
		Name: "metrics-server", Module: module, Version: MetricsServerVersion, Package: module + "/cmd/metrics-server",
	}}
}

// NodeExporter declares Prometheus' node_exporter, used by the monitoring
// example of the guide.
func NodeExporter() []Program {
	const module = "github.com/prometheus/node_exporter"
	return []Program{{
		Name: "node_exporter", Module: module, Version: NodeExporterVersion, Package: module,
		LDFlags: []string{"-X github.com/prometheus/common/version.Version=" + NodeExporterVersion[1:]},
	}}
}

// kwokHeap is the package that KWOK is built with instead of its own, see there.
//
//go:embed amended/kwokheap/heap.go
var kwokHeap []byte

// KWOK declares KWOK.
func KWOK() []Program {
	const module = "sigs.k8s.io/kwok"
	return []Program{{
		Name: "kwok", Module: module, Version: KWOKVersion, Package: module + "/cmd/kwok",
		Amend: map[string][]byte{"pkg/utils/heap/heap.go": kwokHeap},
	}}
}
