package catalogue

import (
	"slices"

	"github.com/dsconform/dsconform/framework/mutants/rig"
)

// Mutant is one defect.
type Mutant struct {
	// ID is its name for good: small words with hyphens between them.
	ID string
	// Area is the part of the controller's work that it spoils; All sets it.
	Area string
	// Notice is what a user would notice of it.
	Notice string
	// Clauses are the IDs of specs that must fail with it, the likeliest first.
	Clauses []string
	// Injection is how it is put into the controller: a Way, a colon, and words.
	Injection string
	// ModelledOn is the bug of a released controller, or the mistake of those who
	// write one, that it is.
	ModelledOn string
	// Environment are the controllers of kube-controller-manager that whoever runs
	// it has to switch off; the program cannot.
	Environment []string
	// Admission is a manifest of admission policies that whoever runs it has to apply
	// before; empty for none.
	Admission string
	// Proof says why no observer of the API can tell it from the controller as it
	// is; empty where one can.
	Proof string
	// Inject puts it into a controller; nil where it is in the environment alone.
	Inject func(*rig.Setup)
}

// The ways by which a defect is put into the controller.
const (
	// View changes what the controller sees.
	View = "view"
	// Writes changes what becomes of its requests.
	Writes = "writes"
	// Option is an option that it is started with.
	Option = "option"
	// Inside changes what the program keeps to itself.
	Inside = "inside"
	// Beside is somebody who does a wrong thing in its name.
	Beside = "beside"
	// Environment is another part of the cluster that is missing or broken, the API
	// server included.
	Environment = "environment"
)

// Ways lists them.
func Ways() []string { return []string{View, Writes, Option, Inside, Beside, Environment} }

// All gives every defect, by area in the order in which they are declared.
func All() []Mutant {
	var out []Mutant
	for _, area := range []struct {
		name    string
		mutants []Mutant
	}{
		{"placement", placement()},
		{"template", template()},
		{"tolerations", tolerations()},
		{"nodes", nodes()},
		{"rollout", slices.Concat(rollout(), overlooked())},
		{"minready", minReady()},
		{"status", status()},
		{"events", events()},
		{"surge", surge()},
		{"ondelete", ondelete()},
		{"revisions", slices.Concat(revisions(), seldomWithRevisions())},
		{"ownership", slices.Concat(ownership(), selecting(), books())},
		{"podlife", slices.Concat(podlife(), seldomWithPods())},
		{"cost", cost()},
		{"resilience", slices.Concat(resilience(), seldomAtWork())},
		{"environment", environment()},
		{"api", api()},
	} {
		for _, m := range area.mutants {
			m.Area = area.name
			out = append(out, m)
		}
	}
	return out
}

// Find gives the defect of that ID.
func Find(id string) (Mutant, bool) {
	all := All()
	i := slices.IndexFunc(all, func(m Mutant) bool { return m.ID == id })
	if i < 0 {
		return Mutant{}, false
	}
	return all[i], true
}
