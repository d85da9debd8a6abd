package kind

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
)

// booted is what systemd says on the console once everything it was told to
// start is up, containerd included. The earlier line kind is content with on
// cgroup v1 comes before systemd even runs; and on cgroup v2 no process may be
// brought into the container before this one, it would keep systemd from
// delegating controllers.
var booted = regexp.MustCompile(`Reached target .*Multi-User System`)

// awaitBoot follows the console of a container from a moment on until its
// system is up.
func (c containers) awaitBoot(ctx context.Context, name string, since time.Time) error {
	follow, cancel := context.WithCancel(ctx)
	defer cancel()
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := c.run(follow, nil, w, "logs", "--follow", "--since", since.UTC().Format(time.RFC3339Nano), name)
		_ = w.CloseWithError(io.EOF)
		ended <- err
	}()
	found, last := scanFor(r, booted)
	cancel()
	_ = r.Close()
	err := <-ended
	switch {
	case found:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("waiting for the system of %s to start, whose last words are %q: %w", name, last, context.Cause(ctx))
	default:
		return fmt.Errorf("the container %s ended while it started, its last words are %q: %w", name, last, errors.Join(errStopped, err))
	}
}

var errStopped = errors.New("container stopped")

// scanFor reads lines until one matches and gives the last that had any text.
func scanFor(r io.Reader, want *regexp.Regexp) (found bool, last string) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if text := strings.TrimSpace(lines.Text()); text != "" {
			last = text
		}
		if want.MatchString(lines.Text()) {
			return true, last
		}
	}
	return false, last
}
