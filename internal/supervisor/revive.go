package supervisor

import (
	"fmt"
	"os"
	"time"
)

const (
	// firstRevival is how long after a first crash a component is started again;
	// the wait doubles with each crash in a row.
	firstRevival = 1 * time.Second
	// lastRevival is the longest such wait.
	lastRevival = 30 * time.Second
	// calm is how long a component must have run for its crash to be a first one.
	calm = 60 * time.Second
)

// revival gives the wait after so many crashes in a row, from 1.
func revival(inRow int) time.Duration {
	wait := firstRevival
	for range inRow - 1 {
		if wait *= 2; wait >= lastRevival {
			return lastRevival
		}
	}
	return wait
}

// planRevival has a component that crashed after it ran for so long started
// again, if that is wanted of it. The caller holds mu.
func (c *child) planRevival(ran time.Duration) {
	if !c.spec.Revive {
		return
	}
	if ran >= calm {
		c.inRow = 0
	}
	c.inRow++
	wait := revival(c.inRow)
	c.status.Again = time.Now().Add(wait)
	c.again = time.AfterFunc(wait, c.revive)
}

// forgetRevival takes back a planned start: someone else decides now. The
// caller holds mu.
func (c *child) forgetRevival() {
	if c.again != nil {
		c.again.Stop()
		c.again = nil
	}
	c.status.Again = time.Time{}
}

// revive starts the component again unless that was taken back meanwhile.
func (c *child) revive() {
	c.turn.Lock()
	defer c.turn.Unlock()
	c.mu.Lock()
	due := c.again != nil
	c.mu.Unlock()
	if !due {
		return
	}
	err := c.start()
	if err == nil {
		return
	}
	c.note(err)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.planRevival(0)
}

// note leaves a line in the component's log, where its own last words are too.
func (c *child) note(err error) {
	f, openErr := os.OpenFile(c.log, os.O_APPEND|os.O_WRONLY, 0o644)
	if openErr != nil {
		return // the status says when it is tried again
	}
	defer f.Close()
	fmt.Fprintf(f, "error: %v\n", err)
}
