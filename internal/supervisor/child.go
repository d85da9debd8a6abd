package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// stopGrace is how long a component asked to end may take before it is made to.
const stopGrace = 10 * time.Second

// child is one component and its process, if it has one.
type child struct {
	spec Component
	log  string
	fork *forker

	// turn is held by whoever starts or ends the process: one at a time.
	turn sync.Mutex

	mu     sync.Mutex
	status Status
	proc   *os.Process
	ended  chan struct{} // closed when the process of this start has ended
	asked  bool
	// changed is closed and made anew with every start and every end.
	changed chan struct{}
	// inRow counts the crashes since it last ran for a while; again, if set, is
	// what starts it once more.
	inRow int
	again *time.Timer
}

func newChild(spec Component, log string, fork *forker) *child {
	return &child{
		spec: spec, log: log, fork: fork, changed: make(chan struct{}),
		status: Status{Name: spec.Name, State: Idle, Log: log},
	}
}

// tell wakes those who wait for a change. The caller holds mu.
func (c *child) tell() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// state gives the status with the end of the log.
func (c *child) state() Status {
	c.mu.Lock()
	s := c.status
	c.mu.Unlock()
	s.Tail, _ = tail(s.Log) // one that never started has no log
	return s
}

// do carries out an action and gives the status after it.
func (c *child) do(ctx context.Context, a Action) (Status, error) {
	c.turn.Lock()
	defer c.turn.Unlock()
	var err error
	switch a {
	case Start:
		err = c.start()
	case Stop:
		err = c.stop(ctx)
	case Kill:
		err = c.end(ctx, syscall.SIGKILL)
	case Pause:
		err = c.freeze(syscall.SIGSTOP, Paused)
	case Resume:
		err = c.freeze(syscall.SIGCONT, Running)
	case Restart:
		if err = c.stop(ctx); err == nil {
			err = c.start()
		}
	default:
		err = fmt.Errorf("%q is no action: there are start, stop, kill, pause, resume and restart", a)
	}
	return c.state(), err
}

func (c *child) start() error {
	c.mu.Lock()
	runs := c.proc != nil
	c.mu.Unlock()
	if runs {
		return nil
	}
	out, err := os.OpenFile(c.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("opening the log of %s: %w", c.spec.Name, err)
	}
	// The child has a descriptor of its own.
	defer out.Close()
	cmd := exec.Command(c.spec.Exe, c.spec.Args...) //nolint:noctx // it ends with the supervisor, not with the request that starts it
	cmd.Env, cmd.Stdout, cmd.Stderr = c.spec.Env, out, out
	cmd.SysProcAttr = childAttr()
	if err := c.fork.start(cmd); err != nil {
		return fmt.Errorf("starting %s: %w", c.spec.Name, err)
	}
	ended := make(chan struct{})
	c.mu.Lock()
	c.forgetRevival()
	c.proc, c.ended, c.asked = cmd.Process, ended, false
	c.status = Status{
		Name: c.spec.Name, State: Running, PID: cmd.Process.Pid, Starts: c.status.Starts + 1, Since: time.Now(), Log: c.log,
		Crashes: c.status.Crashes, Crash: c.status.Crash,
	}
	c.tell()
	c.mu.Unlock()
	go c.reap(cmd, ended)
	return nil
}

// reap waits for the end of the process and notes it.
func (c *child) reap(cmd *exec.Cmd, ended chan struct{}) {
	_ = cmd.Wait() // how it ended is in ProcessState
	c.mu.Lock()
	c.proc = nil
	ran := time.Since(c.status.Since)
	c.status.State, c.status.PID, c.status.Since = Ended, 0, time.Now()
	c.status.Exit, c.status.Asked = cmd.ProcessState.String(), c.asked
	if !c.asked {
		c.status.Crashes++
		c.status.Crash = c.status.Exit
		c.planRevival(ran)
	}
	c.tell()
	c.mu.Unlock()
	close(ended)
}

// stop asks the process to end, and makes it end when it does not.
func (c *child) stop(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, stopGrace)
	defer cancel()
	err := c.end(limited, syscall.SIGTERM)
	if err == nil || ctx.Err() != nil {
		return err
	}
	return c.end(ctx, syscall.SIGKILL)
}

// end sends a signal that ends the process and waits until it has. A frozen
// process is thawed, else it would not hear SIGTERM.
func (c *child) end(ctx context.Context, sig syscall.Signal) error {
	c.mu.Lock()
	proc, ended := c.proc, c.ended
	c.asked = true
	c.forgetRevival()
	c.mu.Unlock()
	if proc == nil {
		return nil
	}
	err := signalGroup(proc.Pid, sig)
	if err == nil {
		err = signalGroup(proc.Pid, syscall.SIGCONT)
	}
	if err != nil {
		return fmt.Errorf("ending %s: %w", c.spec.Name, err)
	}
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for %s to end after %s: %w", c.spec.Name, sig, context.Cause(ctx))
	}
}

func (c *child) freeze(sig syscall.Signal, after State) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.proc == nil {
		return fmt.Errorf("%s does not run", c.spec.Name)
	}
	if err := signalGroup(c.proc.Pid, sig); err != nil {
		return fmt.Errorf("sending %s to %s: %w", sig, c.spec.Name, err)
	}
	if c.status.State != after {
		c.status.State, c.status.Since = after, time.Now()
	}
	return nil
}

// awaitEnd waits until the process of the given start, counted from 1, has
// ended; a start that is still to come is waited for too.
func (c *child) awaitEnd(ctx context.Context, start int) (Status, error) {
	for {
		c.mu.Lock()
		now, runs, changed := c.status.Starts, c.proc != nil, c.changed
		c.mu.Unlock()
		if now > start || now == start && !runs {
			return c.state(), nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Status{}, fmt.Errorf("waiting for %s to end: %w", c.spec.Name, context.Cause(ctx))
		}
	}
}

// signalGroup reaches the process and all it has started. One that is gone is no error.
func signalGroup(pid int, sig syscall.Signal) error {
	if err := syscall.Kill(-pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("signal %s to process group %d: %w", sig, pid, err)
	}
	return nil
}
