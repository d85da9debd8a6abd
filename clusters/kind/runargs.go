package kind

import (
	"net/netip"
	"slices"
	"sort"
	"strings"
)

// runArgs are the arguments with which kind would run the container of a
// worker. What depends on the host or on kind's environment (user name spaces,
// storage drivers, proxies, IPv6) is read off like, a container kind made for
// the same cluster; imageEnv is the environment like has from its image alone.
//
// hostIP is the address at which like reaches the engine's host, "" if unknown.
// Every node looks for it when it starts, by a name that few name servers know:
// handed to it, the node saves the five seconds which a lookup without an
// answer takes, and comes to the same result.
func runArgs(cluster, name, image, hostIP string, like inspection, imageEnv []string) []string {
	args := []string{
		"run", "--detach", "--tty", "--pull", "never",
		"--name", name, "--hostname", name,
		"--label", clusterLabel + "=" + cluster,
		"--label", roleLabel + "=worker",
		"--net", like.networkName(),
		// Once more after a restart of the engine, never after a failure.
		"--restart=on-failure:1",
		"--init=false",
		"--cgroupns=private",
		"--privileged",
		"--security-opt", "seccomp=unconfined",
		"--security-opt", "apparmor=unconfined",
		"--tmpfs", "/tmp",
		"--tmpfs", "/run",
		"--volume", "/var",
	}
	for _, bind := range like.HostConfig.Binds {
		if hostBind(bind) {
			args = append(args, "--volume", bind)
		}
	}
	for _, d := range like.HostConfig.Devices {
		args = append(args, "--device", d.PathOnHost)
	}
	if like.HostConfig.UsernsMode != "" {
		args = append(args, "--userns="+like.HostConfig.UsernsMode)
	}
	sysctls := make([]string, 0, len(like.HostConfig.Sysctls))
	for k, v := range like.HostConfig.Sysctls {
		sysctls = append(sysctls, "--sysctl="+k+"="+v)
	}
	sort.Strings(sysctls)
	args = append(args, sysctls...)
	for _, e := range like.Config.Env {
		// KUBECONFIG is a control-plane node's own.
		if !slices.Contains(imageEnv, e) && !strings.HasPrefix(e, "KUBECONFIG=") {
			args = append(args, "--env", e)
		}
	}
	if hostIP != "" {
		args = append(args, "--add-host", "host.docker.internal:"+hostIP)
	}
	return append(args, image)
}

// nameServer gives the IPv4 name server of a node's resolv.conf: kind points it
// to the engine's host as the node reaches it.
func nameServer(resolvConf string) string {
	for line := range strings.Lines(resolvConf) {
		fields := strings.Fields(line)
		if len(fields) == 2 && fields[0] == "nameserver" {
			if ip, err := netip.ParseAddr(fields[1]); err == nil && ip.Is4() && !ip.IsLoopback() {
				return fields[1]
			}
		}
	}
	return ""
}

// hostBind tells whether a bind is the host's share that every kind node has,
// not one of a single node such as its audit policy.
func hostBind(bind string) bool {
	source, _, _ := strings.Cut(bind, ":")
	return source == "/lib/modules" || source == "/dev/mapper"
}

// networkName is the network the container is on, kind's own unless the
// environment names another.
func (i inspection) networkName() string {
	names := make([]string, 0, len(i.NetworkSettings.Networks))
	for name := range i.NetworkSettings.Networks {
		names = append(names, name)
	}
	sort.Strings(names)
	if len(names) == 0 {
		return network
	}
	return names[0]
}
