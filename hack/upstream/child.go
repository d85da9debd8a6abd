package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// closing is how long a child may take to end after it was asked to.
const closing = time.Minute

// child prepares a program in a process group of its own, which ends with ctx,
// and with us; what it prints is appended to the log.
func child(ctx context.Context, log string, env []string, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(append(os.Environ(), "NO_COLOR=1"), env...)
	out := &appender{path: log}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = closing
	return cmd
}

// await runs the program to its end. The kernel sends Pdeathsig when the thread
// that started the child ends, so this one is kept for it.
func await(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return cmd.Run()
}

// appender appends to a file, which it opens for each write: there are few, and
// nobody has to close it.
type appender struct{ path string }

var _ io.Writer = (*appender)(nil)

// Write appends.
func (a *appender) Write(p []byte) (int, error) {
	f, err := os.OpenFile(a.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return 0, fmt.Errorf("open the log: %w", err)
	}
	n, err := f.Write(p)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return n, err
}
