package dockerd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// policyFile is asked by Debian's packages before they start a service
// (invoke-rc.d(8), deb-systemd-invoke(1p)).
const policyFile = "/usr/sbin/policy-rc.d"

// savedSuffix is where the machine's own policy waits while ours stands in.
const savedSuffix = ".dsconform-saved"

// denial forbids every start (101); its second line marks it as ours.
const denial = `#!/bin/sh
# Written by dsconform for the time of an installation; safe to remove.
exit 101
`

// denyServices keeps packages from starting services until restore is called.
// What a broken-off installation left is put right by healPolicy.
func denyServices(path string) (restore func() error, err error) {
	if err := healPolicy(path); err != nil {
		return nil, err
	}
	if err := os.Rename(path, path+savedSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("put the machine's %s aside: %w", path, err)
	}
	if err := replaceFile(path, []byte(denial), 0o755); err != nil {
		return nil, errors.Join(fmt.Errorf("forbid services to start: %w", err), healPolicy(path))
	}
	return func() error { return healPolicy(path) }, nil
}

// healPolicy brings the machine's own policy back, be it none. A policy that
// somebody else has written since then stays.
func healPolicy(path string) error {
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fmt.Errorf("look at the policy for services: %w", err)
	case string(b) != denial:
		if err := os.Remove(path + savedSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove an outdated policy for services: %w", err)
		}
		return nil
	default:
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("remove the ban on services: %w", err)
		}
	}
	if err := os.Rename(path+savedSuffix, path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("put the machine's own policy for services back: %w", err)
	}
	return nil
}
