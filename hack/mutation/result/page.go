package result

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Page makes docs/mutation.md of a result and of what Kubernetes' own specs made
// of the same mutants, nil if they were not run.
func Page(r *Result, upstream map[string]Upstream) string {
	p := &page{r: r, upstream: upstream}
	p.head()
	p.scores()
	p.killed()
	p.survived()
	p.equivalent()
	p.open()
	p.specs()
	return p.String()
}

type page struct {
	strings.Builder
	r        *Result
	upstream map[string]Upstream
}

func (p *page) linef(format string, args ...any) {
	fmt.Fprintf(p, format+"\n", args...)
}

func (p *page) head() {
	r := p.r
	p.linef("# Mutation score of the suite\n")
	p.linef("<!-- Generated from out/mutation.json by `make mutation`; `go run ./hack/mutation --page` makes it again. -->\n")
	p.linef("A mutant is the stock DaemonSet controller with one defect. The suite is to kill it: at least one spec must fail. Each was judged")
	p.linef("on simulated nodes, on a control plane of its own, first by the specs of its clauses and, if none of them failed, by the whole suite%s.", unless(r.Matrix, ", up to the first failure", "; here all specs were run against all mutants"))
	p.linef("A spec without a verdict kills nothing, and a kill by a spec outside the mutant's clauses counts only if the spec fails a second time.\n")
	p.linef("| | |\n|---|---|")
	p.linef("| Date | %s |", r.Finished.UTC().Format(time.DateOnly))
	p.linef("| Suite | %s, %d specs |", r.Version, len(r.Specs))
	p.linef("| Kubernetes | %s |", r.Kubernetes)
	p.linef("| Programs | sha256:%s |", r.Key)
	p.linef("| Machine | %s |", cell(r.Machine.String()))
	p.linef("| Duration | %s, %d mutants at once |", rounded(r.Seconds), r.Jobs)
	p.linef("| Unmutated controller, by the same way | %s |", baseline(r.Baseline))
}

func baseline(b Baseline) string {
	text := fmt.Sprintf("%d specs passed, %d cannot be judged on simulated nodes, in %s", b.Passed, len(b.Skipped), rounded(b.Seconds))
	if len(b.Repeated) > 0 {
		text += "; passed only when run again: " + strings.Join(b.Repeated, ", ")
	}
	return text
}

func (p *page) scores() {
	p.linef("\n## Score\n")
	p.linef("Killed of those that were tried: one on which the trials gave no verdict counts as not killed. Equivalent mutants, and those that were not tried, are left out.\n")
	p.linef("| Area | Mutants | Killed | Survived | Equivalent | Unjudged | Error | Not run | Score | Kubernetes' own DaemonSet specs |\n|---|---|---|---|---|---|---|---|---|---|")
	for _, s := range p.r.Scores() {
		c := s.Counts
		p.linef("| %s | %d | %d | %d | %d | %d | %d | %d | %s | %s |", s.Of, s.Total(), c[Killed], c[Survived], c[Equivalent], c[Unjudged], c[Broken], c[Pending], s, p.theirs(s.Of))
	}
}

// theirs is the score of Kubernetes' own specs in an area.
func (p *page) theirs(area string) string {
	if p.upstream == nil {
		return "not run"
	}
	s := Score{Counts: map[State]int{}}
	for _, m := range p.r.Mutants {
		if u, ok := p.upstream[m.ID]; ok && m.State != Equivalent && (area == "all" || area == m.Area) {
			s.Counts[u.State]++
		}
	}
	return s.String()
}

// their is the verdict of Kubernetes' own specs on a mutant.
func (p *page) their(id string) string {
	u, ok := p.upstream[id]
	switch {
	case !ok:
		return "not run"
	case u.State == Killed:
		return "killed by " + cell(strings.Join(u.KilledBy, "; "))
	}
	return string(u.State)
}

func (p *page) killed() {
	killed := p.r.In(Killed)
	p.linef("\n## Killed (%d)\n", len(killed))
	if len(killed) == 0 {
		p.linef("None.")
		return
	}
	p.linef("| Mutant | Area | What a user would notice | Killed by | Seconds until it failed | Seconds in all | Kubernetes' own DaemonSet specs |\n|---|---|---|---|---|---|---|")
	for _, m := range killed {
		var by, after []string
		for _, k := range m.KilledBy {
			by, after = append(by, k.Spec), append(after, fmt.Sprintf("%.0f", k.Seconds))
		}
		p.linef("| %s | %s | %s | %s | %s | %.0f | %s |", m.ID, m.Area, cell(m.Notice), strings.Join(by, ", "), strings.Join(after, ", "), m.Seconds, p.their(m.ID))
	}
	for _, m := range p.r.Disproved() {
		p.linef("\n**%s was declared equivalent, and is not: %s tells it from the controller as it is.**", m.ID, m.KilledBy[0].Spec)
	}
}

