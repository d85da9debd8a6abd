package sim

import (
	"fmt"
	"os"
	"strings"

	"github.com/dsconform/dsconform/internal/exit"
)

const (
	// baseMemory is what a control plane takes without any node, in MiB.
	baseMemory = 700
	// nodeMemory is what each node takes with a pod or two on it, in KiB: twice
	// what was measured with a thousand, for garbage is collected late.
	nodeMemory = 1200
)

// fitsMemory refuses more nodes than the memory allows, for the kernel would
// end some process in the middle of a run. A system that does not tell its
// memory is believed to have enough.
func fitsMemory(workers int) error {
	raw, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return nil //nolint:nilerr // only Linux tells
	}
	available, err := availableMemory(string(raw))
	if err != nil {
		return exit.Environmentf("reading how much memory is free: %w", err)
	}
	if most := mostWorkers(available); workers > most {
		return exit.Usagef("%d simulated nodes need about %d MiB of memory and %d MiB are free: at most %d nodes fit", workers, baseMemory+workers*nodeMemory>>10, available, most)
	}
	return nil
}

// mostWorkers is how many workers fit into so many MiB.
func mostWorkers(available int) int { return max(0, available-baseMemory) << 10 / nodeMemory }

// availableMemory reads MemAvailable, in MiB, from /proc/meminfo.
func availableMemory(meminfo string) (int, error) {
	for line := range strings.Lines(meminfo) {
		var kib int
		if _, err := fmt.Sscanf(line, "MemAvailable: %d kB", &kib); err == nil {
			return kib >> 10, nil
		}
	}
	return 0, fmt.Errorf("/proc/meminfo has no MemAvailable")
}
