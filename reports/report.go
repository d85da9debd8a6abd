package reports

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// New makes the report of a run: the specs sorted by ID, the summary computed
// from them. The arguments are not kept.
func New(env Environment, run Run, specs []Spec) *Report {
	r := &Report{Environment: env, Run: run, Specs: specs}
	return r.canonical()
}

// canonical gives a deep copy in the one form that is ever written: sorted,
// empty lists instead of nil ones where the field is required, times in UTC,
// text valid UTF-8, the summary recomputed.
func (r *Report) canonical() *Report {
	out := *r
	out.APIVersion, out.Kind = APIVersion, Kind

	env := &out.Environment
	env.Nodes = sortedBy(env.Nodes, func(n Node) string { return n.Name })
	env.Images = sortedBy(env.Images, func(i Image) string { return i.Name })
	options := make(map[string]string, len(env.Options))
	for k, v := range env.Options {
		options[valid(k)] = valid(v)
	}
	env.Options = options

	env.Subject.Process = env.Subject.Process.canonical()

	out.Run.Steps = list(out.Run.Steps)
	for i := range out.Run.Steps {
		out.Run.Steps[i].Name = valid(out.Run.Steps[i].Name)
		out.Run.Steps[i].Error = valid(out.Run.Steps[i].Error)
	}
	out.Run.Trouble = optional(out.Run.Trouble)
	out.Run.Started, out.Run.Finished = out.Run.Started.UTC(), out.Run.Finished.UTC()

	out.Specs = sortedBy(out.Specs, func(s Spec) string { return s.ID + " " + string(s.State) })
	for i := range out.Specs {
		out.Specs[i] = out.Specs[i].canonical()
	}
	out.Summary = summarise(out.Run, out.Specs)
	return &out
}

func (p *Process) canonical() *Process {
	if p == nil {
		return nil
	}
	out := *p
	out.LastExit, out.Tail = valid(out.LastExit), list(out.Tail)
	for i := range out.Tail {
		out.Tail[i] = valid(out.Tail[i])
	}
	return &out
}

func (s Spec) canonical() Spec {
	s.Clauses = list(s.Clauses)
	s.Covers = optional(s.Covers)
	s.Reason = valid(s.Reason)
	s.Measures = slices.Clone(s.Measures)
	slices.SortStableFunc(s.Measures, func(a, b Measure) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value)) })
	if len(s.Measures) == 0 {
		s.Measures = nil
	}
	s.Faults = slices.Clone(s.Faults)
	for i := range s.Faults {
		s.Faults[i].At = s.Faults[i].At.UTC()
	}
	if s.Reason == "" && s.State != Passed {
		s.Reason = "no reason was given"
	}
	if s.Failure != nil {
		f := *s.Failure
		f.Expected, f.Seen, f.Cause = valid(f.Expected), valid(f.Seen), valid(f.Cause)
		f.Look, f.Evidence = optional(f.Look), optional(f.Evidence)
		s.Failure = &f
	}
	return s
}

// Normalised gives a copy without what differs between runs of equal outcome:
// Run.ID, Run.Seed, Run.Started, Run.Finished, Run.Steps, Process.Tail, every
// DurationSeconds, WaitSeconds, Faults and every Measure.Value. What is left of two runs that came
// to the same verdicts on the same cluster is equal byte for byte.
func (r *Report) Normalised() *Report {
	out := r.canonical()
	out.Run.ID, out.Run.Seed = "", 0
	out.Run.Started, out.Run.Finished = time.Time{}, time.Time{}
	out.Run.Steps = []Step{}
	if p := out.Environment.Subject.Process; p != nil {
		p.Tail = []string{}
	}
	for i := range out.Specs {
		out.Specs[i].DurationSeconds, out.Specs[i].WaitSeconds, out.Specs[i].Faults = 0, 0, nil
		for j := range out.Specs[i].Measures {
			out.Specs[i].Measures[j].Value = ""
		}
	}
	return out
}

// areas gives the areas of the specs, sorted.
func (r *Report) areas() []string {
	seen := map[string]bool{}
	for _, s := range r.Specs {
		seen[s.Area] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// sortedBy gives a sorted copy that is never nil.
func sortedBy[T any](in []T, key func(T) string) []T {
	out := list(in)
	slices.SortStableFunc(out, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
	return out
}

// list gives a copy that is never nil.
func list[T any](in []T) []T { return append([]T{}, in...) }

// optional gives a copy that is nil if empty, its text valid UTF-8.
func optional(in []string) []string {
	var out []string
	for _, s := range in {
		out = append(out, valid(s))
	}
	return out
}

// valid replaces what is not UTF-8, as container output may hold: JSON cannot carry it.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
