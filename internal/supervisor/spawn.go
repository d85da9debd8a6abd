package supervisor

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/dsconform/dsconform/internal/unixhttp"
)

// Process is a supervisor this process has started.
type Process struct {
	cmd *exec.Cmd
	// hold is the other end of the supervisor's standard input, if attached.
	hold *os.File
}

// Spawn starts a supervisor for a folder by calling exe as one: attached, its
// life is bound to this process's; else it goes on alone. Client reaches it at
// once. The components are not started.
func Spawn(ctx context.Context, exe, folder string, config Config) (*Process, error) {
	if err := os.MkdirAll(LogFolder(folder), 0o755); err != nil {
		return nil, fmt.Errorf("making the folder for the components' logs: %w", err)
	}
	if err := config.write(folder); err != nil {
		return nil, err
	}
	socket, err := listen(ctx, filepath.Join(folder, socketFile))
	if err != nil {
		return nil, err
	}
	defer socket.Close()
	out, err := os.OpenFile(LogFile(folder, "supervisor"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the supervisor's log: %w", err)
	}
	defer out.Close()
	cmd := exec.Command(exe, Word, folder) //nolint:noctx // it is to outlive the making of the cluster
	cmd.Stdout, cmd.Stderr = out, out
	cmd.ExtraFiles = []*os.File{socket}
	// A session of its own: Ctrl-C is for the command, which then ends the cluster in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	p := &Process{cmd: cmd}
	if config.Attached {
		read, write, err := os.Pipe()
		if err != nil {
			return nil, fmt.Errorf("making the supervisor's standard input: %w", err)
		}
		defer read.Close()
		cmd.Stdin, p.hold = read, write
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the supervisor: %w", err)
	}
	return p, nil
}

// listen makes the control socket and gives it as a file to be inherited.
func listen(ctx context.Context, path string) (*os.File, error) {
	l, err := unixhttp.Listen(ctx, path)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	unix, ok := l.(*net.UnixListener)
	if !ok {
		return nil, fmt.Errorf("the control socket is a %T", l)
	}
	unix.SetUnlinkOnClose(false)
	file, err := unix.File()
	if err != nil {
		return nil, fmt.Errorf("passing on the control socket: %w", err)
	}
	return file, nil
}

// Wait waits for the supervisor's end, so that no zombie is left, and lets go
// of its standard input.
func (p *Process) Wait() {
	_ = p.cmd.Wait() // how it ended is in its log
	if p.hold != nil {
		_ = p.hold.Close()
	}
}

// Release lets a detached supervisor go on alone.
func (p *Process) Release() error {
	if err := p.cmd.Process.Release(); err != nil {
		return fmt.Errorf("letting the supervisor go: %w", err)
	}
	return nil
}
