package framework

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/kubectl"
	"github.com/dsconform/dsconform/framework/nodepool"
	"github.com/dsconform/dsconform/framework/subject"
	"github.com/dsconform/dsconform/internal/load"
)

// Env is what a spec's body works with. It belongs to one run of one spec; its
// methods end the spec, with an explanation, when what they say does not hold.
type Env struct {
	// Spec is the spec being run.
	Spec Spec
	// Cluster is the cluster under judgement. Ask for its abilities with Able.
	Cluster clusters.Cluster
	// Config is the client configuration; its User-Agent names run and spec.
	Config *rest.Config
	// Client is made from Config.
	Client kubernetes.Interface
	// Namespace belongs to the spec alone.
	Namespace string
	// Nodes are the leased workers, sorted.
	Nodes []string
	// LeaseLabel marks the leased workers, with value "true"; empty without a lease.
	LeaseLabel string
	// History is the event log of the spec's namespace and of all nodes.
	History *history.Recorder
	// Kubectl runs the command line against the cluster, in the spec's namespace.
	Kubectl *kubectl.Runner
	// Timeouts are the run's deadlines.
	Timeouts Timeouts
	// Log is the spec's log.
	Log *slog.Logger
	// Dir is where the spec may leave files; it exists and is empty at the start.
	Dir string

	reporter Reporter
	settings Settings
	dynamic  dynamic.Interface
	mapper   *restmapper.DeferredDiscoveryRESTMapper
	lease    *nodepool.Lease
	cleanups []cleanup
	token    string
	started  time.Time
	// waited is how long the spec waited for its turn and for its nodes.
	waited time.Duration
	// load tells what the machine has to do; nil where nobody asks.
	load func() (load.Load, bool)
}

// Settings are the same for all specs of a run.
type Settings struct {
	// Run identifies the run.
	Run string
	// Version is dsconform's own version, for the User-Agent.
	Version string
	// KubernetesVersion is the API server's version, as v1.37.2.
	KubernetesVersion string
	// ControllerVersion is the Kubernetes version that the controller under test
	// is of, where it is another than the API server's; else empty.
	ControllerVersion string
	// Whatever lists the IDs of specs that are judged whatever their version
	// constraint says: a known gap is to be proven, not skipped.
	Whatever []string
	// Subject tells how to reach the controller under test, if the run started it.
	Subject subject.Handle
	// OutDir is the run's output folder.
	OutDir string
	// Images gives the image to use for a name known to the fixtures, as "agent:v1".
	Images map[string]string
	// KubectlExe is the command, with leading arguments, that runs kubectl.
	KubectlExe []string
	// Timeouts are the run's deadlines.
	Timeouts Timeouts
	// Strict makes deviations of released Kubernetes fail.
	Strict bool
	// Worker is which of those that judge at the same time this one is, from 1; 0
	// is the only one.
	Worker int
	// Gate is the file that all runs on this machine lock for a moment when a spec
	// begins, so that the next sees what the last one gives the machine to do; empty
	// for no such file.
	Gate string
}

// Reporter is how an Env ends a spec and leaves notes in its report. Ginkgo
// implements it in framework/run; tests use their own.
type Reporter interface {
	// Fail ends the spec as failed; it does not return.
	Fail(text string)
	// Skip ends the spec as skipped; it does not return.
	Skip(reason string)
	// Entry attaches a value to the spec's report.
	Entry(name string, value any)
	// Failed tells whether the spec has failed, however it did.
	Failed() bool
	// Defer registers what runs after the spec, whatever its outcome, with a
	// context that an interrupt of the spec does not cancel.
	Defer(do func(context.Context))
}

type cleanup struct {
	what string
	do   func(context.Context) error
}

// Image gives the image reference for a name known to the fixtures, as
// "agent:v1"; an unknown name is a fault of the suite.
func (e *Env) Image(name string) string {
	ref, ok := e.settings.Images[name]
	if !ok {
		e.Fail(Failure{Class: SuiteFault, Expected: "an image named " + name, Seen: "the image map does not hold it"})
	}
	return ref
}

// Images gives the image for each name known to the fixtures. It is shared: never write to it.
func (e *Env) Images() map[string]string { return e.settings.Images }

// Able gives the cluster's ability T. A spec that lists the ability in Needs
// is never run on a cluster without it, so a miss is a fault of the suite.
func Able[T any](e *Env) T {
	return ableOf[T](e, e.Cluster, "provider "+e.Cluster.Provider())
}

func ableOf[T any](e *Env, who any, name string) T {
	able, ok := who.(T)
	if !ok {
		var zero *T
		e.Fail(Failure{
			Class:    SuiteFault,
			Expected: fmt.Sprintf("the spec lists the ability behind %T in its Needs", zero),
			Seen:     name + " does not have it",
		})
	}
	return able
}

// Cleanup registers what puts the cluster back as it was. Register before you
// act. Cleanups run last first, after the state was captured, each with a
// deadline of its own: one that hangs does not keep the leased nodes from the
// specs that wait for them.
func (e *Env) Cleanup(what string, do func(context.Context) error) {
	e.cleanups = append(e.cleanups, cleanup{what, do})
}

// Key gives a label or taint key that no other spec uses, as "x.DS-PLC-001/..." would be.
func (e *Env) Key(name string) string { return name + ".dsconform.dev/" + e.token }

// Measure leaves a figure in the report, as the lag of a known deviation.
func (e *Env) Measure(name string, value any) {
	e.reporter.Entry(EntryMeasure, Figure{Name: name, Value: fmt.Sprint(value)})
}

// Strict tells whether deviations of released Kubernetes fail the spec.
func (e *Env) Strict() bool { return e.settings.Strict }

// JudgedVersion is the Kubernetes version that specs' constraints are held
// against: a controller's behaviour is that of its own release, whatever serves
// the API.
func (s Settings) JudgedVersion() string {
	if s.ControllerVersion != "" {
		return s.ControllerVersion
	}
	return s.KubernetesVersion
}

// KubernetesVersion is the API server's version, as v1.37.2.
func (e *Env) KubernetesVersion() string { return e.settings.KubernetesVersion }

// close captures the state if the spec failed and then undoes all it did.
// What cannot be undone is reported, for the next spec meets it.
func (e *Env) close(ctx context.Context) {
	if e.reporter.Failed() {
		e.capture(ctx)
	}
	for _, c := range slices.Backward(e.cleanups) {
		limit, cancel := context.WithTimeout(ctx, e.cleanupTime())
		err := c.do(limit)
		cancel()
		if err != nil {
			e.Log.Error("clean-up failed", "what", c.what, "error", err)
			e.reporter.Entry(EntryUnknown, fmt.Sprintf("clean-up failed: %s: %v", c.what, err))
		}
	}
	if e.History != nil {
		e.History.Stop()
	}
	if !e.reporter.Failed() {
		if err := os.RemoveAll(e.Dir); err != nil {
			e.Log.Warn("cannot remove the spec's folder", "dir", e.Dir, "error", err)
		}
	}
}
