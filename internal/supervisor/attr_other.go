//go:build !linux

package supervisor

import "syscall"

// childAttr makes a child a group of its own. Only Linux can tie its life to ours.
func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