func (p *page) survived() {
	survivors := p.r.In(Survived)
	p.linef("\n## Survived (%d)\n", len(survivors))
	if len(survivors) == 0 {
		p.linef("None.")
		return
	}
	p.linef("| Mutant | Area | What a user would notice | Clauses meant to kill it | Failed once, not twice | Kubernetes' own DaemonSet specs |\n|---|---|---|---|---|---|")
	for _, m := range survivors {
		p.linef("| %s | %s | %s | %s | %s | %s |", m.ID, m.Area, cell(m.Notice), strings.Join(m.Clauses, ", "), strings.Join(m.Unconfirmed, ", "), p.their(m.ID))
	}
}

func (p *page) equivalent() {
	equal := p.r.In(Equivalent)
	p.linef("\n## Equivalent (%d)\n", len(equal))
	if len(equal) == 0 {
		p.linef("None.")
		return
	}
	p.linef("Declared so, with the reason why no observer of the API can tell it from the controller as it is; the specs of its clauses did not fail either.\n")
	p.linef("| Mutant | Area | Proof | Kubernetes' own DaemonSet specs |\n|---|---|---|---|")
	for _, m := range equal {
		p.linef("| %s | %s | %s | %s |", m.ID, m.Area, cell(m.Proof), p.their(m.ID))
	}
}

// open lists what has no verdict.
func (p *page) open() {
	open := slices.Concat(p.r.In(Unjudged), p.r.In(Broken), p.r.In(Pending))
	p.linef("\n## Without a verdict (%d)\n", len(open))
	if len(open) == 0 {
		p.linef("None.")
		return
	}
	p.linef("| Mutant | Area | State | Why |\n|---|---|---|---|")
	for _, m := range open {
		p.linef("| %s | %s | %s | %s |", m.ID, m.Area, m.State, cell(why(m)))
	}
}

// why says what is known of a mutant without a verdict. What a program printed
// before its own error names folders of one machine and is left out.
func why(m Mutant) string {
	reason := m.Reason
	if _, own, ok := strings.Cut(reason, "Error: "); ok {
		reason, _, _ = strings.Cut(own, "; the logs are in ")
	}
	if m.State != Pending || m.Seconds == 0 {
		return reason
	}
	const tried = "no spec of its clauses failed, and the run ended before the whole suite was done"
	if reason == "" {
		return tried
	}
	return tried + "; " + reason
}

func (p *page) specs() {
	p.linef("\n## Specs that kill nothing alone\n")
	if !p.r.Matrix {
		p.linef("Not known: this run ended with the first kill of each mutant. `make mutation KILLS=all` runs every spec against every mutant.")
	} else {
		never, notAlone := p.r.Idle()
		p.linef("%d specs kill no mutant: %s\n", len(never), ids(never))
		p.linef("%d more kill none alone, for each mutant they kill another spec kills, too: %s", len(notAlone), ids(notAlone))
	}
	without := p.r.WithoutMutant()
	p.linef("\n## Specs without a mutant (%d)\n", len(without))
	p.linef("No mutant lists them among its clauses.\n")
	if len(without) == 0 {
		p.linef("None.")
		return
	}
	p.linef("| Area | Specs |\n|---|---|")
	for len(without) > 0 {
		area := without[0].Area
		var of []Spec
		for len(without) > 0 && without[0].Area == area {
			of, without = append(of, without[0]), without[1:]
		}
		p.linef("| %s | %s |", area, ids(of))
	}
}

func ids(specs []Spec) string {
	if len(specs) == 0 {
		return "none"
	}
	var out []string
	for _, s := range specs {
		out = append(out, s.ID)
	}
	return strings.Join(out, ", ")
}

func unless(b bool, no, yes string) string {
	if b {
		return yes
	}
	return no
}

// cell keeps a text within a table's cell.
func cell(s string) string { return strings.NewReplacer("|", `\|`, "\n", " ").Replace(s) }

func rounded(seconds float64) string {
	return time.Duration(seconds * float64(time.Second)).Round(time.Second).String()
}
