package main

import (
	"cmp"
	"net/netip"
	"slices"
)

// node is what of a Node object matters to its neighbours' routes.
type node struct {
	name      string
	podCIDRs  []netip.Prefix
	addresses []netip.Addr
}

// route leads to the pods of another node.
type route struct {
	pods netip.Prefix
	via  netip.Addr
}

// wantedRoutes gives the routes the node named self needs: one for every pod
// range of every other node, by that node's internal address of the same
// family. A node that has no pod range or no address yet has no route yet.
func wantedRoutes(self string, nodes []node) []route {
	var out []route
	for _, n := range nodes {
		if n.name == self {
			continue
		}
		for _, pods := range n.podCIDRs {
			i := slices.IndexFunc(n.addresses, func(a netip.Addr) bool { return a.Is4() == pods.Addr().Is4() })
			if i >= 0 {
				out = append(out, route{pods: pods.Masked(), via: n.addresses[i]})
			}
		}
	}
	// Two Node objects may claim one range for a moment while a node is
	// replaced. One route per range, and always the same one, keeps the kernel
	// from being rewritten at every event.
	slices.SortFunc(out, func(a, b route) int {
		return cmp.Or(a.pods.Addr().Compare(b.pods.Addr()), cmp.Compare(a.pods.Bits(), b.pods.Bits()), a.via.Compare(b.via))
	})
	return slices.CompactFunc(out, func(a, b route) bool { return a.pods == b.pods })
}

// diffRoutes gives what to set and what to remove so that have becomes want.
// Setting replaces a route to the same pods, so such a route is not removed.
func diffRoutes(have, want []route) (set, remove []route) {
	for _, w := range want {
		if !slices.Contains(have, w) {
			set = append(set, w)
		}
	}
	for _, h := range have {
		if !slices.ContainsFunc(want, func(w route) bool { return w.pods == h.pods }) {
			remove = append(remove, h)
		}
	}
	return set, remove
}

// own gives the node named self, if it is among nodes and has a pod range.
func own(self string, nodes []node) (node, bool) {
	i := slices.IndexFunc(nodes, func(n node) bool { return n.name == self })
	if i < 0 || len(nodes[i].podCIDRs) == 0 {
		return node{}, false
	}
	return nodes[i], true
}
