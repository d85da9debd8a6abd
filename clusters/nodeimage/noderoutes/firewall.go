package main

import (
	"fmt"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// tableName is the nftables table this program owns. A table of its own leaves
// the rules of kube-proxy and of the container engine alone, whichever
// iptables variant they are written with.
const tableName = "node-routes"

// firewall is what the table is made of.
type firewall struct {
	// sources are the node's own pod ranges and subnets the cluster's: what
	// goes from the one to anywhere outside the other leaves under the node's
	// own address, because nobody outside knows the way back to a pod.
	sources, subnets []netip.Prefix
	// service is the address of the API server's Service. Until kube-proxy has
	// set its rules nobody answers there, and a connection begun in that moment
	// hangs for as long as its program lets it: the kernel remembers where its
	// first packet went. So it is refused, and tried again.
	service netip.Addr
}

// Where the addresses stand in an IPv4 and an IPv6 header, in bytes.
const (
	ipv4Source, ipv4Destination = 12, 16
	ipv6Source, ipv6Destination = 8, 24
)

// The codes for "port unreachable", which a connecting program sees as a
// refused connection.
const (
	icmpPortUnreachable   = 3
	icmpv6PortUnreachable = 4
)

// protect replaces the tables by those f asks for, in one transaction.
func (netlinkKernel) protect(f firewall) error {
	conn, err := nftables.New()
	if err != nil {
		return fmt.Errorf("opening nf_tables: %w", err)
	}
	for _, v4 := range []bool{true, false} {
		if part := f.of(v4); part.wanted() {
			part.write(conn, v4)
		}
	}
	if err := conn.Flush(); err != nil {
		return fmt.Errorf("writing to nf_tables: %w", err)
	}
	return nil
}

// of gives the part of f that is of one address family.
func (f firewall) of(v4 bool) firewall {
	var out firewall
	for _, p := range f.sources {
		if p.Addr().Is4() == v4 {
			out.sources = append(out.sources, p)
		}
	}
	for _, p := range f.subnets {
		if p.Addr().Is4() == v4 {
			out.subnets = append(out.subnets, p)
		}
	}
	if f.service.IsValid() && f.service.Is4() == v4 {
		out.service = f.service
	}
	return out
}

// masquerades tells whether both ends of the masquerading rule are known.
func (f firewall) masquerades() bool { return len(f.sources) > 0 && len(f.subnets) > 0 }

func (f firewall) wanted() bool { return f.masquerades() || f.service.IsValid() }

// write adds the table of one address family to the transaction of conn.
func (f firewall) write(conn *nftables.Conn, v4 bool) {
	family, from, to := nftables.TableFamilyIPv4, uint32(ipv4Source), uint32(ipv4Destination)
	reject := &expr.Reject{Type: unix.NFT_REJECT_ICMP_UNREACH, Code: icmpPortUnreachable}
	if !v4 {
		family, from, to = nftables.TableFamilyIPv6, ipv6Source, ipv6Destination
		reject.Code = icmpv6PortUnreachable
	}
	// Adding before deleting makes the deletion succeed the first time too.
	table := &nftables.Table{Family: family, Name: tableName}
	conn.AddTable(table)
	conn.DelTable(table)
	conn.AddTable(table)
	if f.masquerades() {
		chain := conn.AddChain(&nftables.Chain{
			Name: "postrouting", Table: table, Type: nftables.ChainTypeNAT,
			Hooknum: nftables.ChainHookPostrouting, Priority: nftables.ChainPriorityNATSource,
		})
		for _, source := range f.sources {
			exprs := matchPrefix(from, source, expr.CmpOpEq)
			for _, subnet := range f.subnets {
				exprs = append(exprs, matchPrefix(to, subnet, expr.CmpOpNeq)...)
			}
			conn.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: append(exprs, &expr.Masq{})})
		}
	}
	if !f.service.IsValid() {
		return
	}
	// kube-proxy's rules come earlier on a packet's way and change its
	// destination: what still has the Service's own here was not answered for.
	for name, hook := range map[string]*nftables.ChainHook{"forward": nftables.ChainHookForward, "output": nftables.ChainHookOutput} {
		chain := conn.AddChain(&nftables.Chain{
			Name: name, Table: table, Type: nftables.ChainTypeFilter, Hooknum: hook, Priority: nftables.ChainPriorityFilter,
		})
		exprs := matchPrefix(to, netip.PrefixFrom(f.service, f.service.BitLen()), expr.CmpOpEq)
		conn.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: append(exprs, reject)})
	}
}

// matchPrefix compares the address at an offset of the network header with a
// prefix, after masking off the rest of it.
func matchPrefix(offset uint32, p netip.Prefix, op expr.CmpOp) []expr.Any {
	size := p.Addr().BitLen() / 8
	mask := make([]byte, size)
	for i := range p.Bits() {
		mask[i/8] |= 0x80 >> (i % 8)
	}
	return []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: uint32(size)},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: uint32(size), Mask: mask, Xor: make([]byte, size)},
		&expr.Cmp{Op: op, Register: 1, Data: p.Masked().Addr().AsSlice()},
	}
}
