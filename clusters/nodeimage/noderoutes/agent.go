package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/cache"
)

// retry is how soon a failed change is tried again. A neighbour's address is
// unreachable for a moment while its machine starts.
const retry = time.Second

// kernel is the part of the node's network stack the agent writes.
type kernel interface {
	// routes gives the routes set by this program, now or in an earlier life.
	routes() ([]route, error)
	set(route) error
	remove(route) error
	// mtu gives that of the link an address is on, 0 if it cannot be told.
	mtu(netip.Addr) int
	// protect sets the rules that belong to the pod network.
	protect(firewall) error
	// changes tells when someone removed a route set by this program.
	changes(context.Context) (<-chan struct{}, error)
}

type agent struct {
	cfg    config
	log    *slog.Logger
	kernel kernel

	// protected are the node's pod ranges the rules are set for.
	protected []netip.Prefix
	// open says that pods may come: the Service network works.
	open bool
}

// run follows the nodes until ctx ends.
func (a *agent) run(ctx context.Context, nodes cache.ListerWatcher) error {
	wake := make(chan struct{}, 1)
	poke := func() {
		select {
		case wake <- struct{}{}:
		default: // one is waiting already, and it will see this change too
		}
	}
	store, informer := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: nodes,
		ObjectType:    &corev1.Node{},
		Transform:     slim,
		Handler: cache.ResourceEventHandlerFuncs{
			AddFunc:    func(any) { poke() },
			UpdateFunc: func(any, any) { poke() },
			DeleteFunc: func(any) { poke() },
		},
	})
	lost, err := a.kernel.changes(ctx)
	if err != nil {
		return err
	}
	go informer.RunWithContext(ctx)
	if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
		return nil
	}
	open := make(chan struct{})
	go a.awaitServices(ctx, open)
	poke()
	again := time.NewTimer(0)
	again.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-lost:
		case <-open:
			a.open, open = true, nil
		case <-again.C:
		}
		if err := a.reconcile(list(store)); err != nil {
			a.log.Warn("the node's network is not complete yet", "error", err, "retry", retry)
			again.Reset(retry)
		}
	}
}

// simulated is the annotation of nodes without a machine: there is no way to them.
const simulated = "kwok.x-k8s.io/node"

func list(store cache.Store) []node {
	var out []node
	for _, obj := range store.List() {
		if n, ok := obj.(*corev1.Node); ok && n.Annotations[simulated] == "" {
			out = append(out, fromObject(n))
		}
	}
	return out
}

// reconcile brings the node's CNI configuration and routes to what the nodes
// ask for. One failure does not keep the other parts from being done.
func (a *agent) reconcile(nodes []node) error {
	have, err := a.kernel.routes()
	if err != nil {
		return fmt.Errorf("reading the node's routes: %w", err)
	}
	var errs []error
	set, remove := diffRoutes(have, wantedRoutes(a.cfg.node, nodes))
	for _, r := range remove {
		if err := a.kernel.remove(r); err != nil {
			errs = append(errs, fmt.Errorf("removing the route to %s: %w", r.pods, err))
			continue
		}
		a.log.Info("route removed", "pods", r.pods, "via", r.via)
	}
	for _, r := range set {
		if err := a.kernel.set(r); err != nil {
			errs = append(errs, fmt.Errorf("setting the route to %s by %s: %w", r.pods, r.via, err))
			continue
		}
		a.log.Info("route set", "pods", r.pods, "via", r.via)
	}
	if self, ok := own(a.cfg.node, nodes); ok {
		errs = append(errs, a.configure(self))
	}
	return errors.Join(errs...)
}

// awaitServices closes open once pods can reach the API server by its Service,
// or nothing more is to be expected of kube-proxy. A pod that came earlier would
// begin its life with refused connections.
func (a *agent) awaitServices(ctx context.Context, open chan<- struct{}) {
	defer close(open)
	if !a.cfg.service.IsValid() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, servicesLimit)
	defer cancel()
	if err := awaitService(ctx, a.cfg.service); err != nil {
		a.log.Warn("letting pods in although Services do not work", "error", err, "waited", servicesLimit)
	}
}

// configure writes the node's own CNI configuration, which makes it Ready.
func (a *agent) configure(self node) error {
	a.protect(self.podCIDRs)
	if !a.open {
		return nil
	}
	mtu := 0
	if len(self.addresses) > 0 {
		mtu = a.kernel.mtu(self.addresses[0])
	}
	content, err := buildConflist(self.podCIDRs, mtu)
	if err != nil {
		return err
	}
	changed, err := writeConflist(a.cfg.cniDir, content)
	if err != nil {
		return err
	}
	if changed {
		a.log.Info("CNI configuration written", "pods", self.podCIDRs, "mtu", mtu)
	}
	return nil
}

// protect sets the rules once per pod range. A kernel without nf_tables cannot:
// pods then reach each other, the nodes and Services but nothing outside, which
// no spec needs, so that is said and not retried.
func (a *agent) protect(sources []netip.Prefix) {
	if slices.Equal(a.protected, sources) {
		return
	}
	a.protected = sources
	f := firewall{sources: sources, subnets: a.cfg.podSubnets, service: a.cfg.service.Addr()}
	if err := a.kernel.protect(f); err != nil {
		a.log.Warn("pods cannot reach addresses outside the cluster", "error", err)
	}
}
