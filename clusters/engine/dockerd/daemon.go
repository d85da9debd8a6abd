package dockerd

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/dsconform/dsconform/clusters/engine/cli"
	"github.com/dsconform/dsconform/internal/exit"
)

// Daemon is a private daemon that runs.
type Daemon struct {
	layout layout
	// Fresh tells that this process started it.
	Fresh bool
}

// Host is the value of DOCKER_HOST that leads to the daemon.
func (d *Daemon) Host() string { return d.layout.host() }

// Dir is the daemon's folder.
func (d *Daemon) Dir() string { return d.layout.dir }

// CLI is the docker command line, led to the daemon.
func (d *Daemon) CLI() cli.CLI { return d.layout.cli() }

func (l layout) cli() cli.CLI {
	name := "docker"
	if path, err := lookPath(name); err == nil {
		name = path
	}
	return cli.CLI{Name: name, Env: Environ(l.host())}
}

// Environ is what leads a docker command line to host: besides DOCKER_HOST, it
// takes back those variables a user may have set for another daemon.
func Environ(host string) []string {
	return []string{"DOCKER_HOST=" + host, "DOCKER_CONTEXT=", "DOCKER_TLS_VERIFY=", "DOCKER_API_VERSION="}
}

const (
	// pingLimit is what a running daemon on a busy machine may need for an answer.
	pingLimit = 8 * time.Second
	// hungLimit is after how long without an answer a daemon is given up.
	hungLimit = 30 * time.Second
)

// ping asks the daemon for a sign of life (GET /_ping, Docker Engine API).
func (l layout) ping(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", l.socket())
		},
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker/_ping", nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("ask the private engine at %s for a sign of life: %w", l.socket(), err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("ask the private engine at %s for a sign of life: it answers %s", l.socket(), resp.Status)
	}
	return nil
}

// Open gives the daemon of the folder, which must run and answer. The error is
// of class Environment.
func Open(ctx context.Context, dir string) (*Daemon, error) {
	l, err := newLayout(dir)
	if err != nil {
		return nil, err
	}
	s, err := loadState(l)
	if err != nil {
		return nil, exit.Environmentf("open the private engine: %w", err)
	}
	switch {
	case s.Phase == "":
		return nil, exit.Environmentf("no private engine has been started in %s; --private-engine starts one", l.dir)
	case s.Phase != running || !s.Daemon.Alive():
		return nil, exit.Environmentf("the private engine in %s is not running; --private-engine starts it", l.dir)
	}
	if err := l.ping(ctx, pingLimit); err != nil {
		return nil, exit.Environmentf("%w; its log is %s", err, l.log())
	}
	return &Daemon{layout: l}, nil
}
