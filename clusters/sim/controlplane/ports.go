package controlplane

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strconv"
	"syscall"
)

// Ports are picked from here: below those that Linux gives to connections that
// go out, by default from 32768 on, one of which could have a port by the time
// its component starts.
const (
	firstPort = 10000
	lastPort  = 32767
	// portTries is how many are tried for each component before it is given up.
	portTries = 200
)

// FreePorts picks ports that nobody listens on, at random, so that clusters that
// are made at the same time pick others. They are held until all are picked;
// between this and a component's start another process may still take one, which
// that component's log then says.
func FreePorts(ctx context.Context) (p Ports, err error) {
	var held []net.Listener
	defer func() {
		for _, l := range held {
			err = errors.Join(err, l.Close())
		}
	}()
	for _, port := range []*int{&p.EtcdClient, &p.EtcdPeer, &p.APIServer, &p.ControllerManager, &p.Scheduler} {
		l, number, err := hold(ctx)
		if err != nil {
			return p, fmt.Errorf("looking for a free port on %s: %w", Address, err)
		}
		held = append(held, l)
		*port = number
	}
	return p, nil
}

// hold listens on a port of the range that nobody else listens on.
func hold(ctx context.Context) (net.Listener, int, error) {
	var config net.ListenConfig
	var last error
	for range portTries {
		drawn, err := rand.Int(rand.Reader, big.NewInt(lastPort-firstPort+1))
		if err != nil {
			return nil, 0, fmt.Errorf("drawing a port: %w", err)
		}
		number := firstPort + int(drawn.Int64())
		l, err := config.Listen(ctx, "tcp", net.JoinHostPort(Address, strconv.Itoa(number)))
		switch {
		case err == nil:
			return l, number, nil
		case !errors.Is(err, syscall.EADDRINUSE):
			return nil, 0, err
		}
		last = err
	}
	return nil, 0, fmt.Errorf("none of %d ports between %d and %d is free: %w", portTries, firstPort, lastPort, last)
}
