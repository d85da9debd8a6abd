//go:build !linux

package ociwrap

import "errors"

func hardLimits() (map[string]uint64, error) {
	return nil, errors.New("OCI runtimes run on Linux only")
}
