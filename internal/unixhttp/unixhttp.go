// Package unixhttp speaks HTTP over unix sockets: how the processes of a run
// reach each other on one machine.
//
// What may not live here: what is asked and answered.
package unixhttp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
)

// maxPath is the longest path a socket may have, the kernel's own limit.
const maxPath = 107

// NewClient makes a client whose requests all go to the socket, whatever host
// they name; it connects with each.
func NewClient(path string) *http.Client {
	var dialer net.Dialer
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", path)
		},
	}}
}

// Listen makes the socket, in place of one that somebody left there.
func Listen(ctx context.Context, path string) (net.Listener, error) {
	if len(path) > maxPath {
		return nil, fmt.Errorf("the control socket %s would have a path of %d bytes, and %d is the most: choose a shorter folder or name", path, len(path), maxPath)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("removing an old control socket: %w", err)
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("making the control socket: %w", err)
	}
	return l, nil
}
