package dockerd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/dsconform/dsconform/clusters/engine/cli"
)

const forwarding = "/proc/sys/net/ipv4/ip_forward"

// rule is one rule of the packet filter, as iptables takes it.
type rule struct {
	table, chain string
	// first puts the rule before those of the chain, where it would be too late behind them.
	first bool
	spec  []string
}

// bridges matches the bridges of Docker's networks, and of nothing else known.
const bridges = "br-+"

// outboundRules let containers reach what this machine reaches, under its
// address. What stays on a bridge keeps its own: with bridge-nf-call-iptables
// it passes here too, and a pod must see its peer. Where the machine forwards nothing by itself (denied), they also
// exempt the daemon's networks, and frames that stay within one bridge: pods of
// two nodes talk with addresses that belong to no pool.
func outboundRules(tag string, denied bool) []rule {
	mark := []string{"-m", "comment", "--comment", tag}
	var rules []rule
	for _, p := range pools() {
		rules = append(rules, rule{"nat", "POSTROUTING", false,
			append([]string{"-s", p.Base, "!", "-o", bridges, "-j", "MASQUERADE"}, mark...)})
		if !denied {
			continue
		}
		for _, direction := range []string{"-s", "-d"} {
			rules = append(rules, rule{"filter", "FORWARD", true,
				append([]string{direction, p.Base, "-j", "ACCEPT"}, mark...)})
		}
	}
	if denied {
		rules = append(rules, rule{"filter", "FORWARD", true, append([]string{
			"-i", bridges, "-o", bridges, "-m", "physdev", "--physdev-is-bridged", "-j", "ACCEPT"}, mark...)})
	}
	return rules
}

// openOutbound sets the rules, each once.
func openOutbound(ctx context.Context, tag string) error {
	if err := closeOutbound(ctx, tag); err != nil {
		return err
	}
	policy, err := iptables(ctx, "-t", "filter", "-S", "FORWARD")
	if err != nil {
		return err
	}
	for _, r := range outboundRules(tag, strings.HasPrefix(policy, "-P FORWARD DROP")) {
		verb := "-A"
		if r.first {
			verb = "-I"
		}
		if _, err := iptables(ctx, append([]string{"-t", r.table, verb, r.chain}, r.spec...)...); err != nil {
			return err
		}
	}
	return nil
}

// closeOutbound takes away every rule that carries the tag. A machine without
// iptables has none.
func closeOutbound(ctx context.Context, tag string) error {
	for _, table := range []string{"nat", "filter"} {
		listed, err := iptables(ctx, "-t", table, "-S")
		if errors.Is(err, exec.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, args := range deletions(listed, tag) {
			if _, err := iptables(ctx, append([]string{"-t", table}, args...)...); err != nil {
				return err
			}
		}
	}
	return nil
}

// deletions turns those lines of "iptables -S" that carry the tag into the
// arguments that delete their rules.
func deletions(listed, tag string) [][]string {
	var all [][]string
	for line := range strings.Lines(listed) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "-A" {
			continue
		}
		for i, f := range fields {
			if f == "--comment" && i+1 < len(fields) && strings.Trim(fields[i+1], `"`) == tag {
				fields[i+1] = tag
				all = append(all, append([]string{"-D"}, fields[1:]...))
				break
			}
		}
	}
	return all
}

// iptables waits for its turn at the packet filter for at most five seconds.
func iptables(ctx context.Context, args ...string) (string, error) {
	path, err := lookPath("iptables")
	if err != nil {
		return "", err
	}
	return cli.CLI{Name: path}.Output(ctx, append([]string{"-w", "5"}, args...)...)
}

func forwardingOn() (bool, error) {
	b, err := os.ReadFile(forwarding)
	if err != nil {
		return false, fmt.Errorf("read whether the machine forwards packets: %w", err)
	}
	return strings.TrimSpace(string(b)) != "0", nil
}

func stopForwarding() error {
	if err := os.WriteFile(forwarding, []byte("0\n"), 0o644); err != nil {
		return fmt.Errorf("switch forwarding of packets off again: %w", err)
	}
	return nil
}
