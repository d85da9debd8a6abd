package main

import (
	"errors"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

func TestReapCollectsWhatHasEnded(t *testing.T) {
	for range 3 {
		if err := exec.CommandContext(t.Context(), "true").Start(); err != nil {
			t.Fatal(err)
		}
	}
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		reap()
		// Without a child, waiting for one is an error: none was left behind.
		if _, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); errors.Is(err, syscall.ECHILD) {
			return
		}
		select {
		case <-deadline:
			t.Fatal("ended processes are still there")
		case <-tick.C:
		}
	}
}
