package dockerd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/dsconform/dsconform/clusters/engine/host"
	"github.com/dsconform/dsconform/internal/exit"
)

// child is a daemon started by this process.
type child struct {
	host.Process
	// ready gets the daemon's own word that it serves, or the reason why that word cannot come.
	ready <-chan error
	// ended gets how the process ended.
	ended <-chan error
	// hush stops listening for the word.
	hush func()
}

// spawn starts the daemon's process in a session of its own, so that neither
// the end of this process nor a Ctrl-C at its terminal reaches it.
func spawn(ctx context.Context, l layout) (*child, error) {
	path, err := lookPath("dockerd")
	if err != nil {
		return nil, exit.Environmentf("start a private engine: %w", err)
	}
	if err = os.Rename(l.log(), l.oldLog()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("keep the last log of the private engine: %w", err)
	}
	log, err := os.OpenFile(l.log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log of the private engine: %w", err)
	}
	defer func() { _ = log.Close() }()
	ready, hush, err := listen(l.notify())
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), path, "--config-file", l.config())
	cmd.Dir = "/"
	cmd.Env = daemonEnv(os.Environ(), l.notify())
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err = cmd.Start(); err != nil {
		hush()
		return nil, exit.Environmentf("start %s: %w", path, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	p, err := host.Identify(cmd.Process.Pid)
	if err != nil {
		hush()
		return nil, errors.Join(exit.Environmentf("start %s: %w: %s", path, err, lastWords(l.log())), cmd.Process.Kill())
	}
	return &child{Process: p, ready: ready, ended: ended, hush: hush}, nil
}

// await returns once the daemon says that it serves.
func (c *child) await(ctx context.Context, l layout) error {
	defer c.hush()
	select {
	case err := <-c.ready:
		return err
	case err := <-c.ended:
		if err == nil {
			err = errors.New("exit status 0")
		}
		return exit.Environmentf("the private engine ended while it was starting (%w): %s; its log is %s", err, lastWords(l.log()), l.log())
	case <-ctx.Done():
		return exit.Environmentf("the private engine did not come up: %w; its log is %s", context.Cause(ctx), l.log())
	}
}

// listen opens the socket on which a service tells that it is ready
// (sd_notify(3)).
func listen(path string) (ready <-chan error, hush func(), err error) {
	if err = os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("remove an old notification socket: %w", err)
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return nil, nil, fmt.Errorf("listen for the private engine's word that it is ready: %w", err)
	}
	word := make(chan error, 1)
	go func() { word <- hear(conn) }()
	return word, func() {
		_ = conn.Close()
		_ = os.Remove(path)
	}, nil
}

func hear(conn io.Reader) error {
	const longest = 4096
	buf := make([]byte, longest)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return fmt.Errorf("listen for the private engine's word that it is ready: %w", err)
		}
		for line := range strings.Lines(string(buf[:n])) {
			if strings.TrimSpace(line) == "READY=1" {
				return nil
			}
		}
	}
}

// daemonEnv is the daemon's environment: ours without what a user set for
// docker's command line, some of which dockerd would read as its own, and with
// the folders of its helpers in PATH.
func daemonEnv(ours []string, notify string) []string {
	var env []string
	path := ""
	for _, e := range ours {
		key, value, _ := strings.Cut(e, "=")
		switch {
		case strings.HasPrefix(key, "DOCKER_"), key == "NOTIFY_SOCKET", key == "LISTEN_FDS", key == "LISTEN_PID":
		case key == "PATH":
			path = value + ":"
		default:
			env = append(env, e)
		}
	}
	return append(env, "PATH="+path+strings.Join(sbin(), ":"), "NOTIFY_SOCKET="+notify)
}

// lastWords is the last line of a log, which holds what made a program end.
func lastWords(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return "its log cannot be read: " + err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	if last := strings.TrimSpace(string(lines[len(lines)-1])); last != "" {
		return last
	}
	return "it said nothing"
}
