package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// protocol marks the routes this program set, as a routing daemon's number in
// /etc/iproute2/rt_protos would. It is in the range left to such daemons.
const protocol netlink.RouteProtocol = 157

// netlinkKernel is the node's own network stack.
type netlinkKernel struct{}

func (netlinkKernel) routes() ([]route, error) {
	var out []route
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		found, err := netlink.RouteListFiltered(family, &netlink.Route{Protocol: protocol}, netlink.RT_FILTER_PROTOCOL)
		if errors.Is(err, unix.EAFNOSUPPORT) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("listing routes: %w", err)
		}
		for _, r := range found {
			pods, ok := prefix(r.Dst)
			via, ok2 := netip.AddrFromSlice(r.Gw)
			if ok && ok2 {
				out = append(out, route{pods: pods, via: via.Unmap()})
			}
		}
	}
	return out, nil
}

func (netlinkKernel) set(r route) error { return netlink.RouteReplace(toNetlink(r)) }

func (netlinkKernel) remove(r route) error {
	err := netlink.RouteDel(toNetlink(r))
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	return err
}

func (netlinkKernel) mtu(addr netip.Addr) int {
	// The address is the node's own, so the route to it names the loopback link.
	links, err := netlink.LinkList()
	if err != nil {
		return 0
	}
	for _, link := range links {
		addrs, err := netlink.AddrList(link, netlink.FAMILY_ALL)
		if err != nil {
			continue
		}
		for _, a := range addrs {
			if got, ok := netip.AddrFromSlice(a.IP); ok && got.Unmap() == addr {
				return link.Attrs().MTU
			}
		}
	}
	return 0
}

func (netlinkKernel) changes(ctx context.Context) (<-chan struct{}, error) {
	updates := make(chan netlink.RouteUpdate)
	if err := netlink.RouteSubscribe(updates, ctx.Done()); err != nil {
		return nil, fmt.Errorf("following the node's routes: %w", err)
	}
	lost := make(chan struct{}, 1)
	go func() {
		// The channel is closed once ctx ends.
		for u := range updates {
			if u.Type != unix.RTM_DELROUTE || u.Protocol != protocol {
				continue
			}
			select {
			case lost <- struct{}{}:
			default:
			}
		}
	}()
	return lost, nil
}

func toNetlink(r route) *netlink.Route {
	return &netlink.Route{
		Dst:      &net.IPNet{IP: r.pods.Addr().AsSlice(), Mask: net.CIDRMask(r.pods.Bits(), r.pods.Addr().BitLen())},
		Gw:       r.via.AsSlice(),
		Protocol: protocol,
	}
}

func prefix(n *net.IPNet) (netip.Prefix, bool) {
	if n == nil {
		return netip.Prefix{}, false
	}
	addr, ok := netip.AddrFromSlice(n.IP)
	if !ok {
		return netip.Prefix{}, false
	}
	ones, _ := n.Mask.Size()
	return netip.PrefixFrom(addr.Unmap(), ones), true
}
