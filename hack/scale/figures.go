package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dsconform/dsconform/clusters/sim"
	"github.com/dsconform/dsconform/framework/audit"
)

// written is how often the controller wrote one kind of thing.
type written struct {
	what  string
	count int
}

// writesSince counts the controller's writes in the audit log.
func writesSince(ctx context.Context, c *sim.Cluster, since time.Time) ([]written, error) {
	var events []audit.Event
	err := c.ReadAudit(ctx, "", func(log io.Reader) error {
		got, err := audit.Read(log, audit.Controller, func(e audit.Event) bool {
			return e.User == audit.Controller && e.Write() && !e.Received.Before(since)
		})
		events = append(events, got...)
		return err
	})
	if err != nil {
		return nil, err
	}
	counts := audit.Count(events)
	out := make([]written, 0, len(counts))
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, written{what, counts[what]})
	}
	return out, nil
}

// resident is the memory a process has in use, in MiB.
func resident(pid int) (int, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("reading the memory of process %d: %w", pid, err)
	}
	for line := range strings.Lines(string(raw)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.Atoi(strings.Fields(value)[0])
			if err != nil {
				return 0, fmt.Errorf("reading the memory of process %d: %w", pid, err)
			}
			return kib / 1024, nil
		}
	}
	return 0, fmt.Errorf("process %d tells no memory", pid)
}
