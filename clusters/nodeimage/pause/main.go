// Program pause holds the namespaces of a pod: it waits for SIGINT or SIGTERM
// and, where the pod's containers share its process namespace, reaps the
// processes they leave behind.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// Two channels, so that a burst of SIGCHLD never displaces the signal to end.
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGINT, syscall.SIGTERM)
	child := make(chan os.Signal, 1)
	signal.Notify(child, syscall.SIGCHLD)
	for {
		select {
		case <-end:
			return
		case <-child:
			reap()
		}
	}
}

// reap collects every process that has ended. Signals of the same kind merge,
// so one SIGCHLD may stand for several of them.
func reap() {
	for {
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
	}
}
