package supervisor

import "syscall"

// childAttr makes a child a group of its own, so that a signal reaches all it
// has started, and lets the kernel kill it when the thread that started it
// ends: see forker.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
