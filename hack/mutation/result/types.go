package result

import (
	"time"

	"github.com/dsconform/dsconform/hack/internal/trial"
)

// What the file calls itself. A change that a reader could trip over is a new version.
const (
	APIVersion = "dsconform.dev/v1"
	Kind       = "MutationResult"
)

// Result is a mutation run, or as much of it as there is.
type Result struct {
	// APIVersion is always "dsconform.dev/v1".
	APIVersion string `json:"apiVersion"`
	// Kind is always "MutationResult".
	Kind string `json:"kind"`
	// Key is the SHA-256 over dsconform and the program of mutants: the verdicts hold for these two alone.
	Key string `json:"key"`
	// Program is the SHA-256 of the program of mutants alone.
	Program string `json:"program"`
	// Version is the repository's version by git.
	Version string `json:"version"`
	// Kubernetes is the API server's version, as v1.37.2; empty before the baseline ran.
	Kubernetes string `json:"kubernetes,omitempty"`
	// Machine is where it ran.
	Machine trial.Machine `json:"machine"`
	// Started is when the first part of the run began.
	Started time.Time `json:"started"`
	// Finished is when the last verdict was in.
	Finished time.Time `json:"finished"`
	// Seconds is how long the run took, all its parts together where it was resumed.
	Seconds float64 `json:"seconds"`
	// Jobs is how many mutants were judged at once; the most where its parts differ in that.
	Jobs int `json:"jobs"`
	// Matrix tells that every spec was run against every mutant, and not only up to the first kill.
	Matrix bool `json:"matrix"`
	// Baseline is the unmutated controller, judged first by the same way.
	Baseline Baseline `json:"baseline"`
	// Mutants are the verdicts, in the order of the program's list.
	Mutants []Mutant `json:"mutants"`
	// Specs are all specs of the suite, in the catalogue's order.
	Specs []Spec `json:"specs"`
}

// Baseline is the unmutated controller, judged as the mutants are.
type Baseline struct {
	// Green tells that no spec failed and none stayed without a verdict.
	Green bool `json:"green"`
	// Passed counts the specs that passed.
	Passed int `json:"passed"`
	// Skipped are the specs that cannot be judged on simulated nodes, or not by this version.
	Skipped []string `json:"skipped"`
	// Repeated are the specs that did not pass at first and did when they were run again.
	Repeated []string `json:"repeated"`
	// Wrong are the specs that did not pass at all, for which the run was refused.
	Wrong []string `json:"wrong"`
	// Took is how many seconds each spec took, by its ID; of those that were run again, the longer time.
	Took map[string]float64 `json:"took,omitempty"`
	// Seconds is how long it took.
	Seconds float64 `json:"seconds"`
}

// State is the verdict on a mutant.
type State string

// The verdicts on a mutant.
const (
	// Killed: at least one spec failed.
	Killed State = "killed"
	// Survived: every spec that can be judged here was, and none failed.
	Survived State = "survived"
	// Equivalent: declared so, with a proof, and no spec of its clauses failed.
	Equivalent State = "equivalent"
	// Unjudged: no spec failed, yet some stayed without a verdict.
	Unjudged State = "unjudged"
	// Broken: the mutant ended by itself or could not be judged at all: an error of the run.
	Broken State = "error"
	// Pending: the run ended before there was a verdict.
	Pending State = "pending"
)

// Mutant is a mutant and its verdict.
type Mutant struct {
	// ID is its name.
	ID string `json:"id"`
	// Area is the part of the controller's work that it spoils.
	Area string `json:"area"`
	// Notice is what a user would notice of it.
	Notice string `json:"notice"`
	// Clauses are the specs that are meant to kill it, the likeliest first.
	Clauses []string `json:"clauses"`
	// Injection says how it is put into the controller.
	Injection string `json:"injection"`
	// ModelledOn is the bug or the mistake that it is.
	ModelledOn string `json:"modelledOn"`
	// Environment are the cluster's controllers that were switched off for it.
	Environment []string `json:"environment,omitempty"`
	// Admission is the manifest of admission policies that the API server went by.
	Admission string `json:"admission,omitempty"`
	// Proof says why no observer can tell it from the controller as it is; empty where one can.
	Proof string `json:"proof,omitempty"`
	// State is the verdict.
	State State `json:"state"`
	// KilledBy are the specs that failed: the first one, or with Matrix all.
	KilledBy []Kill `json:"killedBy"`
	// Unconfirmed are specs that failed once and passed when they were run again.
	Unconfirmed []string `json:"unconfirmed,omitempty"`
	// Unknown are the specs that stayed without a verdict.
	Unknown []string `json:"unknown,omitempty"`
	// Reason says why there is no verdict.
	Reason string `json:"reason,omitempty"`
	// Whole tells that more than its clauses was run.
	Whole bool `json:"whole"`
	// Seconds is how long it took to judge it, its control planes included.
	Seconds float64 `json:"seconds"`
}

// Kill is a spec that failed with a mutant.
type Kill struct {
	// Spec is its ID.
	Spec string `json:"spec"`
	// Seconds is how long it ran until it had failed.
	Seconds float64 `json:"seconds"`
	// Reason is what it saw.
	Reason string `json:"reason"`
}

// Spec is a spec of the suite.
type Spec struct {
	// ID is its ID.
	ID string `json:"id"`
	// Area is its area.
	Area string `json:"area"`
	// Title is its name.
	Title string `json:"title"`
	// Covers are further clauses it asserts.
	Covers []string `json:"covers,omitempty"`
}
