// Package exit holds the four classes of failure dsconform tells apart and the
// exit code of each. Everything that can end a command returns an error of one
// of these classes; nothing else in the project calls os.Exit.
//
// What may not live here: knowledge of any command, flag or cluster.
package exit

import (
	"context"
	"errors"
	"fmt"
)

// Code is a process exit code with a fixed meaning.
type Code int

// The exit codes of every dsconform command.
const (
	// Conformant means that specs ran and every one of them passed or was skipped with a reason.
	Conformant Code = 0
	// NotConformant means that at least one spec showed the controller to be wrong.
	NotConformant Code = 1
	// Usage means that a flag, a file or an argument given by the user is wrong.
	Usage Code = 2
	// Environment means that the machine, the engine or the cluster stopped us before a verdict.
	Environment Code = 3
	// Internal means that dsconform itself is at fault.
	Internal Code = 4
)

// Error is an error with a class. Its text is the text of the error within, so
// that one clear line reaches the user.
type Error struct {
	// Class is the exit code the command ends with.
	Class Code
	// Err says what is wrong and what would be right.
	Err error
}

// Error implements error.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap gives the error within.
func (e *Error) Unwrap() error { return e.Err }

// Usagef makes an error of class Usage.
func Usagef(format string, args ...any) error {
	return &Error{Class: Usage, Err: fmt.Errorf(format, args...)}
}

// Environmentf makes an error of class Environment.
func Environmentf(format string, args ...any) error {
	return &Error{Class: Environment, Err: fmt.Errorf(format, args...)}
}

// NotConformantf makes an error of class NotConformant.
func NotConformantf(format string, args ...any) error {
	return &Error{Class: NotConformant, Err: fmt.Errorf(format, args...)}
}

// Internalf makes an error of class Internal.
func Internalf(format string, args ...any) error {
	return &Error{Class: Internal, Err: fmt.Errorf(format, args...)}
}

// Of gives the exit code for err: Conformant for nil, the class of the outermost
// Error in its chain, Environment for a cancelled or expired context, and
// Internal for an error nobody classified.
func Of(err error) Code {
	if err == nil {
		return Conformant
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Environment
	}
	return Internal
}
