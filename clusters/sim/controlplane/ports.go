package controlplane

import (
	"context"
	"errors"
	"fmt"
	"net"
)

// FreePorts picks ports that nobody listens on. They are held until all are
// picked, so that they differ; between this and a component's start another
// process may take one, which that component's log then says.
func FreePorts(ctx context.Context) (p Ports, err error) {
	var held []net.Listener
	defer func() {
		for _, l := range held {
			err = errors.Join(err, l.Close())
		}
	}()
	var config net.ListenConfig
	for _, port := range []*int{&p.EtcdClient, &p.EtcdPeer, &p.APIServer, &p.ControllerManager, &p.Scheduler} {
		l, err := config.Listen(ctx, "tcp", net.JoinHostPort(Address, "0"))
		if err != nil {
			return p, fmt.Errorf("looking for a free port on %s: %w", Address, err)
		}
		held = append(held, l)
		addr, ok := l.Addr().(*net.TCPAddr)
		if !ok {
			return p, fmt.Errorf("a port on %s has the address %v", Address, l.Addr())
		}
		*port = addr.Port
	}
	return p, nil
}
