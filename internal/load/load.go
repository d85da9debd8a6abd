// Package load tells how much the machine has to do, and waits for it to have
// less: a deadline says something about a controller only where it gets to work.
//
// What may not live here: what follows from it for a spec (package framework).
package load

import (
	"fmt"
	"os"
	"runtime"
)

const (
	// full is from how many threads on, for each processor, nothing more should
	// begin. All processors have work from one on; beyond, each only takes longer.
	full = 6
	// overloaded is the same for the average, from where each gets so little that
	// what takes a moment takes a minute: a controller was seen to take twelve
	// seconds to create a pod at 20, and a minute for what it had to do at 50. A run
	// alone on two processors makes it 4.
	overloaded = 15
	// swamped is from where not even twice the time is enough.
	swamped = 50
)

// Load is what a machine has to do.
type Load struct {
	// Ready is how many threads run or could run now.
	Ready int
	// Average is how many there were over the last minute, those included that
	// waited for a disk.
	Average float64
	// Processors is how many there are to run them.
	Processors int
}

// Now reads it. It is false where the system does not tell; only Linux does.
func Now() (Load, bool) {
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return Load{}, false
	}
	return parse(string(raw), runtime.NumCPU())
}

// parse reads a line such as "0.20 0.06 0.02 1/81 30600": three averages, the
// threads that are ready, of all.
func parse(line string, processors int) (Load, bool) {
	l := Load{Processors: processors}
	var five, fifteen float64
	if _, err := fmt.Sscanf(line, "%f %f %f %d/", &l.Average, &five, &fifteen, &l.Ready); err != nil || processors < 1 {
		return Load{}, false
	}
	return l, true
}

// Full tells whether more work would only be more to wait for.
func (l Load) Full() bool { return l.Ready > full*l.Processors }

// Overloaded tells whether it was so much that what has a deadline needs twice the
// time, and that nothing follows from a moment's being late.
func (l Load) Overloaded() bool { return l.Average > float64(overloaded*l.Processors) }

// Swamped tells whether it was so much that not even twice the time tells anything.
func (l Load) Swamped() bool { return l.Average > float64(swamped*l.Processors) }

// String is for a reader.
func (l Load) String() string {
	return fmt.Sprintf("over the last minute %.0f threads were ready to run on %d processors", l.Average, l.Processors)
}
