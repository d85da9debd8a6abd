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

// All lists the ports.
func (p Ports) All() []int {
	var all []int
	for _, port := range p.each() {
		all = append(all, *port)
	}
	return all
}

// each gives the ports to be read or set.
func (p *Ports) each() []*int {
	return []*int{&p.EtcdClient, &p.EtcdPeer, &p.APIServer, &p.ControllerManager, &p.Scheduler}
}

// FreePorts picks ports that nobody listens on and that are not taken: a port
// that was picked has no listener until its component starts, and so is only
// known to be another cluster's by what that one recorded. They are drawn at
// random, as clusters whose records lie elsewhere are not seen, and held until
// all are picked; between this and a component's start such a cluster, or any
// other process, may still take one, which that component's log then says.
func FreePorts(ctx context.Context, taken map[int]bool) (p Ports, err error) {
	var held []net.Listener
	defer func() {
		for _, l := range held {
			err = errors.Join(err, l.Close())
		}
	}()
	for _, port := range p.each() {
		l, number, err := hold(ctx, taken)
		if err != nil {
			return p, fmt.Errorf("looking for a free port on %s: %w", Address, err)
		}
		held = append(held, l)
		*port = number
	}
	return p, nil
}

// hold listens on a port of the range that nobody else listens on or has taken.
func hold(ctx context.Context, taken map[int]bool) (net.Listener, int, error) {
	var config net.ListenConfig
	var last error
	for range portTries {
		drawn, err := rand.Int(rand.Reader, big.NewInt(lastPort-firstPort+1))
		if err != nil {
			return nil, 0, fmt.Errorf("drawing a port: %w", err)
		}
		number := firstPort + int(drawn.Int64())
		if taken[number] {
			last = fmt.Errorf("port %d is another cluster's", number)
			continue
		}
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
