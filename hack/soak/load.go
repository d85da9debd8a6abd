package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// busyWord is the argument by which this program is nothing but a busy loop.
const busyWord = "busy-loop"

// burn computes until the context ends.
func burn(ctx context.Context) {
	for x := uint64(1); ctx.Err() == nil; {
		for range 1 << 20 {
			x = x*6364136223846793005 + 1442695040888963407
		}
	}
}

// busy starts that many busy loops, each a process of its own at the machine's
// ordinary priority, as any other program that a machine has to do. They end with
// the function that is given back, and with this process however it ends.
func busy(ctx context.Context, n int) (stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find our own program: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	begun := make(chan error, n)
	ended := make(chan struct{}, n)
	for range n {
		go func() {
			defer func() { ended <- struct{}{} }()
			// The kernel sends Pdeathsig when the thread that started the child ends.
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			cmd := exec.CommandContext(ctx, self, busyWord)
			cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
			failed := cmd.Start()
			begun <- failed
			if failed != nil {
				return
			}
			_ = cmd.Wait() // It is killed, which is how it ends.
		}()
	}
	stop = func() {
		cancel()
		for range n {
			<-ended
		}
	}
	for range n {
		if failed := <-begun; failed != nil && err == nil {
			err = fmt.Errorf("start a busy loop: %w", failed)
		}
	}
	if err != nil {
		stop()
		return nil, err
	}
	return stop, nil
}
