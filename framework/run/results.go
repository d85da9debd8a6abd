package run

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/faults"
	"github.com/dsconform/dsconform/reports"
)

// Results are what the workers reported, one verdict for each spec of the plan.
type Results struct {
	specs   map[string]framework.Spec
	order   []string
	log     *steps.Log
	running map[string]func(string, steps.Mood, string)
	verdict map[string]reports.Spec
	trouble []string
	// onFailure ends the run once a spec has failed, which endedBy then names.
	onFailure func()
	endedBy   string
}

func newResults(specs []framework.Spec, log *steps.Log) *Results {
	r := &Results{
		specs: map[string]framework.Spec{}, log: log,
		running: map[string]func(string, steps.Mood, string){},
		verdict: map[string]reports.Spec{},
	}
	for _, s := range specs {
		r.specs[s.ID] = s
		r.order = append(r.order, s.ID)
	}
	return r
}

// take hears one message.
func (r *Results) take(m message) {
	switch {
	case m.Trouble != "":
		if r.endedBy != "" {
			return // the workers were ended, which is no trouble
		}
		r.trouble = append(r.trouble, m.Trouble)
		r.log.Notef("%s", m.Trouble)
	case m.Start != "":
		r.running[m.Start] = r.log.Task(m.Start + " " + r.specs[m.Start].Title)
	case m.End != "" && m.Report != nil:
		spec, known := r.specs[m.End]
		if !known {
			r.trouble = append(r.trouble, "a worker reported "+m.End+", which nobody asked for")
			return
		}
		v := Verdict(spec, *m.Report)
		if r.endedBy != "" && m.Report.State.Is(types.SpecStateSkipped|types.SpecStateInterrupted|types.SpecStateAborted) && v.State == reports.Unknown {
			v.Reason = r.early()
		}
		r.verdict[m.End] = v
		r.show(v)
		if v.State == reports.Failed && r.onFailure != nil && r.endedBy == "" {
			r.endedBy = v.ID
			r.onFailure()
		}
	}
}

// early is why a spec of a run that --fail-fast ended has no verdict.
func (r *Results) early() string {
	return "not judged: --fail-fast ended the run when " + r.endedBy + " had failed"
}

func (r *Results) show(v reports.Spec) {
	end := r.running[v.ID]
	if end == nil {
		// A skipped spec of an interrupted run never started.
		return
	}
	delete(r.running, v.ID)
	count := fmt.Sprintf(" [%d/%d]", len(r.verdict), len(r.specs))
	switch v.State {
	case reports.Passed:
		end("ok", steps.Good, count)
	case reports.Failed:
		end("!!", steps.Bad, count+" "+firstLine(v.Reason))
	case reports.Unknown:
		end("??", steps.Bad, count+" "+firstLine(v.Reason))
	case reports.Skipped:
		end("--", steps.Neither, count+" "+firstLine(v.Reason))
	}
}

// finish gives every spec without a report its verdict: unknown, with the reason.
func (r *Results) finish(ctx context.Context, runErr error) {
	for _, id := range slices.Sorted(maps.Keys(r.running)) {
		r.running[id]("??", steps.Bad, " no result")
	}
	if runErr != nil && r.endedBy == "" {
		r.trouble = append(r.trouble, runErr.Error())
	}
	why := "its worker ended without a result"
	if len(r.trouble) > 0 {
		why += ": " + strings.Join(r.trouble, "; ")
	}
	if r.endedBy != "" {
		why = r.early()
	}
	if ctx.Err() != nil {
		why = "the run was interrupted before it ended"
	}
	for id, spec := range r.specs {
		if _, ok := r.verdict[id]; !ok {
			v := base(spec)
			v.State, v.Reason = reports.Unknown, why
			r.verdict[id] = v
		}
	}
}

// Trouble is what went wrong with the run as a whole.
func (r *Results) Trouble() []string { return r.trouble }

// Specs gives the verdicts in the order of their IDs.
func (r *Results) Specs() []reports.Spec {
	out := make([]reports.Spec, 0, len(r.verdict))
	for _, id := range slices.Sorted(maps.Keys(r.verdict)) {
		out = append(out, r.verdict[id])
	}
	return out
}

func base(s framework.Spec) reports.Spec {
	return reports.Spec{
		ID: s.ID, Name: s.Title, Area: string(s.Area), Level: string(s.Level),
		Behaviour: s.Behaviour, Clauses: s.Clauses, Covers: s.Covers, Provisional: s.Provisional,
	}
}

