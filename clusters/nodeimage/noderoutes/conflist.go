package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
)

// conflistName sorts first, so that no other configuration left in the folder
// is preferred by the container runtime.
const conflistName = "10-node-routes.conflist"

// ipamState is on a tmpfs, so that leases end with a reboot as the pods do.
const ipamState = "/run/cni-ipam-state"

type conflist struct {
	CNIVersion string   `json:"cniVersion"`
	Name       string   `json:"name"`
	Plugins    []plugin `json:"plugins"`
}

type plugin struct {
	Type         string          `json:"type"`
	IPMasq       *bool           `json:"ipMasq,omitempty"`
	MTU          int             `json:"mtu,omitempty"`
	IPAM         *ipam           `json:"ipam,omitempty"`
	Capabilities map[string]bool `json:"capabilities,omitempty"`
}

type ipam struct {
	Type    string     `json:"type"`
	DataDir string     `json:"dataDir"`
	Routes  []target   `json:"routes"`
	Ranges  [][]subnet `json:"ranges"`
}

type target struct {
	Dst string `json:"dst"`
}

type subnet struct {
	Subnet string `json:"subnet"`
}

// buildConflist gives the CNI configuration for a node's pod ranges: a
// point-to-point link per pod with an address from the range, and host ports.
// An mtu of 0 leaves the kernel's default.
func buildConflist(podCIDRs []netip.Prefix, mtu int) ([]byte, error) {
	if len(podCIDRs) == 0 {
		return nil, fmt.Errorf("the node has no pod range")
	}
	addresses := ipam{Type: "host-local", DataDir: ipamState}
	for _, p := range podCIDRs {
		all := "0.0.0.0/0"
		if p.Addr().Is6() {
			all = "::/0"
		}
		addresses.Routes = append(addresses.Routes, target{all})
		addresses.Ranges = append(addresses.Ranges, []subnet{{p.String()}})
	}
	// Masquerading per pod would hide pods of other nodes from each other too:
	// only what leaves the pod network is masqueraded, by one rule per node.
	masq := false
	text, err := json.MarshalIndent(conflist{
		CNIVersion: "1.0.0",
		Name:       "node-routes",
		Plugins: []plugin{
			{Type: "ptp", IPMasq: &masq, MTU: mtu, IPAM: &addresses},
			{Type: "portmap", Capabilities: map[string]bool{"portMappings": true}},
		},
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding the CNI configuration: %w", err)
	}
	return append(text, '\n'), nil
}

// writeConflist puts the configuration in its place by a rename, because the
// container runtime reads the folder whenever something changes in it. A file
// that already reads so is left alone; changed tells.
func writeConflist(dir string, content []byte) (changed bool, err error) {
	path := filepath.Join(dir, conflistName)
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
		return false, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return false, fmt.Errorf("making the CNI folder: %w", err)
	}
	// The runtime takes only names ending in .conf, .conflist and .json.
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, content, 0o644); err != nil {
		return false, fmt.Errorf("writing the CNI configuration: %w", err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return false, fmt.Errorf("putting the CNI configuration in place: %w", err)
	}
	return true, nil
}
