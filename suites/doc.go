// Package suites collects the specs of all areas. Each area is a folder with
// one behaviour a file and exports its specs as values, so that other programs
// can register all or some of them.
//
// What may not live here: anything a spec does not need in order to read as
// why, what and how; shared machinery belongs to framework.
package suites
