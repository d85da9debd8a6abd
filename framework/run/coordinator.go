package run

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/onsi/ginkgo/v2/ginkgo/command"
	ginkgorun "github.com/onsi/ginkgo/v2/ginkgo/run"

	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/internal/exit"
)

// CoordinatorCommand is the hidden command by which the executable becomes
// Ginkgo's coordinator.
const CoordinatorCommand = "ginkgo-coordinator"

// Coordinator runs Ginkgo's command line with the arguments; it ends the process.
func Coordinator(args []string) {
	command.Program{Name: "ginkgo", DefaultCommand: ginkgorun.BuildRunCommand()}.
		RunAndExit(append([]string{"ginkgo"}, args...))
}

// Plan is a run to be done.
type Plan struct {
	// Specs are the specs to run.
	Specs []framework.Spec
	// Config is for the workers; Socket and Specs are filled in.
	Config Config
	// Procs is how many workers run at once.
	Procs int
	// Seed orders the specs; the same seed gives the same order.
	Seed int64
	// FailFast ends the run with the first spec that fails. One without a verdict
	// ends nothing: it says nothing of the controller.
	FailFast bool
	// Log shows the progress.
	Log *steps.Log
}

// Run runs the plan and gives what the workers reported. An interrupt of ctx
// lets Ginkgo end its specs and clean up; what did not run is unknown. The
// error is only for a run that could not be started or heard.
func Run(ctx context.Context, plan Plan) (*Results, error) {
	results := newResults(plan.Specs, plan.Log)
	if len(plan.Specs) == 0 {
		return results, nil
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	if plan.FailFast {
		results.onFailure = stop
	}
	dir, err := os.MkdirTemp("", "dsconform-run-")
	if err != nil {
		return nil, exit.Environmentf("make a folder for the run: %w", err)
	}
	defer os.RemoveAll(dir)
	plan.Config.Socket = filepath.Join(dir, "results.sock")
	for _, s := range plan.Specs {
		plan.Config.Specs = append(plan.Config.Specs, s.ID)
	}
	configPath := filepath.Join(dir, "config.json")
	if err = plan.Config.write(configPath); err != nil {
		return nil, exit.Environmentf("%w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", plan.Config.Socket)
	if err != nil {
		return nil, exit.Environmentf("listen for the workers: %w", err)
	}
	heard := make(chan error, 1)
	go func() { heard <- receive(listener, results.take) }()
	unlive := plan.Log.Live(ctx)
	runErr := coordinate(running, plan, dir, configPath)
	unlive()
	err = errors.Join(listener.Close(), <-heard)
	if err != nil {
		return nil, exit.Internalf("hear the workers: %w", err)
	}
	results.finish(ctx, runErr)
	return results, nil
}

// interrupt is the signal that ends the specs early. Where --fail-fast did, on a
// cluster that goes with this run, no spec needs to clean up after itself.
func (p Plan) interrupt() syscall.Signal {
	if p.FailFast && p.Config.Bound {
		return syscall.SIGKILL
	}
	return syscall.SIGINT
}

// coordinate runs the coordinator to its end. Its own exit code says no more
// than the results do; that it could not run at all does.
func coordinate(ctx context.Context, plan Plan, dir, configPath string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find our own executable: %w", err)
	}
	worker := filepath.Join(dir, workerName)
	if err = os.Symlink(self, worker); err != nil {
		return fmt.Errorf("name the worker: %w", err)
	}
	text, err := os.Create(filepath.Join(plan.Config.Settings.OutDir, "ginkgo.log"))
	if err != nil {
		return fmt.Errorf("open Ginkgo's log: %w", err)
	}
	defer text.Close()
	args := []string{
		CoordinatorCommand, "run",
		"--procs=" + strconv.Itoa(max(plan.Procs, 1)),
		"--seed=" + strconv.FormatInt(plan.Seed, 10),
		"--randomize-all", "--no-color", "--timeout=24h", "--keep-going",
		"--grace-period=" + (plan.Config.Settings.Timeouts.Cleanup + 30*time.Second).String(),
		"--output-interceptor-mode=none",
	}
	// The kernel sends Pdeathsig when the thread that started the child ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, self, append(args, worker)...)
	cmd.Env = append(workerEnv(os.Environ(), plan.Procs, runtime.NumCPU()), configEnv+"="+configPath)
	cmd.Stdout, cmd.Stderr = text, text
	// A group of its own: Ctrl-C reaches it once, from us, and Ginkgo cleans up.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, plan.interrupt()) }
	// Killed it is only when the clean-ups of its specs cannot be at work any more.
	cmd.WaitDelay = cleanupTime(plan.Config.Settings.Timeouts) + time.Minute
	err = cmd.Run()
	var exited *exec.ExitError
	if errors.As(err, &exited) && ctx.Err() == nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("run Ginkgo (see %s): %w", text.Name(), err)
	}
	return nil
}

// workerEnv is the environment of so many workers. Where there are more of them
// than processors one does for each, unless the environment says otherwise: they
// wait most of the time, and one that may use all wakes a thread on another
// whenever an event comes in.
func workerEnv(environ []string, workers, processors int) []string {
	if workers <= processors {
		return environ
	}
	return append([]string{"GOMAXPROCS=1"}, environ...)
}
