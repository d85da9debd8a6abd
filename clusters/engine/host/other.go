//go:build !linux

package host

import (
	"context"
	"errors"
)

var errNotLinux = errors.New("only Linux has what this needs")

func (p Process) awaitEnd(context.Context) error { return errNotLinux }

// MountsUnder is for Linux only.
func MountsUnder(string) ([]string, error) { return nil, errNotLinux }

// UnmountUnder is for Linux only.
func UnmountUnder(string) error { return errNotLinux }
