package histories

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/dsconform/dsconform/framework"
)

// table is a Player that fails sequences by a rule of its own.
type table struct {
	fails func(Sequence) bool
	mu    *sync.Mutex
	ids   map[string]bool
	brief *int
}

func tableOf(fails func(Sequence) bool) table {
	return table{fails: fails, mu: &sync.Mutex{}, ids: map[string]bool{}, brief: new(int)}
}

func (p table) Play(ctx context.Context, id string, s Sequence) Outcome {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ids[id] {
		panic("ID " + id + " is used twice")
	}
	p.ids[id] = true
	switch {
	case ctx.Err() != nil:
		return Outcome{Sequence: s, Verdict: Stopped}
	case p.fails(s):
		return Outcome{Sequence: s, Verdict: Failed, Failure: failure()}
	}
	return Outcome{Sequence: s, Verdict: Passed}
}

func (p table) Brief() Player { *p.brief++; return p }

func campaign(p Player) Campaign {
	c := Campaign{Stage: p, Lanes: 4, Shrink: 1 << 40, Progress: func(Progress) {}}
	for i := range 60 {
		c.Sequences = append(c.Sequences, Draw(9, i+1))
	}
	return c
}

func TestCampaignThatPasses(t *testing.T) {
	t.Parallel()
	c := campaign(tableOf(func(Sequence) bool { return false }))
	var mu sync.Mutex
	told := map[int]bool{}
	c.Progress = func(p Progress) {
		mu.Lock()
		defer mu.Unlock()
		told[p.Done] = p.All == 60 && !p.Tried
	}
	r := c.Run(t.Context())
	if r.Failed != nil || r.Minimal != nil || len(r.Outcomes) != 60 || len(told) != 60 || !told[60] {
		t.Errorf("%d outcomes, %d told of, failed %v", len(r.Outcomes), len(told), r.Failed)
	}
}

func TestCampaignShrinksTheFirstThatFails(t *testing.T) {
	t.Parallel()
	p := tableOf(func(s Sequence) bool { return does(s, Undo) })
	r := campaign(p).Run(t.Context())
	switch {
	case r.Failed == nil || r.Minimal == nil || !r.Least || r.Tried == 0:
		t.Fatalf("%+v", r)
	case len(r.Outcomes) == 60:
		t.Error("after the failure all others were played")
	case len(r.Minimal.Sequence.Edits) != 1 || !does(r.Minimal.Sequence, Undo) || r.Minimal.Verdict != Failed:
		t.Errorf("the minimum is %+v", r.Minimal)
	case r.Minimal.Sequence.Name != "the minimum of "+r.Failed.Sequence.Name:
		t.Errorf("it is called %q", r.Minimal.Sequence.Name)
	case *p.brief != 1 || !p.ids["minimal"]:
		t.Error("the tries were not brief ones, or the minimum was not played once more")
	}
}

func TestCampaignThatIsStopped(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	p := tableOf(func(Sequence) bool { cancel(); return false })
	var r Report
	r.Fill(60, campaign(p).Run(ctx))
	if r.NotRun == 0 || r.Passed == 0 || r.Passed+r.NotRun != 60 {
		t.Errorf("%+v", r)
	}
}

func TestBroken(t *testing.T) {
	t.Parallel()
	for expected, want := range map[string]string{
		"invariant max-surge, which holds at every instant: the rule":                         "invariant max-surge",
		"invariant quiescence: the controller is at rest for 4s, within 1m30s after":          "invariant quiescence",
		"history: the end is that, within 2m0s (and the controller's first write within 30s)": "history: the end is that",
	} {
		o := Outcome{Failure: &framework.Failure{Expected: expected}}
		if got := o.Broken(); got != want {
			t.Errorf("%q breaks %q, want %q", expected, got, want)
		}
	}
	if (Outcome{}).Broken() != "" {
		t.Error("what passed breaks something")
	}
}

func TestReporter(t *testing.T) {
	t.Parallel()
	environment := framework.Failure{Class: framework.EnvironmentFault, Expected: "it works", Seen: "it does not"}
	for name, tc := range map[string]struct {
		do   func(*reporter)
		want Verdict
		seen string
	}{
		"passes":           {func(*reporter) {}, Passed, ""},
		"fails":            {func(r *reporter) { r.Entry(framework.EntryFailure, *failure()); r.Fail("") }, Failed, "beside an available"},
		"environment":      {func(r *reporter) { r.Entry(framework.EntryFailure, environment); r.Fail("") }, Unknown, "it does not"},
		"skips":            {func(r *reporter) { r.Skip("no nodes") }, Unknown, "no nodes"},
		"cannot be judged": {func(r *reporter) { r.Entry(framework.EntryUnknown, "a gap") }, Unknown, "a gap"},
		"panics":           {func(*reporter) { panic("surprise") }, Unknown, "surprise"},
		"fails in a clean-up": {func(r *reporter) {
			r.Defer(func(context.Context) { r.Entry(framework.EntryUnknown, "not cleaned up") })
		}, Unknown, "not cleaned up"},
	} {
		r := &reporter{}
		r.run(func() { tc.do(r) })
		r.close(t.Context())
		got, f := r.verdict(t.Context())
		if got != tc.want || f != nil && !strings.Contains(f.Seen, tc.seen) || (f == nil) != (tc.seen == "") {
			t.Errorf("%s: %s, %+v", name, got, f)
		}
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	r := &reporter{}
	r.run(func() { r.Entry(framework.EntryFailure, environment); r.Fail("") })
	if got, _ := r.verdict(stopped); got != Stopped {
		t.Errorf("what an interrupt stopped is %s", got)
	}
}
