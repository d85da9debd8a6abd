// Package trial runs dsconform as a child process, once and again, for the
// programs that judge the suite itself: what it made of a controller is read
// from the report it wrote, never from its exit code alone. The machine on which
// that was done is described here too, for a figure without its machine is none.
//
// What may not live here: any knowledge of mutants, or of how often a trial is
// repeated.
package trial
