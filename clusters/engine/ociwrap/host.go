package ociwrap

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/moby/sys/capability"
)

// Host is what this process, and thus any container below it, cannot have.
type Host struct {
	// MissingCapabilities are the capabilities outside the bounding set, by
	// their names in OCI settings ("CAP_SYS_RESOURCE").
	MissingCapabilities map[string]bool
	// HardLimits are the hard resource limits by OCI name ("RLIMIT_NOFILE"),
	// empty where the host may raise them.
	HardLimits map[string]uint64
	// MinOOMScore is the least oom_score_adj a process may get; nil where there is no bound.
	MinOOMScore *int
}

// thisHost reads the limits of the calling process.
func thisHost() (Host, error) {
	missing, err := MissingCapabilities()
	if err != nil {
		return Host{}, err
	}
	host := Host{MissingCapabilities: missing}
	if !missing[sysResource] {
		return host, nil
	}
	if host.HardLimits, err = hardLimits(); err != nil {
		return Host{}, err
	}
	text, err := os.ReadFile("/proc/self/oom_score_adj")
	if err != nil {
		return Host{}, err
	}
	score, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return Host{}, fmt.Errorf("read /proc/self/oom_score_adj: %w", err)
	}
	host.MinOOMScore = &score
	return host, nil
}

// sysResource is the capability without which limits can only be lowered.
const sysResource = "CAP_SYS_RESOURCE"

// MissingCapabilities gives the capabilities that the running kernel knows and
// the calling process has not in its bounding set, so that nothing it starts
// can ever have them (capabilities(7)).
func MissingCapabilities() (map[string]bool, error) {
	known, err := capability.ListSupported()
	if err != nil {
		return nil, fmt.Errorf("list the kernel's capabilities: %w", err)
	}
	mine, err := capability.NewPid2(0)
	if err == nil {
		err = mine.Load()
	}
	if err != nil {
		return nil, fmt.Errorf("read this process's capabilities: %w", err)
	}
	if len(known) == 0 {
		return nil, errors.New("the kernel names no capabilities")
	}
	missing := map[string]bool{}
	for _, c := range known {
		if !mine.Get(capability.BOUNDING, c) {
			missing["CAP_"+strings.ToUpper(c.String())] = true
		}
	}
	return missing, nil
}
