package main

import (
	"fmt"
	"strings"
	"time"
)

// page makes docs/reliability.md of the summary.
func page(s summary) string {
	var b strings.Builder
	linef := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	linef("# Reliability of the verdicts\n")
	linef("<!-- Generated from docs/reliability.jsonl by `make soak`, a line of it for each run. -->\n")
	linef("The stock controller is right, so that every spec has to pass. It was judged again and again on simulated nodes, as a program of its")
	linef("own behind the proxy that sets faults, each time with another seed, and with 0 to %d busy loops at ordinary priority beside it, drawn", s.MaxLoops)
	linef("by that seed%s. What failed accuses a controller that is right; what stayed unknown is no accusation, and no verdict either.\n", beside(s.MinJobs, s.MaxJobs))
	linef("| | |\n|---|---|")
	linef("| Date | %s |", s.Finished.Format(time.DateOnly))
	linef("| Suite | %s, sha256:%s |", s.Version, s.Key)
	linef("| Kubernetes | %s |", s.Kubernetes)
	linef("| Machine | %s |", cell(s.Machine.String()))
	linef("| Runs | %d of %d%s, %s in all |", s.Runs, s.Wanted, sampled(s.Sample), time.Duration(s.Seconds*float64(time.Second)).Round(time.Minute))
	linef("| Runs in which everything passed | %d |", s.Clean)
	linef("| Runs without a report | %d |", len(s.Errors))
	linef("| Verdicts | %d, of them %d failed and %d unknown |", s.All.Judged, s.All.Failed, s.All.Unknown)
	linef("| Share that did not pass | %s; with 95 %% confidence at most %s |", share(s.All), percent(s.All.Upper))
	linef("| Budget | nothing may fail, every run must have a report, and that bound may be %s at most: %s |", percent(s.Budget), kept(s))
	linef("\nThe bounds are those of Clopper and Pearson, one-sided; where nothing went wrong in n verdicts, that is nearly 3/n.\n")
	linef("## Specs that did not always pass\n")
	var always []tally
	header := false
	for _, t := range s.Specs {
		if t.wrong() == 0 {
			always = append(always, t)
			continue
		}
		if !header {
			linef("| Spec | Judged | Failed | Unknown | Share | 95 %% bound | What it said |\n|---|---|---|---|---|---|---|")
			header = true
		}
		linef("| %s | %d | %d | %d | %s | %s | %s |", t.Spec, t.Judged, t.Failed, t.Unknown, share(t), percent(t.Upper), cell(strings.Join(t.Reasons, "; ")))
	}
	if !header {
		linef("None.")
	}
	linef("\n## Specs that always passed (%d)\n", len(always))
	if len(always) == 0 {
		linef("None.")
		return b.String()
	}
	least := always[0]
	for _, t := range always {
		if t.Judged < least.Judged {
			least = t
		}
	}
	linef("Each was judged %d times or more: with 95 %% confidence, each of them does not pass in at most %s of the runs.", least.Judged, percent(least.Upper))
	return b.String()
}

func sampled(n int) string {
	if n == 0 {
		return ", each of the whole suite"
	}
	return fmt.Sprintf(", each of %d specs drawn by the seed", n)
}

func beside(least, most int) string {
	switch {
	case most < 2:
		return ""
	case least == most:
		return fmt.Sprintf(", and %d such runs at once", most)
	}
	return fmt.Sprintf(", and %d to %d such runs at once", least, most)
}

func kept(s summary) string {
	if s.Over != "" {
		return "**exceeded: " + cell(s.Over) + "**"
	}
	return "kept"
}

func share(t tally) string {
	if t.Judged == 0 {
		return "-"
	}
	return percent(float64(t.wrong()) / float64(t.Judged))
}

func percent(p float64) string { return fmt.Sprintf("%.3g %%", 100*p) }

func cell(s string) string { return strings.NewReplacer("|", `\|`, "\n", " ").Replace(s) }
