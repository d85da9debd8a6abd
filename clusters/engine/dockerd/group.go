package dockerd

import (
	"os/exec"
	"syscall"
)

// ownGroup takes the command out of the terminal's foreground group.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
