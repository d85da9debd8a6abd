package framework

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/restmapper"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/invariants"
	"github.com/dsconform/dsconform/framework/kubectl"
	"github.com/dsconform/dsconform/framework/nodepool"
	"github.com/dsconform/dsconform/internal/load"
)

// Execute runs one spec on the cluster: it skips it with the reason where the
// cluster lacks what it needs, leases its nodes, gives it a namespace and an
// event log, runs its body, and judges the invariants over what was recorded.
func Execute(ctx context.Context, cluster clusters.Cluster, settings Settings, spec Spec, r Reporter) {
	if why, version := Unfit(spec, cluster, settings); why != "" {
		if version {
			r.Entry(EntryNotApplicable, why)
		}
		r.Skip(why)
	}
	e := &Env{
		Spec: spec, Cluster: cluster, Timeouts: settings.Timeouts, settings: settings, reporter: r,
		token: token(spec.ID), started: time.Now(),
		Log:  slog.With("spec", spec.ID),
		load: load.Now,
	}
	r.Defer(e.close)
	e.awaitTurn(ctx)
	e.open(ctx)
	limit := spec.Limit
	if limit == 0 {
		limit = e.Timeouts.Spec
	}
	body, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("the spec's limit of %s ran out: %w", limit, context.DeadlineExceeded))
	defer cancel()
	e.started = time.Now()
	spec.Body(body, e)
	e.settle(body)
	e.judge()
}

// token is unique to one run of one spec, and a DNS label.
func token(id string) string {
	var b [3]byte
	// Read never fails (crypto/rand documents that it crashes the program instead).
	_, _ = rand.Read(b[:])
	return strings.ToLower(id) + "-" + hex.EncodeToString(b[:])
}

// open makes everything the body is given, each clean-up registered first.
func (e *Env) open(ctx context.Context) {
	config, err := e.Cluster.RESTConfig()
	e.Must(err, "read the cluster's client configuration")
	config.UserAgent = fmt.Sprintf("dsconform/%s (%s; %s)", e.settings.Version, e.settings.Run, e.Spec.ID)
	config.QPS, config.Burst = 100, 200
	e.Config = config
	e.Client, err = kubernetes.NewForConfig(config)
	e.Must(err, "make a client")
	e.dynamic, err = dynamic.NewForConfig(config)
	e.Must(err, "make a dynamic client")
	e.mapper = restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(e.Client.Discovery()))
	e.Dir = filepath.Join(e.settings.OutDir, e.bundlePath())
	e.Must(errors.Join(os.RemoveAll(e.Dir), os.MkdirAll(e.Dir, 0o755)), "make the folder %s", e.Dir)
	e.leaseNodes(ctx)
	e.makeNamespace(ctx)
	e.Kubectl = &kubectl.Runner{Exe: e.settings.KubectlExe, Kubeconfig: e.Cluster.KubeconfigPath(), Namespace: e.Namespace, UserAgent: config.UserAgent}
	// The log outlives the spec: its clean-up waits on it too, and close stops it.
	e.History, err = history.Start(context.WithoutCancel(ctx), e.Client, history.Options{Namespaces: []string{e.Namespace}, Log: e.Log})
	e.Must(err, "start the event log of namespace %s", e.Namespace)
}

func (e *Env) leaseNodes(ctx context.Context) {
	need := e.Spec.Nodes
	if need.Workers == 0 && !need.All && !need.Topology {
		return
	}
	limit, cancel := context.WithTimeout(ctx, e.Timeouts.Lease)
	defer cancel()
	begun := time.Now()
	lease, err := nodepool.New(e.Client).Acquire(limit, e.Spec.ID, e.token, nodepool.Need{
		Workers: need.Workers, Labels: need.Labels, Exclusive: need.Exclusive, All: need.All, Topology: need.Topology,
	})
	if errors.Is(err, nodepool.ErrTooFew) {
		e.reporter.Skip(err.Error())
	}
	e.Must(err, "lease nodes")
	e.waited += time.Since(begun)
	e.reporter.Entry(EntryWait, e.waited.Seconds())
	e.Cleanup("give the leased nodes back", lease.Release)
	e.lease, e.Nodes = lease, lease.Nodes
	if len(lease.Nodes) > 0 {
		e.LeaseLabel = lease.Label
	}
}

func (e *Env) makeNamespace(ctx context.Context) {
	e.Namespace = e.token
	e.Cleanup("delete namespace "+e.Namespace+" and wait for its pods to go", e.deleteNamespace)
	_, err := e.Client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: e.Namespace,
		Labels: map[string]string{
			"dsconform.dev/spec": e.Spec.ID,
			// Fixtures mount host paths and run privileged, as node agents do.
			"pod-security.kubernetes.io/enforce": "privileged",
		},
	}}, metav1.CreateOptions{})
	e.Must(err, "create namespace %s", e.Namespace)
}

