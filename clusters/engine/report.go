package engine

import (
	"fmt"
	"strings"
)

// Report is what Preflight found out about this machine.
type Report struct {
	// Cores is how many processors this process may use.
	Cores int `json:"cores"`
	// MemoryTotal and MemoryAvailable are in bytes; 0 where unknown.
	MemoryTotal     uint64 `json:"memoryTotal,omitempty"`
	MemoryAvailable uint64 `json:"memoryAvailable,omitempty"`
	// DiskDir is the folder looked at, DiskFree its free space in bytes for this user.
	DiskDir  string `json:"diskDir"`
	DiskFree uint64 `json:"diskFree"`
	// CgroupVersion is 1 or 2; 0 where unknown.
	CgroupVersion int `json:"cgroupVersion,omitempty"`
	// SysResource tells whether CAP_SYS_RESOURCE can be granted to containers.
	SysResource bool `json:"sysResource"`
	// Settings are the kernel settings looked at, in a fixed order.
	Settings []Setting `json:"settings,omitempty"`
}

const (
	// fewCores and lowMemory are where a cluster of four nodes begins to be slow or to fail.
	fewCores  = 2
	lowMemory = 3 << 30
)

// String gives the report in one line.
func (r Report) String() string {
	parts := []string{fmt.Sprintf("%d cores", r.Cores)}
	if r.MemoryTotal > 0 {
		parts = append(parts, fmt.Sprintf("%s of %s memory available", gib(r.MemoryAvailable), gib(r.MemoryTotal)))
	}
	parts = append(parts, fmt.Sprintf("%s free at %s", gib(r.DiskFree), r.DiskDir))
	if r.CgroupVersion > 0 {
		parts = append(parts, fmt.Sprintf("cgroup v%d", r.CgroupVersion))
		if !r.SysResource {
			parts = append(parts, "no CAP_SYS_RESOURCE")
		}
	}
	var changed []string
	for _, s := range r.Settings {
		if s.Was != s.Is {
			changed = append(changed, fmt.Sprintf("%s %d (was %d)", s.dotted(), s.Is, s.Was))
		}
	}
	if len(changed) > 0 {
		parts = append(parts, "set "+strings.Join(changed, ", "))
	}
	return strings.Join(parts, ", ")
}

// Warnings names, a line each, what may slow down or break a cluster here.
func (r Report) Warnings() []string {
	var all []string
	if r.Cores < fewCores {
		all = append(all, fmt.Sprintf("%d core is few for a cluster: time limits may be missed", r.Cores))
	}
	if r.MemoryTotal > 0 && r.MemoryAvailable < lowMemory {
		all = append(all, fmt.Sprintf("%s of available memory is little for a cluster of four nodes, which takes some 2 GiB", gib(r.MemoryAvailable)))
	}
	for _, s := range r.Settings {
		if s.OK() || s.ByNodes {
			continue
		}
		reason := s.Err
		if reason == "" {
			reason = "the kernel did not take the value"
		}
		all = append(all, fmt.Sprintf("%s is %d and could not be raised (%s): nodes may fail with \"too many open files\"; as root: sysctl -w %[1]s=%[4]d",
			s.dotted(), s.Is, reason, s.Want))
	}
	return all
}

// dotted is the name as sysctl(8) takes it.
func (s Setting) dotted() string { return strings.ReplaceAll(s.Name, "/", ".") }

func gib(bytes uint64) string { return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30)) }
