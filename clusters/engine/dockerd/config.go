package dockerd

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"

	"github.com/dsconform/dsconform/internal/exit"
)

// config is the daemon's configuration file
// (https://docs.docker.com/reference/cli/dockerd/#daemon-configuration-file).
// Everything that could meet another engine on the machine is set.
type config struct {
	DataRoot  string   `json:"data-root"`
	ExecRoot  string   `json:"exec-root"`
	PIDFile   string   `json:"pidfile"`
	Hosts     []string `json:"hosts"`
	Group     string   `json:"group"`
	Bridge    string   `json:"bridge"`
	IPTables  bool     `json:"iptables"`
	IP6Tables bool     `json:"ip6tables"`
	OOMScore  int      `json:"oom-score-adjust"`
	// ShutdownTimeout is in seconds.
	ShutdownTimeout int                    `json:"shutdown-timeout"`
	LogDriver       string                 `json:"log-driver"`
	LogOpts         map[string]string      `json:"log-opts"`
	DNSOpts         []string               `json:"dns-opts"`
	Pools           []pool                 `json:"default-address-pools"`
	Features        map[string]bool        `json:"features"`
	CgroupParent    string                 `json:"cgroup-parent,omitempty"`
	ExecOpts        []string               `json:"exec-opts,omitempty"`
	Runtimes        map[string]runtimePath `json:"runtimes,omitempty"`
	DefaultRuntime  string                 `json:"default-runtime,omitempty"`
}

type runtimePath struct {
	Path string `json:"path"`
}

type pool struct {
	Base string `json:"base"`
	Size int    `json:"size"`
}

// pools are where networks get their addresses from: away from Docker's own
// pools and from the usual pod and service ranges of clusters. The daemon
// passes over a range the machine already routes.
func pools() []pool {
	return []pool{{"10.213.0.0/16", 24}, {"172.30.0.0/16", 24}, {"192.168.224.0/20", 24}}
}

const (
	// wrapperRuntime is the name under which our OCI runtime stands in the configuration.
	wrapperRuntime = "dsconform"
	// shutdownSeconds is what the daemon gives its containers at its own end.
	shutdownSeconds = 15
)

// newConfig makes the configuration. wrapper is the path of the OCI runtime to
// use in place of runc, empty for none; cgroupParent is empty where systemd
// manages cgroups.
//
// The daemon keeps its hands off the packet filter: its rules would mix with,
// and at its start replace, those of another Docker daemon. It needs them only
// to let containers out, and outbound.go does that. There is no default
// bridge, as kind makes its own network.
func newConfig(l layout, wrapper, cgroupParent string) config {
	c := config{
		DataRoot: l.data(), ExecRoot: l.exec(), PIDFile: l.pidFile(),
		Hosts: []string{l.host()}, Group: "root",
		Bridge:          "none",
		ShutdownTimeout: shutdownSeconds,
		LogDriver:       "json-file", LogOpts: map[string]string{"max-size": "20m", "max-file": "2"},
		// Every kind node looks up host.docker.internal when it starts, which costs
		// it five seconds where no name server answers.
		DNSOpts: []string{"timeout:1", "attempts:1"},
		Pools:   pools(),
		// With the containerd image store, archives of one platform come out
		// with references to the others' missing content (kind#3795).
		Features:     map[string]bool{"containerd-snapshotter": false},
		CgroupParent: cgroupParent,
	}
	if cgroupParent != "" {
		c.ExecOpts = []string{"native.cgroupdriver=cgroupfs"}
	}
	if wrapper != "" {
		c.Runtimes = map[string]runtimePath{wrapperRuntime: {Path: wrapper}}
		c.DefaultRuntime = wrapperRuntime
	}
	return c
}

func (c config) write(l layout) error {
	b, err := json.MarshalIndent(c, "", "  ")
	if err == nil {
		err = replaceFile(l.config(), append(b, '\n'), 0o600)
	}
	if err != nil {
		return exit.Environmentf("write the private engine's configuration: %w", err)
	}
	return nil
}

// cgroupParent is the cgroup for all containers of the daemon. Where systemd
// runs, it manages the containers' cgroups and takes them away with them.
func cgroupParent(l layout) string {
	if _, err := os.Stat("/run/systemd/system"); !errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return "/" + l.tag()
}
