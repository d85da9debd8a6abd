// Package diagnose names the likely cause when an expectation was not met: rules
// over the recorded facts, the most telling first, in the words of a colleague
// who has looked at the log.
//
// A cause is put on the environment only where the facts prove that the
// controller had done its part: every pod that ought to exist does, its status
// says what it must, no step of a rollout was open to it, and what is missing is
// missing downstream. In every other case the fault is the controller's until shown otherwise.
//
// What may not live here: calls to a cluster, waiting, verdicts on specs.
package diagnose