// settle judges that the controller comes to rest and then writes no more:
// within the rollout deadline there is a stability window in which nothing in
// the namespace changes, and in a second one that follows it makes no write.
func (e *Env) settle(ctx context.Context) {
	if e.Spec.Unsettled != "" {
		return
	}
	since := time.Now()
	for {
		e.rests(ctx, since)
		rested := int64(len(e.History.Entries()))
		e.rests(ctx, since)
		result, moved := invariants.Quiescence(e.History.Entries(), rested)
		e.judged(result)
		if !moved {
			return
		}
		if time.Since(since) > e.Timeouts.Rollout {
			e.restless(since)
		}
	}
}

// rests waits for a stability window.
func (e *Env) rests(ctx context.Context, since time.Time) {
	limit, cancel := context.WithTimeout(ctx, e.Timeouts.Quiet+e.Timeouts.Rollout)
	defer cancel()
	err := e.History.Quiet(limit, e.Timeouts.Quiet, e.ofNamespace, still)
	if err == nil {
		return
	}
	if ctx.Err() != nil {
		e.stopped(ctx, "the controller comes to rest once its work is done", err)
	}
	if gap := (*history.GapError)(nil); errors.As(err, &gap) {
		e.Must(err, "see whether the controller comes to rest")
	}
	e.restless(since)
}

// restless ends the spec because the namespace does not come to rest, and says who keeps writing.
func (e *Env) restless(since time.Time) {
	f := Failure{
		Class: NonConformant,
		Expected: fmt.Sprintf("invariant quiescence: the controller is at rest for %s, within %s after its work is done",
			2*e.Timeouts.Quiet, e.Timeouts.Rollout),
		Look: []string{"events.jsonl in the bundle, its last entries"},
	}
	changes := invariants.Restless(e.History.Entries(), e.Namespace, since)
	if len(changes) == 0 {
		e.Fail(Failure{Class: EnvironmentFault, Expected: f.Expected, Seen: "nothing changes, yet the event log was never whole for so long", Cause: "the watches of the event log kept ending"})
	}
	f.Seen = fmt.Sprintf("something still changes after %s: %s", time.Since(since).Truncate(time.Second), changes[0])
	f.Cause = "the controller writes though it has nothing left to do: " + changes[0].Writer
	for _, c := range changes[1:min(len(changes), 5)] {
		f.Evidence = append(f.Evidence, "also "+c.String())
	}
	if !slices.ContainsFunc(changes, func(c invariants.Changes) bool { return !c.OfTheNode }) {
		f.Class, f.Cause = EnvironmentFault, "only kubelets and schedulers write: "+changes[0].Writer
	}
	e.Fail(f)
}

// still asks nothing of the state: it is the silence that is waited for.
func still(*history.State) error { return nil }

// judge runs every invariant over the whole event log.
func (e *Env) judge() { e.judged(invariants.Judge(e.History.Entries(), e.Spec.Except)) }

// judged ends the spec if a rule was broken, and notes what could not be judged.
func (e *Env) judged(result invariants.Result) {
	if f := e.violation(result); f != nil {
		e.Fail(*f)
	}
	if result.Unknown != "" {
		e.reporter.Entry(EntryUnknown, result.Unknown)
	}
}

// proven is the failure by the first rule that the log so far proves broken;
// nil if there is none.
func (e *Env) proven() *Failure {
	if e.History == nil {
		return nil
	}
	return e.violation(invariants.Judge(e.History.Entries(), e.Spec.Except))
}

// violation is the failure by the first rule that was broken, one of those that
// hold by the clock only where there is no other; nil if none was.
func (e *Env) violation(result invariants.Result) *Failure {
	if len(result.Violations) == 0 {
		return nil
	}
	found := slices.Clone(result.Violations)
	if i := slices.IndexFunc(found, func(v invariants.Violation) bool { return !v.Late }); i > 0 {
		found[0], found[i] = found[i], found[0]
	}
	f := BrokenInvariant(found[0])
	for _, more := range found[1:min(len(found), 5)] {
		f.Evidence = append(f.Evidence, fmt.Sprintf("also %s: %s", more.Invariant, more.Message))
	}
	if found[0].Late {
		f = e.excused(f, load.Load.Overloaded)
	}
	return &f
}

// BrokenInvariant is the failure by a rule that was broken.
func BrokenInvariant(v invariants.Violation) Failure {
	return Failure{
		Class:    NonConformant,
		Expected: fmt.Sprintf("invariant %s, which holds at every instant: %s", v.Invariant, invariants.Sentence(v.Invariant)),
		Seen:     v.Message,
		Cause:    fmt.Sprintf("the first event that breaks it is number %d of the log", v.Entry.Seq),
		Look:     []string{"events.jsonl in the bundle, around that number"},
	}
}

// bundlePath is where the spec's state is captured, relative to the output folder.
func (e *Env) bundlePath() string { return filepath.Join("failures", e.Spec.ID) }
