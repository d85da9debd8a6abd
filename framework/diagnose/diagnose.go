package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dsconform/dsconform/framework/history"
)

// Class says at whose door the cause lies.
type Class string

// The classes of a cause.
const (
	// NonConformant is the controller under test.
	NonConformant Class = "nonconformant"
	// Environment is the cluster or the machine; only ever with proof.
	Environment Class = "environment"
	// Suite is what the spec itself asked for: its manifest or its own deeds.
	Suite Class = "suite"
	// Unclear is given when the recorded facts explain nothing; it does not
	// excuse the controller.
	Unclear Class = "unclear"
)

// Input is what a diagnosis looks at.
type Input struct {
	// State is the picture when the expectation was given up.
	State *history.State
	// Entries is the whole log, in the order of arrival.
	Entries []history.Entry
	// Namespace is the spec's; the state's own if empty.
	Namespace string
	// DaemonSet is the one the expectation is about. If empty, every DaemonSet of
	// the namespace is looked at, those that the expectation names first.
	DaemonSet string
	// Expectation is the sentence that did not come true, and Seen what was instead.
	Expectation, Seen string
	// Since is when the wait began.
	Since time.Time
	// Safety says that the expectation was that something never happens. Then no
	// trouble downstream excuses what did happen: the class is NonConformant.
	Safety bool
	// Refusing says that the spec itself has the API server refuse pods: that
	// the controller cannot create them excuses nothing then.
	Refusing bool
}

// Diagnosis is a likely cause.
type Diagnosis struct {
	// Class says at whose door it lies.
	Class Class
	// Cause is one or two sentences.
	Cause string
	// Evidence are the recorded facts behind it, a line each.
	Evidence []string
	// Look says what to look at next, a line each.
	Look []string
}

// String renders the diagnosis for a reader.
func (d Diagnosis) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "[%s] %s\n", d.Class, d.Cause)
	for _, e := range d.Evidence {
		fmt.Fprintf(&b, "  seen: %s\n", e)
	}
	for _, l := range d.Look {
		fmt.Fprintf(&b, "  look: %s\n", l)
	}
	return b.String()
}

// mostEvidence keeps a diagnosis readable.
const mostEvidence = 6

// examine is one rule: nil if it has nothing to say.
type examine func(*view) *Diagnosis

// rules in the order of how much they explain: what keeps the controller from
// working at all, what it did wrong, what keeps its pods from running, and what
// a rollout then waits for.
func rules() []examine {
	return []examine{
		beingDeleted, controllerSilent, creationRefused, hotLoop, noRevision, noEvents, notAdopted, notReleased, podEnded, notCollected, stuckTerminating,
		unsteadyNodes, wrongPlaces,
		notRolled, heldBack, nodeDown, unscheduled, kubeletSilent, imageMissing, containerRefused, mountFailed,
		containerCrashes, probeFails, statusLags,
	}
}

// Cause gives the most telling cause that the facts support; what else was
// found goes along as evidence.
func Cause(in Input) Diagnosis {
	if in.Namespace == "" {
		in.Namespace = in.State.Namespace()
	}
	var found []Diagnosis
	sets := subjects(in)
	for _, ds := range sets {
		here := findings(newView(in, ds))
		if len(here) == 0 {
			continue
		}
		// What excuses the controller with one DaemonSet is no excuse for what it
		// did wrong with another.
		blamed := here[0].Class == NonConformant || here[0].Class == Unclear
		if found == nil || blamed {
			found = here
		}
		if blamed {
			break
		}
	}
	if len(found) == 0 {
		return unexplained(in, len(sets))
	}
	out := found[0]
	for _, d := range found[1:] {
		if !strings.Contains(strings.ToLower(out.Cause), strings.ToLower(d.Cause)) {
			out.Evidence = append(out.Evidence, "also: "+d.Cause)
		}
	}
	if in.Safety {
		out.Class = NonConformant
	}
	out.Evidence = slices.DeleteFunc(out.Evidence, func(e string) bool { return e == "" })
	if len(out.Evidence) > mostEvidence {
		out.Evidence = out.Evidence[:mostEvidence]
	}
	return out
}

// findings are what the rules have to say about one DaemonSet, the most telling first.
func findings(v *view) []Diagnosis {
	var out []Diagnosis
	for _, rule := range rules() {
		if d := rule(v); d != nil {
			out = append(out, *d)
		}
	}
	return out
}

func unexplained(in Input, sets int) Diagnosis {
	d := Diagnosis{
		Class: Unclear,
		Cause: "nothing that was recorded explains it: the DaemonSets of the namespace, their pods and nodes are as they must be",
		Look:  []string{"events.jsonl in the bundle, from the first action of the spec on", "the controller's log at that time"},
	}
	switch {
	case sets == 0 && in.DaemonSet != "":
		d.Cause = fmt.Sprintf("there is no DaemonSet %s in namespace %s", in.DaemonSet, in.Namespace)
	case sets == 0:
		d.Cause = fmt.Sprintf("there is no DaemonSet in namespace %s to explain it by", in.Namespace)
	case in.Safety:
		d.Class, d.Cause = NonConformant, uncalledFor(in)
	}
	for i := len(in.Entries) - 1; i >= 0 && len(d.Evidence) < 3; i-- {
		if e := in.Entries[i]; e.Kind != history.KindNode && e.Kind != history.KindEvent {
			d.Evidence = append(d.Evidence, "among the last entries: "+e.String())
		}
	}
	return d
}
