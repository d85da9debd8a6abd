package histories

import (
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/intstr"
)

// Sequence is one history to be played: where it starts, and what is then done,
// one edit after the other.
type Sequence struct {
	// Name tells where the sequence comes from, as "seed 7, number 12".
	Name string `json:"name,omitempty"`
	// Nodes is how many nodes there are at the start; they are numbered from 1.
	// Odd ones are of tier "a", even ones of tier "b". Joining ones get further numbers.
	Nodes int `json:"nodes"`
	// Start is the DaemonSet as it is created, and rolled out before the first edit.
	Start Start `json:"start"`
	// Edits are done in their order.
	Edits []Edit `json:"edits"`
}

// Start is a DaemonSet as it is created.
type Start struct {
	Template        Template `json:"template"`
	Strategy        Strategy `json:"strategy"`
	MinReadySeconds int32    `json:"minReadySeconds,omitempty"`
}

// Template is a pod template, by what is varied of it. Two templates with the
// same values are equal, so that a history can return to an earlier one.
type Template struct {
	// Version is an annotation and an environment variable: the pods are others, and live alike.
	Version int `json:"version,omitempty"`
	// Label is the value of a further label, beside those that the selector asks for.
	Label string `json:"label,omitempty"`
	// Tier restricts the pods to nodes of that tier by the nodeSelector.
	Tier string `json:"tier,omitempty"`
	// Tolerates says that the taint which the edits set is tolerated, whatever its effect.
	Tolerates bool `json:"tolerates,omitempty"`
	// Stuck says that no pod becomes ready: a readiness gate that nobody opens.
	Stuck bool `json:"stuck,omitempty"`
}

// Strategy is an update strategy.
type Strategy struct {
	// OnDelete says that only a user's hand replaces pods; the bounds are of no meaning then.
	OnDelete bool `json:"onDelete,omitempty"`
	// MaxUnavailable and MaxSurge are numbers or percentages of a RollingUpdate.
	MaxUnavailable string `json:"maxUnavailable,omitempty"`
	MaxSurge       string `json:"maxSurge,omitempty"`
}

// Do is what an edit does.
type Do string

// What an edit may do.
const (
	// SetTemplate replaces the pod template.
	SetTemplate Do = "template"
	// SetStrategy replaces the update strategy.
	SetStrategy Do = "strategy"
	// SetMinReady sets minReadySeconds.
	SetMinReady Do = "min-ready-seconds"
	// Undo returns to the template of an earlier ControllerRevision, as kubectl rollout undo does.
	Undo Do = "undo"
	// DeletePod deletes the node's pod.
	DeletePod Do = "delete-pod"
	// FailPod makes the node's pod Failed, as a kubelet does.
	FailPod Do = "fail-pod"
	// LabelNode puts the node into another tier, or none.
	LabelNode Do = "label-node"
	// TaintNode sets the history's taint on the node, with the effect.
	TaintNode Do = "taint-node"
	// UntaintNode takes the taint off the node, whatever its effect.
	UntaintNode Do = "untaint-node"
	// Cordon and Uncordon are about the node's spec.unschedulable.
	Cordon   Do = "cordon"
	Uncordon Do = "uncordon"
	// Join makes a node join, and Leave takes one that has joined away for good.
	Join  Do = "join"
	Leave Do = "leave"
)

// Dos lists all that an edit may do.
func Dos() []Do {
	return []Do{SetTemplate, SetStrategy, SetMinReady, Undo, DeletePod, FailPod, LabelNode, TaintNode, UntaintNode, Cordon, Uncordon, Join, Leave}
}

// onNode tells whether the edit is about one node.
func (d Do) onNode() bool {
	return !slices.Contains([]Do{SetTemplate, SetStrategy, SetMinReady, Undo}, d)
}

// Then is what is waited for after an edit. Each of them is bounded, and only
// the last two are judged: whatever was done, a controller must get there.
type Then string

// What may be waited for.
const (
	// AtOnce waits for nothing.
	AtOnce Then = "at-once"
	// Moved waits until a pod of the DaemonSet was created, or its deletion began, or for a moment.
	Moved Then = "moved"
	// Observed waits until the controller has observed the generation.
	Observed Then = "observed"
	// Settled waits until the DaemonSet is rolled out, as far as its strategy does that.
	Settled Then = "settled"
)

// Thens lists all that may be waited for, the tamest last.
func Thens() []Then { return []Then{AtOnce, Moved, Observed, Settled} }

