package subject

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/dsconform/dsconform/framework/faults"
	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/internal/supervisor"
)

// process is a program under test: the child of a supervisor that ends with
// this process.
type process struct {
	processControl
	choice   Choice
	options  Options
	folder   string
	identity string
	silent   bool
	parent   *supervisor.Process
	// proxy stands between the program and the API server; nil if nothing does.
	proxy *faults.Proxy
	// forget takes back what was made in the cluster.
	forget func(context.Context) error
	// forgetLeases takes back the right to leases; nil where none was given.
	forgetLeases func(context.Context) error
	// unwatch ends the watch over the program, and returns when it has ended.
	unwatch func()
}

// startProcess gives the program its identity, starts it, and waits for its
// first write, its end, or the limit.
func startProcess(ctx context.Context, c Choice, o Options, admin *rest.Config, cs kubernetes.Interface, first *probe) (Subject, error) {
	s := &process{choice: c, options: o, unwatch: func() {}, forget: func(context.Context) error { return nil }}
	err := s.launch(ctx, admin, cs)
	if err == nil {
		err = o.Log.Do(ctx, "first write of the controller under test", 0, func(ctx context.Context) error { return s.firstWrite(ctx, first) })
	}
	if err != nil {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.Cleanup)
		defer cancel()
		return nil, environment(errors.Join(err, s.Close(clean)))
	}
	s.watch(ctx)
	return s, nil
}

// launch makes the identity, the supervisor and the process.
func (s *process) launch(ctx context.Context, admin *rest.Config, cs kubernetes.Interface) error {
	var err error
	if s.identity, err = digest(s.choice.Path); err != nil {
		return err
	}
	if s.folder, err = os.MkdirTemp("", "dsconform-subject-"); err != nil {
		return fmt.Errorf("making a folder for the controller under test: %w", err)
	}
	made, err := account(ctx, cs)
	if err != nil {
		return err
	}
	if s.choice.Elects {
		if s.forgetLeases, err = grantLeases(ctx, cs); err != nil {
			return err
		}
	}
	if made {
		s.forget = func(ctx context.Context) error {
			if refused := cs.CoreV1().ServiceAccounts(metav1.NamespaceSystem).Delete(ctx, accountName, metav1.DeleteOptions{}); refused != nil {
				return fmt.Errorf("deleting the service account %s/%s: %w", metav1.NamespaceSystem, accountName, refused)
			}
			return nil
		}
	}
	if s.options.Faults {
		s.proxy, err = faults.Start(ctx, faults.Options{Folder: s.folder, Upstream: admin, Seed: s.options.Seed})
		if err != nil {
			return err
		}
	}
	config := filepath.Join(s.folder, "kubeconfig")
	if err = writeKubeconfig(ctx, through(admin, s.proxy), cs, config); err != nil {
		return err
	}
	s.supervisor = supervisor.NewClient(s.folder)
	s.parent, err = supervisor.Spawn(ctx, s.options.Executable, s.folder, supervisor.Config{
		Attached: true, Scrap: true, Components: s.components(config, os.Environ()),
	})
	if err != nil {
		return err
	}
	if _, err = s.supervisor.Do(ctx, component, supervisor.Start); err != nil {
		return exit.Usagef("--subject=command:%s cannot be started, is it a program for this machine? %w", s.choice.Path, err)
	}
	return nil
}

// components are the program as it runs by itself and, where it elects a leader,
// the two of a pair, which nobody starts before a spec does.
func (s *process) components(kubeconfig string, environ []string) []supervisor.Component {
	out := []supervisor.Component{s.component(component, s.choice.Args, kubeconfig, environ)}
	if !s.choice.Elects {
		return out
	}
	args := s.choice.ElectArgs
	if args == nil {
		args = s.choice.Args
	}
	for _, name := range []string{first, second} {
		one := s.component(name, args, kubeconfig, environ)
		one.Log = filepath.Join(s.options.Out, strings.Replace(LogName, component, name, 1))
		// Who has lost the lease ends, and is not needed again.
		one.Revive = false
		out = append(out, one)
	}
	return out
}

// component is the program as its supervisor runs it.
func (s *process) component(name string, arguments []string, kubeconfig string, environ []string) supervisor.Component {
	args := slices.Clone(arguments)
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], KubeconfigArg, kubeconfig)
	}
	env := slices.DeleteFunc(slices.Clone(environ), func(e string) bool {
		return strings.HasPrefix(e, clientcmd.RecommendedConfigPathEnvVar+"=")
	})
	return supervisor.Component{
		Name: name, Exe: s.choice.Path, Args: args, Revive: true,
		Env: append(env, clientcmd.RecommendedConfigPathEnvVar+"="+kubeconfig),
		Log: filepath.Join(s.options.Out, LogName),
	}
}

