package framework

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
)

var idPattern = regexp.MustCompile(`^DS-[A-Z]{3}-[0-9]{3}$`)

// Levels lists every level, the most binding first.
func Levels() []Level { return []Level{Core, Extended, Deviation} }

// Abilities lists every ability.
func Abilities() []Ability {
	return []Ability{AddNode, RemoveNode, StopKubelet, PauseNode, RebootNode, ExecOnNode, RealKubelet, SimulatedKubelet, ReadAudit, RestartController, KillController, PauseController, ElectLeader, InjectFaults}
}

// Registry holds the specs of a run. Specs are added explicitly, never by a
// side effect of an import, and all that is wrong with them is reported together.
type Registry struct {
	specs []Spec
}

// Add takes specs into the registry. Nothing is judged before Validate.
func (r *Registry) Add(specs ...Spec) { r.specs = append(r.specs, specs...) }

// Specs gives the specs in the order of their areas and IDs.
func (r *Registry) Specs() []Spec {
	order := map[Area]int{}
	for i, a := range Areas() {
		order[a] = i
	}
	out := slices.Clone(r.specs)
	slices.SortStableFunc(out, func(a, b Spec) int {
		return cmp.Or(cmp.Compare(order[a.Area], order[b.Area]), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// Find gives the spec with the ID.
func (r *Registry) Find(id string) (Spec, bool) {
	for _, s := range r.specs {
		if s.ID == id {
			return s, true
		}
	}
	return Spec{}, false
}

// Validate reports everything that is wrong with the registered specs at once:
// an ID used twice, an unknown value, a missing sentence, clause or body.
func (r *Registry) Validate() error {
	var problems []error
	seen, titles := map[string]bool{}, map[string]bool{}
	for _, s := range r.Specs() {
		if seen[s.ID] {
			problems = append(problems, fmt.Errorf("%s: the ID is used twice", s.ID))
		}
		seen[s.ID] = true
		title := string(s.Area) + "/" + s.Title
		if titles[title] {
			problems = append(problems, fmt.Errorf("%s: the title %q is used twice in area %s", s.ID, s.Title, s.Area))
		}
		titles[title] = true
		for _, p := range s.problems() {
			problems = append(problems, fmt.Errorf("%s: %s", s.ID, p))
		}
	}
	return errors.Join(problems...)
}

func (s Spec) problems() []string {
	var out []string
	say := func(bad bool, format string, args ...any) {
		if bad {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	say(!idPattern.MatchString(s.ID), "the ID is not of the form DS-ABC-123")
	say(!slices.Contains(Areas(), s.Area), "unknown area %q", s.Area)
	say(!slices.Contains(Levels(), s.Level), "unknown level %q", s.Level)
	say(s.Title == "", "no title")
	say(!strings.Contains(s.Behaviour, "MUST") && !strings.Contains(s.Behaviour, "SHOULD"), "the behaviour is no MUST or SHOULD sentence")
	say(len(s.Clauses) == 0, "no clause")
	say(s.Why == "", "no reason for the expected outcome")
	say(s.Body == nil, "no body")
	for _, a := range s.Needs {
		say(a.onController() && !s.Serial, "needs %s, which stops what all specs depend on, and is not serial", a)
		say(!slices.Contains(Abilities(), a), "unknown ability %q", a)
	}
	for _, id := range s.Covers {
		say(!idPattern.MatchString(id), "covers %q, which is no behaviour ID", id)
	}
	if s.Versions != "" {
		_, err := semver.NewConstraint(s.Versions)
		say(err != nil, "version constraint %q: %v", s.Versions, err)
	}
	say(s.Nodes.Exclusive && s.Nodes.Workers == 0, "asks for exclusive nodes but leases none")
	say(len(s.Nodes.Labels) > 0 && s.Nodes.Workers == 0, "asks for node labels but leases no node")
	for inv, why := range s.Except {
		say(why == "", "excepts invariant %s without a reason", inv)
	}
	return out
}
