// Package reports holds the report of a run: its types (version 1), their JSON
// schema in report.schema.json, the verdict and exit code that follow from it,
// and its renderings (report.json, junit.xml, the summary at the end of a run).
//
// Everything is computed from the verdicts of the specs alone: nobody can set a
// summary that its specs do not bear out, and Read refuses a file that tries.
// Equal results give equal bytes, in whatever order they came.
//
// What may not live here: how verdicts come about (framework). This package
// imports nothing of the project but internal/exit.
package reports
