package trial

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	// removing bounds how long a cluster may take to be removed.
	removing = 2 * time.Minute
	// admitting bounds how long an API server may take to go by a policy, and
	// asking is how often it is tried out.
	admitting, asking = time.Minute, 200 * time.Millisecond
	// probe is the DaemonSet that every policy of the mutants gives an annotation
	// of its name.
	probe = "mutants-probe"
)

// prepared makes the trial's cluster, with its policies, and gives what removes it
// again: to be called whatever the error.
func (t Trial) prepared(ctx context.Context, log io.Writer) (remove func() error, err error) {
	remove = func() error {
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), removing)
		defer cancel()
		return say(limit, log, t.Executable, "", "cluster", "delete", "--name="+t.Name)
	}
	kubeconfig := filepath.Join(t.Out, "admin.kubeconfig")
	// A run with a subject wants the cluster that it would have made itself.
	err = say(ctx, log, t.Executable, "", "cluster", "create", "--provider=sim", "--name="+t.Name, "--kubeconfig="+kubeconfig,
		"--controllers="+cmp.Or(t.Controllers, Controllers(nil)))
	if err != nil {
		return remove, err
	}
	return remove, Admit(ctx, log, t.Executable, kubeconfig, t.Admission)
}

// Admit applies a manifest of admission policies of the mutants, and returns when
// the API server goes by them.
func Admit(ctx context.Context, log io.Writer, executable, kubeconfig, manifest string) error {
	kubectl := []string{"kubectl", "--kubeconfig=" + kubeconfig}
	if err := say(ctx, log, executable, manifest, append(kubectl, "apply", "-f", "-")...); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, admitting, fmt.Errorf("the API server has not gone by the policies within %s", admitting))
	defer cancel()
	try := fmt.Sprintf(`{"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": %q, "namespace": "default"}, "spec": {
		"selector": {"matchLabels": {"app": "probe"}},
		"template": {"metadata": {"labels": {"app": "probe"}}, "spec": {"containers": [{"name": "probe", "image": "probe"}]}}}}`, probe)
	for {
		var said bytes.Buffer
		if err := say(ctx, io.MultiWriter(log, &said), executable, try, append(kubectl, "create", "--dry-run=server", "-f", "-", "-o", "jsonpath={.metadata.annotations}")...); err != nil {
			return err
		}
		if strings.Contains(said.String(), probe) {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(asking):
		}
	}
}

// say runs a command of dsconform.
func say(ctx context.Context, log io.Writer, executable, input string, args ...string) error {
	// The kernel sends Pdeathsig when the thread that started the child ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, executable, args...)
	cmd.Env = append(os.Environ(), "NO_COLOR=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = closing
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("dsconform %s: %w", strings.Join(args, " "), errors.Join(err, context.Cause(ctx)))
	}
	return nil
}