// KubeconfigArg stands in Choice.Args for the path of the program's kubeconfig,
// for programs that take it by a flag.
const KubeconfigArg = "{kubeconfig}"

// firstWrite waits for the first write. A program that ends before it cannot be
// judged; one that only never writes is judged, and fails.
func (s *process) firstWrite(ctx context.Context, p *probe) error {
	limited, stop := context.WithTimeout(ctx, s.options.First)
	defer stop()
	waiting, cancel := context.WithCancelCause(limited)
	defer cancel(nil)
	go func() {
		if status, err := s.supervisor.AwaitEnd(waiting, component, 1); err == nil {
			cancel(&earlyEnd{s.choice.Path, status})
		}
	}()
	if p.await(waiting) == nil {
		return nil
	}
	var early *earlyEnd
	switch {
	case errors.As(context.Cause(waiting), &early):
		return early
	case ctx.Err() != nil:
		return fmt.Errorf("waiting for the controller under test to write: %w", context.Cause(ctx))
	}
	s.silent = true
	s.options.Log.Notef("the controller under test has written nothing within %s of its start; it is judged all the same (its log is %s)",
		s.options.First, filepath.Join(s.options.Out, LogName))
	return nil
}

// earlyEnd is a program that ended before it had written anything.
type earlyEnd struct {
	path   string
	status supervisor.Status
}

// Error implements error.
func (e *earlyEnd) Error() string {
	return fmt.Sprintf("the controller under test %s %s before it had written anything: %s (see %s)",
		e.path, ended(firstExit(e.status)), lastWords(e.status.Tail), e.status.Log)
}

// firstExit says how a program ended, also where it was started again meanwhile.
func firstExit(s supervisor.Status) string {
	if s.Crash != "" {
		return s.Crash
	}
	return s.Exit
}

// watch notes every crash in the run's log, until unwatch.
func (s *process) watch(ctx context.Context) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	s.unwatch = func() { cancel(); <-done }
	go func() {
		defer close(done)
		start, crashes := 1, 0
		for {
			status, err := s.supervisor.AwaitEnd(ctx, component, start)
			if err != nil {
				return // it is closed, or its supervisor is gone, which its status says
			}
			if status.Crashes > crashes {
				crashes = status.Crashes
				s.options.Log.Notef("%s", crashText(s.choice.name(), status))
			}
			start = status.Starts
			if status.State == supervisor.Ended {
				start++
			}
		}
	}()
}

// crashText says in one line that the program has crashed.
func crashText(name string, s supervisor.Status) string {
	again := "runs again"
	if !s.Again.IsZero() {
		again = "is started again at " + s.Again.Local().Format(time.TimeOnly)
	}
	return fmt.Sprintf("the controller under test %s %s (crash %d) and %s: %s", name, ended(firstExit(s)), s.Crashes, again, lastWords(s.Tail))
}

// Handle implements Subject.
func (s *process) Handle() Handle {
	return Handle{Kind: Command, Folder: s.folder, Faults: s.proxy != nil, Elects: s.choice.Elects}
}

// Status implements Subject.
func (s *process) Status(ctx context.Context) (Status, error) {
	out := Status{Kind: Command, Name: s.choice.name(), Version: s.choice.Version, Identity: s.identity, Silent: s.silent, Log: filepath.Join(s.options.Out, LogName)}
	all, err := s.supervisor.Status(ctx)
	if err != nil {
		return out, exit.Environmentf("the controller under test %s: %w", s.choice.name(), err)
	}
	for _, c := range all {
		if c.Name != component {
			continue
		}
		out.PID, out.Restarts, out.Tail = c.PID, c.Crashes, c.Tail
		if c.Crash != "" {
			out.LastExit = ended(c.Crash)
		}
	}
	return out, nil
}

// Close implements Subject.
func (s *process) Close(ctx context.Context) error {
	s.unwatch()
	var errs []error
	if s.parent != nil {
		err := s.supervisor.Shutdown(ctx)
		if err == nil {
			s.parent.Wait()
		}
		errs = append(errs, err)
	}
	if s.proxy != nil {
		errs = append(errs, s.proxy.Close())
	}
	if s.forgetLeases != nil {
		errs = append(errs, s.forgetLeases(ctx))
	}
	errs = append(errs, s.forget(ctx))
	if s.folder != "" {
		errs = append(errs, os.RemoveAll(s.folder))
	}
	if err := errors.Join(errs...); err != nil {
		return exit.Environmentf("ending the controller under test %s: %w", s.choice.name(), err)
	}
	return nil
}

// environment gives an error of no class the class Environment.
func environment(err error) error {
	if exit.Of(err) != exit.Internal {
		return err
	}
	return exit.Environmentf("%w", err)
}
