// Command framework reads what gremlins found out about the framework's own unit
// tests, package by package, and writes docs/framework-mutation.md: how many of
// the changed programs the tests kill, and of each that lives why no test can
// tell it from the right one. `make mutation-framework` runs gremlins and then it.
//
// Explanations stand in hack/mutation/framework/explained.yaml. A survivor
// without one is a failure, and so is one that explains nothing any more.
//
// What may not live here: the mutation of programs. That is gremlins, pinned in
// hack/gremlins.
package main
