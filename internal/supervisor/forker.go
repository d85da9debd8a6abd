package supervisor

import (
	"os/exec"
	"runtime"
)

// forker starts processes from one thread that lives as long as the supervisor:
// the kernel ties a child's life to the thread that made it, and Go ends
// threads as it likes unless they are held.
type forker struct{ work chan func() }

func newForker() *forker {
	f := &forker{work: make(chan func())}
	go func() {
		runtime.LockOSThread()
		for do := range f.work {
			do()
		}
	}()
	return f
}

// start starts the command on the forker's thread.
func (f *forker) start(cmd *exec.Cmd) error {
	done := make(chan error, 1)
	f.work <- func() { done <- cmd.Start() }
	return <-done
}
