package host

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
)

// RemoveBridges deletes the network bridges whose name satisfies match.
func RemoveBridges(match func(name string) bool) error {
	links, err := netlink.LinkList()
	if err != nil {
		return fmt.Errorf("list network links: %w", err)
	}
	var errs []error
	for _, l := range links {
		name := l.Attrs().Name
		if l.Type() != "bridge" || !match(name) {
			continue
		}
		if err := netlink.LinkDel(l); err != nil {
			errs = append(errs, fmt.Errorf("delete the bridge %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}