// Verdict turns what Ginkgo saw of a spec into one of the four outcomes.
//
// A failure is the controller's unless the spec itself said otherwise; a panic
// is the suite's; a time-out of the whole spec or an interrupt tells nothing of
// the controller, because every deadline about the controller is shorter.
func Verdict(s framework.Spec, r types.SpecReport) reports.Spec {
	v := base(s)
	v.DurationSeconds = r.RunTime.Seconds()
	v.WaitSeconds = waitOf(r)
	v.Measures = measuresOf(r)
	v.Faults = faultsOf(r)
	failure := failureOf(r)
	unknown := unknownOf(r)
	switch r.State {
	case types.SpecStatePassed:
		v.State = reports.Passed
		if unknown != "" {
			v.State, v.Reason = reports.Unknown, unknown
		}
	case types.SpecStateSkipped, types.SpecStatePending:
		v.State, v.Reason = reports.Skipped, r.Failure.Message
		if v.Reason == "" {
			// Ginkgo calls skipped, too, what it never came to because the run ended early.
			v.State, v.Reason = reports.Unknown, "it was never run: the run ended before its turn"
		}
		v.NotApplicable = slices.ContainsFunc(r.ReportEntries, func(e types.ReportEntry) bool { return e.Name == framework.EntryNotApplicable })
	case types.SpecStateFailed:
		v.State, v.Reason = reports.Failed, r.Failure.Message
		if failure != nil {
			v.Reason = failure.Reason()
			v.Failure = &reports.Failure{
				Expected: failure.Expected, Seen: failure.Seen, Cause: failure.Cause,
				Evidence: failure.Evidence, Look: failure.Look, Bundle: failure.Bundle,
			}
			if failure.Class != framework.NonConformant {
				v.State = reports.Unknown
			}
			v.SuiteFault = failure.Class == framework.SuiteFault
		}
	case types.SpecStatePanicked:
		v.State, v.SuiteFault = reports.Unknown, true
		v.Reason = "the suite panicked: " + r.Failure.ForwardedPanic
		v.Failure = &reports.Failure{
			Expected: "the spec's own code runs through", Seen: "panic: " + r.Failure.ForwardedPanic,
			Cause: "a fault of the suite, not of the controller", Evidence: []string{r.Failure.Location.FullStackTrace},
		}
	case types.SpecStateInterrupted, types.SpecStateAborted:
		v.State, v.Reason = reports.Unknown, "interrupted: "+firstLine(r.Failure.Message)
	case types.SpecStateTimedout:
		v.State, v.Reason = reports.Unknown, "the spec was still running at the end of its time: "+firstLine(r.Failure.Message)
	default:
		v.State, v.SuiteFault = reports.Unknown, true
		v.Reason = "Ginkgo reports the state " + r.State.String()
	}
	return v
}

// failureOf gives the explanation the spec left, nil if it left none.
func failureOf(r types.SpecReport) *framework.Failure {
	for _, entry := range r.ReportEntries {
		if entry.Name != framework.EntryFailure {
			continue
		}
		var f framework.Failure
		if err := json.Unmarshal([]byte(entry.Value.AsJSON), &f); err != nil {
			return &framework.Failure{Class: framework.SuiteFault, Seen: fmt.Sprintf("the failure's explanation cannot be read: %v", err)}
		}
		return &f
	}
	return nil
}

// unknownOf joins the reasons why a passed spec's verdict cannot be trusted.
func unknownOf(r types.SpecReport) string {
	var why []string
	for _, entry := range r.ReportEntries {
		if entry.Name == framework.EntryUnknown {
			why = append(why, strings.Trim(entry.Value.AsJSON, `"`))
		}
	}
	return strings.Join(why, "; ")
}

// waitOf gives the seconds the spec waited for its turn and its nodes.
func waitOf(r types.SpecReport) float64 {
	for _, entry := range slices.Backward(r.ReportEntries) {
		if entry.Name == framework.EntryWait {
			var seconds float64
			if json.Unmarshal([]byte(entry.Value.AsJSON), &seconds) == nil {
				return seconds
			}
		}
	}
	return 0
}

// measuresOf gives the figures the spec took.
func measuresOf(r types.SpecReport) []reports.Measure {
	var out []reports.Measure
	for _, entry := range r.ReportEntries {
		if entry.Name != framework.EntryMeasure {
			continue
		}
		var m framework.Figure
		if err := json.Unmarshal([]byte(entry.Value.AsJSON), &m); err != nil {
			m = framework.Figure{Name: "unreadable figure", Value: entry.Value.AsJSON}
		}
		out = append(out, reports.Measure{Name: m.Name, Value: m.Value})
	}
	return out
}

// faultsOf gives what was done to the controller's requests.
func faultsOf(r types.SpecReport) []reports.Fault {
	var out []reports.Fault
	for _, entry := range r.ReportEntries {
		if entry.Name != framework.EntryFault {
			continue
		}
		var d faults.Deed
		if err := json.Unmarshal([]byte(entry.Value.AsJSON), &d); err != nil {
			d = faults.Deed{Rule: "unreadable", Did: entry.Value.AsJSON}
		}
		out = append(out, reports.Fault{At: d.At, Rule: d.Rule, Request: d.Request, Did: d.Did, Count: d.Count})
	}
	return out
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
