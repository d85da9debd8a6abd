package subject

import (
	"fmt"
	"strings"

	"github.com/dsconform/dsconform/internal/supervisor"
)

// Status tells how a subject fares.
type Status struct {
	// Kind is how it was given.
	Kind Kind
	// Name is what the report calls it.
	Name string
	// Version is the Kubernetes version it is of, if that is known.
	Version string
	// Identity pins it down: "sha256:..." of a program, or an image with its digest.
	Identity string
	// PID is the process number; zero if it does not run, or runs in the cluster.
	PID int
	// Restarts counts the ends nobody asked for.
	Restarts int
	// LastExit says how the last of them was.
	LastExit string
	// Silent says that it wrote nothing in the time it was given at the start.
	Silent bool
	// Log is the path of its log.
	Log string
	// Tail are the last lines of its log.
	Tail []string
}

// ended puts the supervisor's word for an end into a sentence's verb.
func ended(how string) string {
	if code, ok := strings.CutPrefix(how, "exit status "); ok {
		return "exited with code " + code
	}
	if signal, ok := strings.CutPrefix(how, "signal: "); ok {
		return "was ended by the signal " + signal
	}
	return "ended (" + how + ")"
}

// lastWords quotes the line of a log that says why the program ended.
func lastWords(tail []string) string {
	if line := supervisor.Telling(tail); line != "" {
		return fmt.Sprintf("its last telling line is %q", line)
	}
	return "it left no word in its log"
}
