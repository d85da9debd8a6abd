package trial

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/dsconform/dsconform/reports"
)

// Trial is one run of `dsconform run` on a cluster of simulated nodes of its own.
type Trial struct {
	// Executable is the dsconform to run.
	Executable string
	// Name is the cluster's; no two trials at a time may share one.
	Name string
	// Out is the folder for the report and the logs; Log in it is what dsconform printed.
	Out string
	// Subject is the value of --subject; empty for the cluster's own controller.
	Subject string
	// Controllers is the value of --controllers; empty for the default.
	Controllers string
	// Faults puts the proxy before the controller, for the specs that need it.
	Faults bool
	// Admission is a manifest of admission policies that the API server goes by, for
	// which the cluster is made before the run; empty for none.
	Admission string
	// FailFast ends the trial with the first spec that fails.
	FailFast bool
	// Focus are the specs to run; empty for all.
	Focus []string
	// Skip are the specs to leave out.
	Skip []string
	// Procs is how many specs run at once; 0 for dsconform's default.
	Procs int
	// Seed orders the specs; 0 lets dsconform pick one.
	Seed int64
	// Env is added to the environment, as NAME=value.
	Env []string
	// Limit bounds the trial; what was not judged by then is unknown. 0 for none.
	Limit time.Duration
}

// Log is the file below Trial.Out with what dsconform printed.
const Log = "trial.log"

// closing is how long an interrupted dsconform may take to clean up: longer than
// its own limits for that.
const closing = 3 * time.Minute

// ErrNoReport is the error of a trial that ended before a report was written.
var ErrNoReport = errors.New("dsconform ended without a report")

// Run does the trial and gives its report, whatever the verdict. An interrupt of
// ctx, or the Limit, interrupts dsconform, which then reports what it has.
func (t Trial) Run(ctx context.Context) (report *reports.Report, err error) {
	if err = errors.Join(os.RemoveAll(t.Out), os.MkdirAll(t.Out, 0o755)); err != nil {
		return nil, fmt.Errorf("make the folder of the trial: %w", err)
	}
	log, err := os.Create(filepath.Join(t.Out, Log))
	if err != nil {
		return nil, fmt.Errorf("open the log of the trial: %w", err)
	}
	defer log.Close()
	if t.Limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t.Limit)
		defer cancel()
	}
	// The kernel sends Pdeathsig when the thread that started the child ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if t.Admission != "" {
		remove, refused := t.prepared(ctx, log)
		defer func() { err = errors.Join(err, remove()) }()
		if refused != nil {
			return nil, refused
		}
	}
	cmd := exec.CommandContext(ctx, t.Executable, t.args()...)
	cmd.Env = append(os.Environ(), append([]string{"NO_COLOR=1"}, t.Env...)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = closing
	runErr := cmd.Run()
	report, err = read(filepath.Join(t.Out, "report.json"))
	if err != nil {
		return nil, fmt.Errorf("%w (%w): %s", ErrNoReport, errors.Join(runErr, err), lastLine(log.Name()))
	}
	return report, nil
}

func (t Trial) args() []string {
	args := []string{"run", "--cluster=sim", "--name=" + t.Name, "--out=" + t.Out}
	for flag, value := range map[string]string{"subject": t.Subject, "controllers": t.Controllers, "focus": strings.Join(t.Focus, ","), "skip": strings.Join(t.Skip, ",")} {
		if value != "" {
			args = append(args, "--"+flag+"="+value)
		}
	}
	if t.Admission != "" {
		args = append(args, "--reuse")
	}
	if t.Faults {
		args = append(args, "--faults")
	}
	if t.FailFast {
		args = append(args, "--fail-fast")
	}
	if t.Procs > 0 {
		args = append(args, "--procs="+strconv.Itoa(t.Procs))
	}
	if t.Seed != 0 {
		args = append(args, "--seed="+strconv.FormatInt(t.Seed, 10))
	}
	return args
}

func read(path string) (*reports.Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return reports.Read(f)
}

// lastLine is what dsconform said at the end.
func lastLine(path string) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(raw), []byte("\n"))
	return string(lines[len(lines)-1])
}

// In gives the IDs of the report's specs in that state, in their order.
func In(r *reports.Report, state reports.State) []string {
	var out []string
	for _, s := range r.Specs {
		if s.State == state {
			out = append(out, s.ID)
		}
	}
	return out
}
