package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"
)

const (
	// servicesLimit bounds the wait for kube-proxy: a cluster may have none.
	servicesLimit = 10 * time.Second
	// servicesPoll is how often it is asked for. Nothing announces its rules.
	servicesPoll = 100 * time.Millisecond
)

// awaitService returns once the API server answers at its Service's address,
// which is when kube-proxy has set this node's rules, or with an error when ctx
// ends.
func awaitService(ctx context.Context, service netip.AddrPort) error {
	ticker := time.NewTicker(servicesPoll)
	defer ticker.Stop()
	// Each attempt is short, so that one begun too early does not hold up the next.
	dialer := net.Dialer{Timeout: 5 * servicesPoll}
	for {
		conn, err := dialer.DialContext(ctx, "tcp", service.String())
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the Service of the API server (%s) does not answer from this node: %w (last: %w)", service, context.Cause(ctx), err)
		case <-ticker.C:
		}
	}
}
