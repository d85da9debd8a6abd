package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

// patience is how long a component may take before its silence means something.
// Everything here answers within a second or two; a busy machine takes its time.
const patience = 10 * time.Second

// view is one DaemonSet with what the rules ask about it.
type view struct {
	in    Input
	s     *history.State
	ds    *appsv1.DaemonSet
	now   time.Time
	nodes []*corev1.Node
	pods  []*corev1.Pod
	rule  *oracle.Rule
	// hash is that of the current revision; empty if there is none.
	hash string
	// last is when the controller last wrote for this DaemonSet, wrote whether it ever did.
	last  time.Time
	wrote bool
	// asked is when the present specification was written.
	asked time.Time
}

// subjects lists the DaemonSets to look at.
func subjects(in Input) []*appsv1.DaemonSet {
	s := in.State.In(in.Namespace)
	if in.DaemonSet != "" {
		if ds := s.DaemonSet(in.DaemonSet); ds != nil {
			return []*appsv1.DaemonSet{ds}
		}
		return nil
	}
	sets := s.DaemonSets()
	slices.SortStableFunc(sets, func(a, b *appsv1.DaemonSet) int {
		named := func(ds *appsv1.DaemonSet) int {
			if strings.Contains(in.Expectation, ds.Name) {
				return 0
			}
			return 1
		}
		return named(a) - named(b)
	})
	return sets
}

func newView(in Input, ds *appsv1.DaemonSet) *view {
	s := in.State.In(in.Namespace)
	v := &view{
		in: in, s: s, ds: ds, now: s.Now(), nodes: s.Nodes(), pods: s.PodsOf(ds), rule: oracle.RuleOf(ds),
		asked: ds.CreationTimestamp.Time,
	}
	if hash, err := oracle.CurrentHash(s, ds); err == nil {
		v.hash = hash
	}
	v.readLog()
	return v
}

// readLog finds when the specification last changed and when the controller last wrote.
func (v *view) readLog() {
	var before *appsv1.DaemonSet
	for _, e := range v.in.Entries {
		if e.Namespace != v.in.Namespace {
			continue
		}
		switch o := e.Object.(type) {
		case *appsv1.DaemonSet:
			if o.UID != v.ds.UID {
				continue
			}
			if before == nil || before.Generation != o.Generation {
				v.asked = e.Time
			}
			if before != nil && before.Generation == o.Generation && !sameStatus(before, o) {
				v.note(e.Time)
			}
			before = o
		case *corev1.Pod:
			if own(o, v.ds) && (e.Change == history.Added || e.Change == history.Modified && oracle.Terminating(o)) {
				v.note(e.Time)
			}
		case *appsv1.ControllerRevision:
			if own(o, v.ds) && e.Change != history.Listed {
				v.note(e.Time)
			}
		}
	}
}

func (v *view) note(at time.Time) { v.last, v.wrote = at, true }

func own(o metav1.Object, ds *appsv1.DaemonSet) bool {
	ref := metav1.GetControllerOfNoCopy(o)
	return ref != nil && ref.UID == ds.UID
}

func sameStatus(a, b *appsv1.DaemonSet) bool {
	x, y := a.Status, b.Status
	return x.ObservedGeneration == y.ObservedGeneration && x.DesiredNumberScheduled == y.DesiredNumberScheduled &&
		x.CurrentNumberScheduled == y.CurrentNumberScheduled && x.NumberMisscheduled == y.NumberMisscheduled && x.NumberReady == y.NumberReady &&
		x.UpdatedNumberScheduled == y.UpdatedNumberScheduled && x.NumberAvailable == y.NumberAvailable && x.NumberUnavailable == y.NumberUnavailable
}

// ago says how long since, in whole seconds.
func (v *view) ago(t time.Time) string { return v.now.Sub(t).Truncate(time.Second).String() }

// unavailable lists the live pods on eligible nodes that are not Ready.
func (v *view) unavailable() []*corev1.Pod {
	var out []*corev1.Pod
	for _, p := range v.pods {
		if n := v.s.Node(oracle.TargetNode(p)); n != nil && v.rule.Decide(n).Run && !oracle.Terminating(p) && !oracle.Ready(p) {
			out = append(out, p)
		}
	}
	return out
}

// done proves that the controller did its part: it has observed the
// specification, every pod is where it belongs and as the template has it, the
// status is right, and a rollout has no step that it could take.
func (v *view) done() bool {
	if v.hash == "" || v.placement() != nil || slices.ContainsFunc(v.pods, v.misshapen) {
		return false
	}
	return oracle.StatusDiff(v.ds, v.nodes, v.pods, v.hash, v.now) == nil && len(v.openSteps()) == 0
}

