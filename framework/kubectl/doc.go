// Package kubectl runs what users run: the real kubectl command tree, in a
// child process of its own.
//
// kubectl ends its process on any error and keeps its settings in global
// variables, so it cannot run inside the suite. The executable therefore
// starts itself again with the word "kubectl" (see Self); the child's Main is
// kubectl and nothing else. A fatal exit or a panic in it cannot harm the run,
// and any number of commands run at once. No kubectl needs to be installed.
//
// Runner.Run takes words as a user types them. The methods named after kubectl's
// verbs only save the typing. A Result reads as an explanation: the command
// line, what it printed and how it ended.
//
// What may not live here: expectations about what kubectl answers (suites),
// and anything that talks to the API server on its own.
package kubectl
