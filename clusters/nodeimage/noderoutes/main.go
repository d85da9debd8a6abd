// Program noderoutes is the network of a node image: one instance runs on each
// node. It gives its node the configuration of the reference CNI plugins for
// the node's pod range, and the node's kernel one route to the pod range of
// every other node. It follows the Node objects, and the kernel's own routes,
// by events.
//
// What may not live here: anything that is built into dsconform itself. This
// program is compiled on its own, from these files alone, for a node image.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// config is what the DaemonSet's manifest tells an instance.
type config struct {
	// node is the name of the node it runs on.
	node string
	// server is the API server as host:port. Empty: the cluster's own Service,
	// which needs kube-proxy to have come up first.
	server string
	// podSubnets are the cluster's pod ranges, one per address family.
	podSubnets []netip.Prefix
	// service is the API server's Service, as every pod is told it.
	service netip.AddrPort
	// cniDir is where the container runtime looks for network configurations.
	cniDir string
}

func configFromEnvironment(getenv func(string) string) (config, error) {
	c := config{
		node:   getenv("NODE_NAME"),
		server: getenv("CONTROL_PLANE_ENDPOINT"),
		cniDir: getenv("CNI_CONFIG_DIR"),
	}
	if c.node == "" {
		return c, fmt.Errorf("NODE_NAME is not set: the manifest takes it from spec.nodeName")
	}
	if c.cniDir == "" {
		c.cniDir = "/etc/cni/net.d"
	}
	for subnet := range strings.SplitSeq(getenv("POD_SUBNET"), ",") {
		if subnet = strings.TrimSpace(subnet); subnet == "" {
			continue
		}
		p, err := netip.ParsePrefix(subnet)
		if err != nil {
			return c, fmt.Errorf("POD_SUBNET: %w", err)
		}
		c.podSubnets = append(c.podSubnets, p.Masked())
	}
	if host := getenv("KUBERNETES_SERVICE_HOST"); host != "" {
		s, err := netip.ParseAddrPort(net.JoinHostPort(host, getenv("KUBERNETES_SERVICE_PORT")))
		if err != nil {
			return c, fmt.Errorf("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT: %w", err)
		}
		c.service = s
	}
	return c, nil
}

func main() {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, log)
	stop()
	if err != nil {
		log.Error("node routes ended", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, log *slog.Logger) error {
	cfg, err := configFromEnvironment(os.Getenv)
	if err != nil {
		return err
	}
	nodes, err := newNodeWatch(cfg.server)
	if err != nil {
		return err
	}
	a := &agent{cfg: cfg, log: log, kernel: netlinkKernel{}}
	return a.run(ctx, nodes)
}
