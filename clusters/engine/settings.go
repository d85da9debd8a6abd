package engine

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"k8s.io/component-helpers/node/util/sysctl"
)

// Setting is a kernel setting (sysctl) that clusters depend on.
type Setting struct {
	// Name is as in /proc/sys, for instance "fs/inotify/max_user_instances".
	Name string `json:"name"`
	// Was and Is are the values found and left; they differ where the setting was changed.
	Was int `json:"was"`
	Is  int `json:"is"`
	// Want is the value wanted; where AtLeast is set, any above it is as good.
	Want    int  `json:"want"`
	AtLeast bool `json:"atLeast,omitempty"`
	// ByNodes tells that a privileged node sets it by itself, so that having
	// failed to do so here is no cause for alarm.
	ByNodes bool `json:"byNodes,omitempty"`
	// Err is why the value could not be read or changed.
	Err string `json:"error,omitempty"`
}

// OK tells whether the setting is as wanted.
func (s Setting) OK() bool {
	return s.Err == "" && (s.Is == s.Want || s.AtLeast && s.Is > s.Want)
}

const (
	inotifyInstances = "fs/inotify/max_user_instances"
	inotifyWatches   = "fs/inotify/max_user_watches"
)

// wantedSettings are inotify's limits as kind's documentation has them for
// several nodes (https://kind.sigs.k8s.io/docs/user/known-issues/), and those
// settings the kubelet insists on (setupKernelTunables in
// k8s.io/kubernetes/pkg/kubelet/cm): it ends where it has to change one and
// cannot, so they are changed here while it is known who may.
func wantedSettings() []Setting {
	return []Setting{
		{Name: inotifyInstances, Want: 512, AtLeast: true},
		{Name: inotifyWatches, Want: 524288, AtLeast: true},
		{Name: sysctl.VMOvercommitMemory, Want: sysctl.VMOvercommitMemoryAlways, ByNodes: true},
		{Name: sysctl.VMPanicOnOOM, Want: sysctl.VMPanicOnOOMInvokeOOMKiller, ByNodes: true},
		{Name: sysctl.KernelPanic, Want: sysctl.KernelPanicRebootTimeout, ByNodes: true},
		{Name: sysctl.KernelPanicOnOops, Want: sysctl.KernelPanicOnOopsAlways, ByNodes: true},
		{Name: sysctl.RootMaxKeys, Want: sysctl.RootMaxKeysSetting, ByNodes: true},
		{Name: sysctl.RootMaxBytes, Want: sysctl.RootMaxBytesSetting, ByNodes: true},
	}
}

func procSysctl() sysctl.Interface { return sysctl.New() }

// raise brings each setting to the wanted value where that is permitted, and
// tells what became of it. A setting this kernel does not have is left out.
func raise(kernel sysctl.Interface, wanted []Setting) []Setting {
	var done []Setting
	for _, s := range wanted {
		was, err := kernel.GetSysctl(s.Name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		s.Was, s.Is = was, was
		if err != nil {
			s.Err = err.Error()
		} else if !s.OK() {
			if err := kernel.SetSysctl(s.Name, s.Want); err != nil {
				s.Err = err.Error()
			} else if s.Is, err = kernel.GetSysctl(s.Name); err != nil {
				s.Err = err.Error()
			}
		}
		done = append(done, s)
	}
	return done
}

// parseMeminfo reads the total and the available memory in bytes (proc_meminfo(5)).
func parseMeminfo(r io.Reader) (total, available uint64, err error) {
	found := 0
	s := bufio.NewScanner(r)
	for s.Scan() {
		key, value, _ := strings.Cut(s.Text(), ":")
		target := map[string]*uint64{"MemTotal": &total, "MemAvailable": &available}[key]
		if target == nil {
			continue
		}
		var kib uint64
		if _, err := fmt.Sscanf(value, "%d kB", &kib); err != nil {
			return 0, 0, fmt.Errorf("read %s from %q: %w", key, s.Text(), err)
		}
		*target = kib << 10
		found++
	}
	if err := s.Err(); err != nil {
		return 0, 0, fmt.Errorf("read /proc/meminfo: %w", err)
	}
	if found != 2 { // total and available
		return 0, 0, errors.New("read /proc/meminfo: no MemTotal or no MemAvailable")
	}
	return total, available, nil
}
