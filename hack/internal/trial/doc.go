// Package trial runs dsconform as a child process, once and again, for the
// programs that judge the suite itself: what it made of a controller is read
// from the report it wrote, never from its exit code alone. The machine on which
// that was done is described here too, for a figure without its machine is none.
//
// The program of mutants is known here by what it lists and how it is told which
// one to be.
//
// What may not live here: how a mutant is judged, or how often a trial is repeated.
package trial
