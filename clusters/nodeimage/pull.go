package nodeimage

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

const (
	// answerLimit bounds the wait for a registry's first answer.
	answerLimit = 15 * time.Second
	// pullLimit bounds the whole transfer.
	pullLimit = 10 * time.Minute
)

// pull gets an image from its registry. Two limits bound it: a registry that
// cannot be reached often says nothing at all, and waiting for it as long as
// for a transfer would look like a hang.
func pull(ctx context.Context, o Options, ref string) error {
	limit := o.PullLimit
	if limit == 0 {
		limit = pullLimit
	}
	return o.Log.Do(ctx, "pull "+ref, limit, func(ctx context.Context) error {
		answer := min(limit, answerLimit)
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		timer := time.AfterFunc(answer, func() {
			cancel(fmt.Errorf("its registry did not answer within %s", answer))
		})
		defer timer.Stop()
		heard := &firstAnswer{heard: func() { timer.Stop() }}
		cmd := o.Engine.Command(ctx, "pull", ref)
		cmd.Stdout, cmd.Stderr = heard, heard
		cmd.WaitDelay = time.Second
		if err := cmd.Run(); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return fmt.Errorf("%s (%w)", heard.last(), err)
		}
		return nil
	})
}

// firstAnswer watches the output of a pull for the first line that shows that
// the registry answered, and keeps the last line.
type firstAnswer struct {
	heard func()

	mu   sync.Mutex
	text bytes.Buffer
	done bool
}

// Write implements io.Writer.
func (f *firstAnswer) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.text.Write(p)
	if !f.done && answered(f.text.String()) {
		f.done = true
		f.heard()
	}
	return len(p), nil
}

func (f *firstAnswer) last() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return lastLine(f.text.String())
}

// answered tells whether the output of a pull holds more than podman's word
// that it is about to ask.
func answered(output string) bool {
	for line := range strings.SplitSeq(output, "\n") {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "Trying to pull ") {
			return true
		}
	}
	return false
}
