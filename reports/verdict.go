package reports

import (
	"fmt"
	"strings"

	"github.com/dsconform/dsconform/internal/exit"
)

// ExitCode is the exit code that the verdicts in r stand for. It is computed
// from the specs, not from r.Summary.
//
// A proven failure outweighs all else: it stays true whatever else went wrong.
// Then comes a fault of the suite, then whatever left a verdict open.
func ExitCode(r *Report) exit.Code {
	return codeOf(summarise(r.Run, r.Specs).Verdict)
}

func codeOf(v Verdict) exit.Code {
	switch v {
	case Conformant, Incomplete:
		return exit.Conformant
	case NotConformant:
		return exit.NotConformant
	case NoVerdict:
		return exit.Environment
	case SuiteFault:
		return exit.Internal
	}
	return exit.Internal
}

// summarise computes the summary of a run.
func summarise(run Run, specs []Spec) Summary {
	s := Summary{Total: len(specs)}
	// binding holds counts without provisional specs.
	var binding struct{ passed, failed, unknown, suite, coreSkipped int }
	seen := map[string]bool{}
	for _, sp := range specs {
		if seen[sp.ID] {
			// Two verdicts on one spec: no telling which of them holds.
			binding.suite++
		}
		seen[sp.ID] = true
		switch sp.State {
		case Passed:
			s.Passed++
		case Failed:
			s.Failed++
		case Skipped:
			s.Skipped++
		default:
			// Unknown, and any state nobody knows: it may not be trusted.
			s.Unknown++
		}
		// A fault of the suite is one in whichever spec it shows.
		if sp.SuiteFault {
			binding.suite++
		}
		if sp.Provisional {
			if sp.State != Passed && sp.State != Skipped {
				s.Provisional++
			}
			continue
		}
		switch sp.State {
		case Passed:
			binding.passed++
		case Failed:
			binding.failed++
		case Skipped:
			if sp.Level == LevelCore && !sp.NotApplicable {
				binding.coreSkipped++
			}
		default:
			binding.unknown++
		}
	}
	switch {
	case binding.failed > 0:
		s.Verdict, s.Reason = NotConformant, count(binding.failed, "spec")+" showed the controller to be wrong"
	case binding.suite > 0:
		s.Verdict, s.Reason = SuiteFault, "dsconform itself failed in "+count(binding.suite, "spec")+"; this says nothing about the controller"
	case binding.unknown > 0:
		s.Verdict, s.Reason = NoVerdict, count(binding.unknown, "spec")+" ended without a verdict"
	case len(run.Trouble) > 0:
		s.Verdict, s.Reason = NoVerdict, "the run was disturbed: "+strings.Join(run.Trouble, "; ")
	case binding.passed == 0:
		// Nothing run is nothing proven: no results must never read as a pass.
		s.Verdict, s.Reason = NoVerdict, nothingRan(s)
	case run.Selection != "":
		s.Verdict, s.Reason = Incomplete, "all that ran passed, but only a part of the suite was chosen: "+run.Selection
	case binding.coreSkipped > 0:
		s.Verdict, s.Reason = Incomplete, "all that ran passed, but "+count(binding.coreSkipped, "core spec")+" could not be run here"
	default:
		s.Verdict, s.Reason = Conformant, "the whole suite was run and "+count(binding.passed, "spec")+" passed"
		s.Conformant = true
	}
	return s
}

func nothingRan(s Summary) string {
	switch {
	case s.Total == 0:
		return "no spec was run, so nothing is proven"
	case s.Skipped == s.Total:
		return fmt.Sprintf("all %s were skipped, so nothing is proven", count(s.Total, "spec"))
	default:
		return "no binding spec passed, so nothing is proven"
	}
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
