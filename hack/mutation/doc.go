// Command mutation judges the suite by mutants: the stock DaemonSet controller,
// each time with one defect (framework/mutants). `make mutation` builds both
// programs and runs it.
//
// The unmutated controller is judged first by the same way, and must pass. Then
// every mutant is judged by the specs of its clauses, several at once and the
// longest first; those that none of these kills are judged by the whole suite, up
// to the first failure. The verdicts go to out/mutation.json as they are found
// (package result has the types), and docs/mutation.md is made of that file.
//
// What may not live here: a mutant, or a way to tell whether a spec failed other
// than dsconform's report.
package main
