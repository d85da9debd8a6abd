package reports

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dsconform/dsconform/internal/exit"
)

// slowest is how many of the slowest specs the summary names.
const slowest = 5

// WriteSummary writes what a reader wants to know at the end of a run: what
// was judged, the counts by area, each spec that did not pass with its
// explanation, what was skipped and why, and last, in one line, the verdict.
// colour adds ANSI colours.
func (r *Report) WriteSummary(w io.Writer, colour bool) error {
	s := summary{Report: r.canonical(), colour: colour}
	s.head()
	s.table()
	s.explained("FAILED", red, func(sp Spec) bool { return sp.State == Failed })
	s.explained("UNKNOWN", yellow, func(sp Spec) bool { return sp.State != Passed && sp.State != Failed && sp.State != Skipped })
	s.skipped()
	s.measured()
	s.slow()
	s.verdict()
	if _, err := w.Write(s.b.Bytes()); err != nil {
		return exit.Environmentf("write the summary: %w", err)
	}
	return nil
}

// ANSI colours (SGR parameters).
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	bold   = "1"
)

type summary struct {
	*Report
	b      bytes.Buffer
	colour bool
}

func (s *summary) linef(format string, args ...any) {
	fmt.Fprintf(&s.b, format+"\n", args...)
}

func (s *summary) paint(tint, text string) string {
	if !s.colour {
		return text
	}
	return "\x1b[" + tint + "m" + text + "\x1b[0m"
}

func (s *summary) head() {
	env := s.Environment
	s.linef("%s", s.paint(bold, "dsconform "+clean(env.Suite.Version)))
	s.linef("  subject   %s", clean(env.Subject.text()))
	s.process(env.Subject.Process)
	s.linef("  cluster   %s, Kubernetes %s, %s", clean(env.Provider), clean(env.KubernetesVersion), s.nodes())
	s.linef("  run       %s, seed %d, %s", clean(s.Run.ID), s.Run.Seed, span(s.Run.Finished.Sub(s.Run.Started)))
	if s.Run.Selection != "" {
		s.linef("  selection %s", clean(s.Run.Selection))
	}
	for _, t := range s.Run.Trouble {
		s.linef("  trouble   %s", s.paint(yellow, clean(firstLine(t))))
	}
	s.linef("")
}

// tailShown is how many of the last lines of a subject's log the summary shows.
const tailShown = 5

// process says what there is to say of a subject that did not simply run.
func (s *summary) process(p *Process) {
	if p == nil || p.Restarts == 0 && !p.Silent {
		return
	}
	if p.Silent {
		s.linef("            %s", s.paint(yellow, "wrote nothing in the time it was given at the start"))
	}
	if p.Restarts > 0 {
		s.linef("            %s", s.paint(yellow, fmt.Sprintf("ended unasked %s and was started again; the last time it %s", count(p.Restarts, "time"), clean(p.LastExit))))
	}
	if len(p.Tail) == 0 {
		s.linef("            its log, %s, is empty", clean(p.Log))
		return
	}
	s.linef("            the end of its log, %s:", clean(p.Log))
	for _, line := range p.Tail[max(0, len(p.Tail)-tailShown):] {
		s.linef("              %s", clean(line))
	}
}

func (s *summary) nodes() string {
	ready, simulated := 0, 0
	for _, n := range s.Environment.Nodes {
		if n.Ready {
			ready++
		}
		if n.Simulated {
			simulated++
		}
	}
	text := fmt.Sprintf("%s (%d ready)", count(len(s.Environment.Nodes), "node"), ready)
	if simulated > 0 {
		text = fmt.Sprintf("%s (%d ready, %d simulated)", count(len(s.Environment.Nodes), "node"), ready, simulated)
	}
	return text
}

