package framework

import (
	"fmt"
	"strings"
)

// Class tells a controller that is wrong from a verdict that could not be had.
type Class string

// The classes of a failure.
const (
	// NonConformant is the controller's fault.
	NonConformant Class = "nonconformant"
	// EnvironmentFault means that the machine, the cluster or another component stopped us.
	EnvironmentFault Class = "environment"
	// SuiteFault means that the suite itself is at fault.
	SuiteFault Class = "suite"
)

// Failure explains why a spec did not pass, as a colleague would. It travels
// as a Ginkgo report entry from the worker to the report.
type Failure struct {
	Class    Class  `json:"class"`
	Expected string `json:"expected"`
	Seen     string `json:"seen"`
	Cause    string `json:"cause,omitempty"`
	// Unexplained says that the recorded facts explain nothing: Cause then tells
	// only what was looked at.
	Unexplained bool     `json:"unexplained,omitempty"`
	Evidence    []string `json:"evidence,omitempty"`
	Look        []string `json:"look,omitempty"`
	// Bundle is the folder of the captured state, relative to the output folder.
	Bundle string `json:"bundle,omitempty"`
}

// Text renders the failure for a reader, the spec's sentence and clauses first.
func (f Failure) Text(s Spec) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", s.ID, s.Behaviour)
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, "  %-9s %s\n", name, strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n            "))
		}
	}
	line("clause", strings.Join(s.Clauses, "; "))
	line("expected", f.Expected)
	line("seen", f.Seen)
	line("cause", f.Cause)
	line("evidence", strings.Join(f.Evidence, "\n"))
	line("look at", strings.Join(f.Look, "\n"))
	line("bundle", f.Bundle)
	return b.String()
}

// Reason is the failure in one line: the likely cause and what was seen or, where
// nothing explains it, what was expected and seen.
func (f Failure) Reason() string {
	switch {
	case f.Unexplained:
		return fmt.Sprintf("expected: %s; seen: %s", f.Expected, f.Seen)
	case f.Cause == "":
		return f.Seen
	}
	return fmt.Sprintf("%s (%s)", f.Cause, f.Seen)
}

// ReportEntry names the Ginkgo report entries that carry a spec's outcome from
// the worker to the report.
const (
	// EntryFailure carries a Failure.
	EntryFailure = "dsconform.failure"
	// EntryUnknown carries the reason why a passed spec's verdict cannot be trusted.
	EntryUnknown = "dsconform.unknown"
	// EntryMeasure carries a Figure.
	EntryMeasure = "dsconform.measure"
	// EntryFault carries a faults.Deed.
	EntryFault = "dsconform.fault"
	// EntryWait carries the seconds the spec has waited for its turn and its nodes.
	// Of several the last counts.
	EntryWait = "dsconform.wait"
	// EntryNotApplicable marks a skip because of the Kubernetes version.
	EntryNotApplicable = "dsconform.notapplicable"
)

// Figure is what a spec measured.
type Figure struct {
	// Name says what was measured, with its unit.
	Name string `json:"name"`
	// Value is the figure as text.
	Value string `json:"value"`
}
