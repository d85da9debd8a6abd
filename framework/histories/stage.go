package histories

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/framework"
)

// Verdict is what became of a sequence.
type Verdict string

// What may become of a sequence.
const (
	// Passed: it was played to its end, and nothing stands against the controller.
	Passed Verdict = "passed"
	// Failed: it shows the controller to be wrong.
	Failed Verdict = "failed"
	// Unknown: something else prevented a verdict.
	Unknown Verdict = "unknown"
	// Stopped: it was not played to its end, because the run ended before.
	Stopped Verdict = "stopped"
)

// Outcome is what became of a sequence, and why.
type Outcome struct {
	Sequence Sequence `json:"sequence"`
	Verdict  Verdict  `json:"verdict"`
	// At is the edit at which the sequence stood.
	At string `json:"at,omitempty"`
	// Failure explains a sequence that did not pass.
	Failure *framework.Failure `json:"failure,omitempty"`
	// Notes are the edits that came to something else than they say.
	Notes []string `json:"notes,omitempty"`
	// Deviations are the known ones of released Kubernetes that were met.
	Deviations []string `json:"deviations,omitempty"`
	// Seconds is how long it took, the wait for nodes left out.
	Seconds float64 `json:"seconds"`
}

// Broken names what was broken, so that a smaller sequence is one only if it
// breaks the same: a rule's name, or the sentence that did not hold.
func (o Outcome) Broken() string {
	if o.Failure == nil {
		return ""
	}
	text := o.Failure.Expected
	for _, end := range []string{", within ", ", which holds at every instant", ": the controller is at rest"} {
		text, _, _ = strings.Cut(text, end)
	}
	return text
}

// Stage plays sequences on a cluster, each in a namespace and on nodes of its
// own, so that several may be played at once.
type Stage struct {
	// Cluster is the one under judgement; nodes must be able to join and leave it.
	Cluster clusters.Cluster
	// Settings are as for the specs of a run; bundles of failures go below OutDir.
	Settings framework.Settings

	// brief says that a sequence is only tried.
	brief bool
}

// Play plays one sequence. id must be unique among those played at once, and a
// DNS label of at most 40 letters; the bundle of a failure has it for a name.
func (s Stage) Play(ctx context.Context, id string, seq Sequence) Outcome {
	out := Outcome{Sequence: seq}
	begun := time.Now()
	r := &reporter{}
	var p *player
	spec := framework.Spec{
		ID: id, Area: framework.RollingUpdate, Title: "history " + id, Level: framework.Core,
		Behaviour: "Whatever edits led to it, a DaemonSet MUST come to the state of a fresh one with the same specification on the same nodes.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset", "DaemonSet spec: desired state"},
		Why:       "What a controller has come to must follow from what is wanted now, never from the way by which that came about.",
		Needs:     []framework.Ability{framework.AddNode, framework.RemoveNode},
		Nodes:     framework.NodeNeed{Workers: seq.Nodes, Exclusive: true, Topology: true},
		Limit:     limit,
		Except:    map[string]string{budget: "a known deviation of released Kubernetes is told apart before it is judged, at the sequence's end"},
		Body: func(ctx context.Context, e *framework.Env) {
			p = newPlayer(e, seq)
			p.play(ctx)
			p.judgeBudget()
		},
	}
	r.run(func() { framework.Execute(ctx, s.Cluster, s.Settings, spec, r) })
	r.close(ctx)
	out.Seconds = (time.Since(begun) - r.waited).Seconds()
	if p != nil {
		out.At, out.Notes, out.Deviations = p.at, p.deeds, p.deviations
	}
	out.Verdict, out.Failure = r.verdict(ctx)
	switch dir := filepath.Join(s.Settings.OutDir, "failures", id); {
	case s.brief:
		// What is left would be a bundle for each of a hundred tries.
		_ = os.RemoveAll(dir)
	case out.Verdict == Failed || out.Verdict == Unknown:
		// The sequence stands in the report too.
		if os.MkdirAll(dir, 0o755) == nil {
			_ = Write(filepath.Join(dir, SequenceFile), seq)
		}
	}
	return out
}

// Brief implements Player: what is only tried may be given up earlier, for what
// it shows is judged once more. Nothing is kept of it.
func (s Stage) Brief() Player {
	t := &s.Settings.Timeouts
	t.Placement, t.Rollout, t.PerNode, t.Reaction = t.Placement/2, t.Rollout/2, t.PerNode/2, t.Reaction/2
	s.brief = true
	return s
}

// limit bounds one sequence: some minute each for a node that leaves and for a
// rollout that was held up, and room for the rest.
const limit = 20 * time.Minute

// SequenceFile is the name of a sequence's file in the bundle of its failure.
const SequenceFile = "sequence.yaml"
