package subject

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/internal/exit"
)

// Subject is a controller under test that runs.
type Subject interface {
	clusters.ControllerRestarter
	// Handle tells other processes how to reach it.
	Handle() Handle
	// Status tells how it fares.
	Status(ctx context.Context) (Status, error)
	// Close ends it and removes what was made for it, its log aside.
	Close(ctx context.Context) error
}

// Options say where and how a subject is started.
type Options struct {
	// Config gives a client configuration of the cluster, with an administrator's rights.
	Config func() (*rest.Config, error)
	// Executable is a program that plays the supervisor's role (package
	// supervisor of internal); commonly this program.
	Executable string
	// Out is the folder for its log.
	Out string
	// Objects are the decoded manifest's.
	Objects []runtime.Object
	// Foreign says that somebody else's cluster is judged: whether it runs a
	// controller of its own has to be found out.
	Foreign bool
	// Faults puts a proxy between a program and the API server, by which specs
	// set faults; Seed is what it draws from.
	Faults bool
	Seed   int64
	// First bounds the wait for the first sign of life.
	First time.Duration
	// Available bounds the wait for a Deployment's pods.
	Available time.Duration
	// Rival is how long a controller of the cluster's own is looked out for.
	Rival time.Duration
	// Cleanup bounds the removal of what was made.
	Cleanup time.Duration
	// Log shows what happens.
	Log *steps.Log
}

// LogName is the name of the subject's log below Options.Out.
const LogName = "subject.log"

// Start starts the subject and returns when it has written to the cluster, or
// has not within Options.First, which is noted. Whatever fails, nothing is left
// of it but its log. The error is of class Usage for a file that cannot be run
// and of class Environment for all else.
func Start(ctx context.Context, c Choice, o Options) (Subject, error) {
	admin, err := o.Config()
	if err != nil {
		return nil, exit.Environmentf("reading the cluster's client configuration: %w", err)
	}
	cs, err := kubernetes.NewForConfig(admin)
	if err != nil {
		return nil, exit.Environmentf("making a client: %w", err)
	}
	p, err := newProbe(ctx, cs)
	if err != nil {
		return nil, exit.Environmentf("%w", err)
	}
	defer func() {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.Cleanup)
		defer cancel()
		if err := p.remove(clean); err != nil {
			o.Log.Notef("%v", err)
		}
	}()
	if err := noRival(ctx, p, o); err != nil {
		return nil, err
	}
	if c.Kind == Manifest {
		return startDeployment(ctx, c, o, admin, cs, p)
	}
	return startProcess(ctx, c, o, admin, cs, p)
}

// noRival refuses a cluster whose own controller is at work: two would judge
// each other's pods, and the verdict would be on neither.
func noRival(ctx context.Context, p *probe, o Options) error {
	if !o.Foreign {
		return nil
	}
	looking, cancel := context.WithTimeout(ctx, o.Rival)
	defer cancel()
	if p.await(looking) != nil {
		return nil // nobody wrote, as it has to be; a cluster that is gone shows at the next step
	}
	return exit.Environmentf("the cluster has a DaemonSet controller at work: run its kube-controller-manager with --controllers=%s to judge another one", clusters.DaemonSetControllerOff)
}
