//go:build !linux

package probe

import "errors"

func mountTmpfs(string) error { return errors.New("containers run on Linux only") }