// Edit is one step of a history.
type Edit struct {
	Do Do `json:"do"`
	// Node is the number of the node it is about.
	Node int `json:"node,omitempty"`
	// Template, Strategy and MinReadySeconds are the new values.
	Template        *Template `json:"template,omitempty"`
	Strategy        *Strategy `json:"strategy,omitempty"`
	MinReadySeconds *int32    `json:"minReadySeconds,omitempty"`
	// Tier is the node's new one; empty for none.
	Tier string `json:"tier,omitempty"`
	// Effect is the taint's.
	Effect string `json:"effect,omitempty"`
	// Back says how many revisions Undo goes back, from 1; if there are not as
	// many, to the oldest.
	Back int `json:"back,omitempty"`
	// Force says that DeletePod leaves the pod no grace.
	Force bool `json:"force,omitempty"`
	// Then is what is waited for before the next edit.
	Then Then `json:"then"`
}

// The most that a sequence may have of each: a lane is leased so many nodes.
const (
	MostNodes = 4
	MostEdits = 40
)

// Check says all that is wrong with the sequence; nil if it can be played.
func (s Sequence) Check() error {
	var wrong []error
	say := func(bad bool, format string, args ...any) {
		if bad {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	say(s.Nodes < 1 || s.Nodes > MostNodes, "nodes is %d; it must be from 1 to %d", s.Nodes, MostNodes)
	say(len(s.Edits) > MostEdits, "there are %d edits; at most %d can be played", len(s.Edits), MostEdits)
	for _, p := range slices.Concat(s.Start.Template.problems(), s.Start.Strategy.problems()) {
		say(true, "start: %s", p)
	}
	say(s.Start.Template.Stuck, "start: a stuck template is never rolled out")
	say(s.Start.MinReadySeconds < 0, "start: minReadySeconds is %d; it must be 0 or more", s.Start.MinReadySeconds)
	there := book{}
	there.open(s.Nodes)
	for i, e := range s.Edits {
		for _, p := range slices.Concat(e.problems(), there.take(e)) {
			say(true, "edit %d: %s", i+1, p)
		}
	}
	return errors.Join(wrong...)
}

func (t Template) problems() []string {
	var out []string
	if !slices.Contains(tiers(), t.Tier) {
		out = append(out, fmt.Sprintf("tier %q is neither empty, a nor b", t.Tier))
	}
	if !slices.Contains(tiers(), t.Label) {
		out = append(out, fmt.Sprintf("label %q is neither empty, a nor b", t.Label))
	}
	if t.Version < 0 {
		out = append(out, fmt.Sprintf("version is %d; it must be 0 or more", t.Version))
	}
	return out
}

// problems leaves the rest to the API server: that the bounds can be read, and
// are not both zero, is what a typing error would break.
func (s Strategy) problems() []string {
	if s.OnDelete {
		return nil
	}
	var out []string
	zero := true
	for _, bound := range []struct{ name, value string }{{"maxUnavailable", s.MaxUnavailable}, {"maxSurge", s.MaxSurge}} {
		v := intstr.Parse(bound.value)
		n, err := intstr.GetScaledValueFromIntOrPercent(&v, 100, true)
		if err != nil || n < 0 || n > 100 {
			out = append(out, fmt.Sprintf("%s is %q; it must be a number or a percentage", bound.name, bound.value))
		}
		zero = zero && n == 0
	}
	if zero && len(out) == 0 {
		out = append(out, "maxUnavailable and maxSurge are both 0")
	}
	return out
}

func (e Edit) problems() []string {
	var out []string
	say := func(bad bool, format string, args ...any) {
		if bad {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	say(!slices.Contains(Dos(), e.Do), "do is %q, which is none of %v", e.Do, Dos())
	say(!slices.Contains(Thens(), e.Then), "then is %q, which is none of %v", e.Then, Thens())
	say((e.Do == SetTemplate) != (e.Template != nil), "template goes with do: %s", SetTemplate)
	say((e.Do == SetStrategy) != (e.Strategy != nil), "strategy goes with do: %s", SetStrategy)
	say((e.Do == SetMinReady) != (e.MinReadySeconds != nil), "minReadySeconds goes with do: %s", SetMinReady)
	say(e.MinReadySeconds != nil && *e.MinReadySeconds < 0, "minReadySeconds must be 0 or more")
	say((e.Do == Undo) != (e.Back > 0), "back, 1 or more, goes with do: %s", Undo)
	say((e.Do == TaintNode) != slices.Contains(effects(), e.Effect), "effect, one of %v, goes with do: %s", effects(), TaintNode)
	say(!slices.Contains(tiers(), e.Tier) || e.Tier != "" && e.Do != LabelNode && e.Do != Join, "tier, a or b, goes with do: %s and %s", LabelNode, Join)
	say(e.Force && e.Do != DeletePod, "force goes with do: %s", DeletePod)
	if e.Template != nil {
		out = append(out, e.Template.problems()...)
	}
	if e.Strategy != nil {
		out = append(out, e.Strategy.problems()...)
	}
	return out
}

func tiers() []string   { return []string{"", "a", "b"} }
func effects() []string { return []string{"NoSchedule", "NoExecute", "PreferNoSchedule"} }