// table gives the counts by area.
func (s *summary) table() {
	w := tabwriter.NewWriter(&s.b, 0, 0, 3, ' ', tabwriter.AlignRight)
	// The first column is aligned left by hand: tabwriter aligns all or none.
	width := len("TOTAL")
	for _, a := range s.areas() {
		width = max(width, len(a))
	}
	row := func(name string, cells ...any) {
		fmt.Fprintf(w, "%-*s\t", width, clean(name))
		for _, c := range cells {
			fmt.Fprintf(w, "%v\t", c)
		}
		fmt.Fprintln(w)
	}
	row("AREA", "PASSED", "FAILED", "UNKNOWN", "SKIPPED", "TIME")
	total := 0.0
	for _, area := range s.areas() {
		n, took := map[State]int{}, 0.0
		for _, sp := range s.Specs {
			if sp.Area == area {
				n[sp.State]++
				took += sp.work()
			}
		}
		total += took
		row(area, n[Passed], n[Failed], n[Unknown], n[Skipped], specTime(took))
	}
	row("TOTAL", s.Summary.Passed, s.Summary.Failed, s.Summary.Unknown, s.Summary.Skipped, specTime(total))
	// A bytes.Buffer takes all that is written to it.
	_ = w.Flush()
}

// explained lists the specs in which holds, each with its explanation.
func (s *summary) explained(title, tint string, in func(Spec) bool) {
	for _, sp := range s.Specs {
		if !in(sp) {
			continue
		}
		mark := title
		if sp.SuiteFault {
			mark += " (fault of the suite)"
		}
		if sp.Provisional {
			mark += " (provisional, binds nobody yet)"
		}
		s.linef("\n%s %s %s", s.paint(tint, mark), clean(sp.ID), clean(sp.Name))
		for line := range strings.Lines(explanation(sp)) {
			s.linef("  %s", strings.TrimSuffix(line, "\n"))
		}
	}
}

// skipped groups what was skipped by its reason, the largest group first.
func (s *summary) skipped() {
	ids := map[string][]string{}
	var reasons []string
	for _, sp := range s.Specs {
		if sp.State != Skipped {
			continue
		}
		why := firstLine(sp.Reason)
		if len(ids[why]) == 0 {
			reasons = append(reasons, why)
		}
		ids[why] = append(ids[why], sp.ID)
	}
	if len(reasons) == 0 {
		return
	}
	slices.SortStableFunc(reasons, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(ids[b]), len(ids[a])), cmp.Compare(a, b))
	})
	s.linef("\nSKIPPED")
	for _, why := range reasons {
		s.linef("  %d: %s: %s", len(ids[why]), clean(why), clean(strings.Join(ids[why], ", ")))
	}
}

// measured lists the figures that specs took, as the lag of a known deviation.
func (s *summary) measured() {
	title := "\nMEASURED"
	for _, sp := range s.Specs {
		for _, m := range sp.Measures {
			if title != "" {
				s.linef("%s", title)
				title = ""
			}
			s.linef("  %s %s: %s", clean(sp.ID), clean(m.Name), clean(m.Value))
		}
	}
}

func (s *summary) slow() {
	specs := slices.DeleteFunc(slices.Clone(s.Specs), func(sp Spec) bool { return sp.DurationSeconds == 0 })
	if len(specs) == 0 {
		return
	}
	slices.SortStableFunc(specs, func(a, b Spec) int { return cmp.Compare(b.work(), a.work()) })
	s.linef("\nSLOWEST")
	for _, sp := range specs[:min(slowest, len(specs))] {
		s.linef("  %8s  %s %s", specTime(sp.work()), clean(sp.ID), clean(sp.Name))
	}
}

func (s *summary) verdict() {
	tint := red
	switch codeOf(s.Summary.Verdict) {
	case exit.Conformant:
		tint = green
	case exit.Environment:
		tint = yellow
	case exit.NotConformant, exit.Usage, exit.Internal:
	}
	sum := s.Summary
	s.linef("\n%d passed, %d failed, %d unknown, %d skipped", sum.Passed, sum.Failed, sum.Unknown, sum.Skipped)
	s.linef("%s %s", s.paint(tint, "VERDICT: "+string(sum.Verdict)+":"), clean(firstLine(sum.Reason)))
}

func specTime(s float64) string { return fmt.Sprintf("%.1fs", s) }

// span is a duration as people say it.
func span(d time.Duration) string { return d.Round(time.Second).String() }