// misshapen tells whether a pod of the current revision is not what the template
// says. One that the spec had its hand on is not judged.
func (v *view) misshapen(p *corev1.Pod) bool {
	return p.Labels[appsv1.ControllerRevisionHashLabelKey] == v.hash && len(v.s.ActionsOn(history.KindPod, p)) == 0 &&
		oracle.PodFromTemplate(v.ds, p, oracle.TargetNode(p), v.hash) != nil
}

// placement is the oracle's, but for nodes whose only pod is on its way out:
// without surge the controller must wait there, so they count as if it stood.
func (v *view) placement() error {
	as := v.s
	if !oracle.Surges(v.ds) {
		as = v.s.Clone()
		for _, p := range v.pods {
			if oracle.Terminating(p) && !oracle.Terminal(p) && !v.hasLive(oracle.TargetNode(p)) {
				staying := p.DeepCopy()
				staying.DeletionTimestamp = nil
				as.Apply(history.Entry{Kind: history.KindPod, Change: history.Modified, Namespace: p.Namespace, Name: p.Name, UID: p.UID, Object: staying})
			}
		}
	}
	return oracle.Placement(as, v.ds)
}

func (v *view) hasLive(node string) bool {
	return slices.ContainsFunc(v.pods, func(p *corev1.Pod) bool {
		return oracle.TargetNode(p) == node && !oracle.Terminating(p) && !oracle.Terminal(p)
	})
}

// openSteps lists outdated pods that a rolling update ought to replace now:
// unavailable ones always, available ones while the budget lasts.
func (v *view) openSteps() []*corev1.Pod {
	if v.ds.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType || v.hash == "" {
		return nil
	}
	without, desired := v.without()
	maxUnavailable, _, err := oracle.Budget(v.ds, desired)
	if err != nil {
		return nil
	}
	var out []*corev1.Pod
	for _, p := range v.pods {
		if oracle.Terminating(p) || oracle.Terminal(p) || oracle.Updated(p, v.ds, v.hash) {
			continue
		}
		ok, _ := oracle.Available(p, v.ds.Spec.MinReadySeconds, v.now)
		if !ok && !oracle.Surges(v.ds) || len(without) < maxUnavailable || oracle.Surges(v.ds) && !v.surgedOn(p) {
			out = append(out, p)
		}
	}
	return out
}

// surgedOn tells whether a new pod already stands beside the old one, or
// anywhere not yet available: the surge is used.
func (v *view) surgedOn(old *corev1.Pod) bool {
	surging := 0
	for _, p := range v.pods {
		if oracle.Terminating(p) || !oracle.Updated(p, v.ds, v.hash) {
			continue
		}
		ok, _ := oracle.Available(p, v.ds.Spec.MinReadySeconds, v.now)
		if oracle.TargetNode(p) == oracle.TargetNode(old) {
			return !ok
		}
		if !ok {
			surging++
		}
	}
	_, maxSurge, err := oracle.Budget(v.ds, len(oracle.Eligible(v.ds, v.nodes)))
	return err != nil || surging >= maxSurge
}

// without lists the eligible nodes that have no available pod.
func (v *view) without() (nodes []string, desired int) {
	has := map[string]bool{}
	for _, p := range v.pods {
		if ok, _ := oracle.Available(p, v.ds.Spec.MinReadySeconds, v.now); ok && !oracle.Terminating(p) {
			has[oracle.TargetNode(p)] = true
		}
	}
	for _, n := range oracle.Eligible(v.ds, v.nodes) {
		desired++
		if !has[n] {
			nodes = append(nodes, n)
		}
	}
	return nodes, desired
}

// environment is the class of a fault downstream of the controller: the
// environment's only with proof that the controller had done its part.
func (v *view) environment() Class {
	if v.done() {
		return Environment
	}
	return NonConformant
}

// workload is the class of a fault of the pod's own: what the spec's manifest
// asked for, if the controller had done its part and made the pod as asked.
func (v *view) workload(p *corev1.Pod) Class {
	if v.done() && oracle.PodFromTemplate(v.ds, p, oracle.TargetNode(p), p.Labels[appsv1.ControllerRevisionHashLabelKey]) == nil {
		return Suite
	}
	return NonConformant
}

// event gives the last event about the object with one of the reasons.
func (v *view) event(kind, name string, reasons ...string) *corev1.Event {
	for _, e := range slices.Backward(v.s.EventsFor(kind, name)) {
		if slices.Contains(reasons, e.Reason) {
			return e
		}
	}
	return nil
}

func eventText(e *corev1.Event) string {
	times := ""
	if n := max(e.Count, seriesCount(e)); n > 1 {
		times = fmt.Sprintf(", %d times", n)
	}
	return fmt.Sprintf("event %s on %s %s%s: %s", e.Reason, e.InvolvedObject.Kind, e.InvolvedObject.Name, times, strings.TrimSpace(e.Message))
}

func seriesCount(e *corev1.Event) int32 {
	if e.Series == nil {
		return 0
	}
	return e.Series.Count
}

// count says "1 pod" or "3 pods".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
