package rows

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/dsconform/dsconform/framework"
)

// becauses lists what may be in the way of a spec.
func becauses() []string { return []string{"environment", "level", "not-observable"} }

// verdicts lists what a claim may be.
func verdicts() []string { return []string{"true", "false", "obsolete", "depends"} }

// Check holds the catalogue against the specs. Everything that is wrong comes
// back at once, one line each; nil if nothing is.
func (c *Catalogue) Check(specs []framework.Spec) error {
	k := &check{catalogue: c, specs: map[string]framework.Spec{}, covering: Covering(specs)}
	k.readSpecs(specs)
	k.rows()
	k.excuses()
	k.additions()
	k.bugs()
	k.claims()
	return errors.Join(k.problems...)
}

type check struct {
	catalogue *Catalogue
	specs     map[string]framework.Spec
	covering  map[string][]string
	problems  []error
}

func (k *check) say(bad bool, format string, args ...any) {
	if bad {
		k.problems = append(k.problems, fmt.Errorf(format, args...))
	}
}

// unique gives a function that complains of the second use of an ID.
func (k *check) unique(what string) func(id string) {
	seen := map[string]bool{}
	return func(id string) {
		k.say(seen[id], "%s: two %s have the ID", id, what)
		seen[id] = true
	}
}

func (k *check) readSpecs(specs []framework.Spec) {
	once := k.unique("specs")
	for _, s := range specs {
		once(s.ID)
		k.specs[s.ID] = s
		k.known(s.ID, "the spec %s is no row of the catalogue, nor in additions.yaml", s.ID)
		seen := map[string]bool{s.ID: true}
		for _, id := range s.Covers {
			k.known(id, "%s covers %s, which is no row of the catalogue, nor in additions.yaml", s.ID, id)
			k.say(seen[id], "%s covers %s twice", s.ID, id)
			seen[id] = true
		}
	}
}

func (k *check) known(id, format string, args ...any) {
	_, row := k.catalogue.Row(id)
	_, addition := k.catalogue.Addition(id)
	k.say(!row && !addition, format, args...)
}

func (k *check) rows() {
	once := k.unique("rows")
	pattern := regexp.MustCompile(`^DS-([A-Z]{3})-([0-9]{3})$`)
	numbers := map[string][]int{}
	for _, r := range k.catalogue.Rows {
		once(r.ID)
		if m := pattern.FindStringSubmatch(r.ID); m != nil {
			n, _ := strconv.Atoi(m[2]) // Three digits are a number.
			numbers[m[1]] = append(numbers[m[1]], n)
		} else {
			k.say(true, "%s: the row's ID is not of the form DS-ABC-123", r.ID)
		}
		k.say(!slices.Contains(framework.Levels(), r.Level), "%s: the row has the unknown level %q", r.ID, r.Level)
		k.say(!strings.Contains(r.Behaviour, "MUST") && !strings.Contains(r.Behaviour, "SHOULD"), "%s: the row is no MUST or SHOULD sentence", r.ID)
		k.say(r.Source == "", "%s: the row has no source", r.ID)
		if r.Versions != "" {
			_, err := semver.NewConstraint(r.Versions)
			k.say(err != nil, "%s: the row's version constraint %q: %v", r.ID, r.Versions, err)
		}
		_, excused := k.catalogue.Excuse(r.ID)
		by := k.covering[r.ID]
		k.say(len(by) == 0 && !excused, "%s: no spec covers the row, and excused.yaml does not say why", r.ID)
		k.say(len(by) > 0 && excused, "%s: the row is excused, but %s covers it: take it out of excused.yaml", r.ID, strings.Join(by, " and "))
		if s, own := k.specs[r.ID]; own {
			k.say(s.Area != r.Area, "%s: the row is of area %s, its spec of %s", r.ID, r.Area, s.Area)
			k.say(s.Level != r.Level, "%s: the row is of level %s, its spec of %s", r.ID, r.Level, s.Level)
			k.say(s.Versions != r.Versions, "%s: the row is of versions %q, its spec of %q", r.ID, r.Versions, s.Versions)
		}
	}
	for _, family := range sortedKeys(numbers) {
		has := numbers[family]
		for n := 1; n < slices.Max(has); n++ {
			k.say(!slices.Contains(has, n), "DS-%s-%03d: the row is missing, though there are later ones", family, n)
		}
	}
}

func (k *check) excuses() {
	once := k.unique("excuses")
	for _, x := range k.catalogue.Excused {
		once(x.ID)
		_, row := k.catalogue.Row(x.ID)
		k.say(!row, "%s: excused, and no row", x.ID)
		k.say(!slices.Contains(becauses(), x.Because), "%s: excused because of %q, which is none of %s", x.ID, x.Because, strings.Join(becauses(), ", "))
		k.say(x.Reason == "", "%s: excused without a reason", x.ID)
	}
}

func (k *check) additions() {
	once := k.unique("additions")
	for _, a := range k.catalogue.Additions {
		k.say(a.Why == "", "%s: an addition without its why", strings.Join(a.IDs, ", "))
		for _, id := range a.IDs {
			once(id)
			_, row := k.catalogue.Row(id)
			k.say(row, "%s: an addition, and a row as well", id)
			_, spec := k.specs[id]
			k.say(!spec, "%s: an addition, and no spec has the ID", id)
		}
	}
}

func (k *check) bugs() {
	once := k.unique("bugs")
	for i, b := range k.catalogue.Bugs {
		once(b.ID)
		k.say(b.ID != fmt.Sprintf("R%02d", i+1), "%s: the bug stands at place %d", b.ID, i+1)
		k.say(b.Bug == "" || b.State == "", "%s: the bug lacks its sentence or its state", b.ID)
		k.say(len(b.Specs) == 0 && b.None == "", "%s: no spec shows the bug, and no reason says why none can", b.ID)
		k.say(len(b.Specs) > 0 && b.None != "", "%s: the bug has specs, and a reason why none can show it", b.ID)
		k.exist(b.ID, b.Specs)
	}
}

func (k *check) claims() {
	once := k.unique("claims")
	for i, c := range k.catalogue.Claims {
		once(c.ID)
		k.say(c.ID != fmt.Sprintf("G%02d", i+1), "%s: the claim stands at place %d", c.ID, i+1)
		k.say(c.Claim == "" || c.Truth == "", "%s: the claim lacks its sentence, or what is true", c.ID)
		k.say(!slices.Contains(verdicts(), c.Verdict), "%s: the claim's verdict %q is none of %s", c.ID, c.Verdict, strings.Join(verdicts(), ", "))
		k.say(len(c.Specs) == 0, "%s: no spec proves the claim's verdict", c.ID)
		k.exist(c.ID, c.Specs)
	}
}

func (k *check) exist(id string, specs []string) {
	for _, s := range specs {
		_, ok := k.specs[s]
		k.say(!ok, "%s names the spec %s, which there is not", id, s)
	}
}
