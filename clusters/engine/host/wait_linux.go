package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// awaitEnd returns nil once the process has ended, by the event of its pidfd
// (pidfd_open(2)), or ctx's error.
func (p Process) awaitEnd(ctx context.Context) error {
	fd, err := unix.PidfdOpen(p.PID, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("watch process %d: %w", p.PID, err)
	}
	defer func() { _ = unix.Close(fd) }()
	if !p.Alive() { // the number could have gone to another process before the open
		return nil
	}
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for ctx.Err() == nil {
		// poll cannot be woken by a context, so it looks up from time to time.
		n, err := unix.Poll(fds, int((200 * time.Millisecond).Milliseconds()))
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("watch process %d: %w", p.PID, err)
		}
		if n > 0 {
			return nil
		}
	}
	return context.Cause(ctx)
}
