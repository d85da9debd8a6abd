package invariants

import (
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

// ledger remembers what a picture alone does not tell: which versions of nodes
// and DaemonSets stood within Lag, who first owned a pod, and since when its
// availability is beyond doubt.
type ledger struct {
	now time.Time
	// over is by how many the rule that is judged found its bound exceeded.
	over  int
	nodes map[string]*versions[*corev1.Node]
	sets  map[types.UID]*versions[*set]
	pods  map[types.UID]*podRecord
	on    map[place]map[types.UID]*podRecord
	// lost is when a node lost its last available pod by another hand than the controller's.
	lost map[place]time.Time
	// taken is when the controller itself deleted a pod of the node, or when that pod went.
	taken map[place]time.Time
	// pairs is when a node last held more than one live pod.
	pairs map[place]time.Time
	// revisions are the last numbers of the ControllerRevisions.
	revisions map[types.UID]int64
}

// place is a node as a DaemonSet sees it.
type place struct {
	set  types.UID
	node string
}

// set is a DaemonSet of one generation with its placement rule.
type set struct {
	*appsv1.DaemonSet
	rule *oracle.Rule
	// hash marks the pods of its template; empty until a ControllerRevision holds it.
	hash string
}

// podRecord is what is known of a pod beyond its last state.
type podRecord struct {
	*corev1.Pod
	// owner is the controller that the pod was first seen with.
	owner types.UID
	// byHand tells that the spec itself made the pod or did something to it.
	byHand bool
	// since is when it last became Ready in the log; zero while it is not.
	since time.Time
	// unready is when it last ceased to be Ready; zero if it never did.
	unready time.Time
	// ended is when it was last seen Failed or Succeeded; zero if it never was.
	ended time.Time
	// proven tells that the controller has written a status that counts it as available.
	proven bool
}

func newLedger() *ledger {
	return &ledger{
		nodes: map[string]*versions[*corev1.Node]{}, sets: map[types.UID]*versions[*set]{},
		pods: map[types.UID]*podRecord{}, on: map[place]map[types.UID]*podRecord{}, lost: map[place]time.Time{},
		taken: map[place]time.Time{}, pairs: map[place]time.Time{},
		revisions: map[types.UID]int64{},
	}
}

// versions are the states of one object that still matter, the oldest first.
type versions[T any] struct {
	from []time.Time
	what []T
}

func (v *versions[T]) last() T { return v.what[len(v.what)-1] }

// push adds a version; those that no longer stood within Lag are dropped.
func (v *versions[T]) push(now time.Time, o T) {
	v.from, v.what = append(v.from, now), append(v.what, o)
	for len(v.from) > 1 && now.Sub(v.from[1]) > Lag {
		v.from, v.what = v.from[1:], v.what[1:]
	}
}

// recent gives the versions that stood at any moment within Lag of now.
func (v *versions[T]) recent(now time.Time) []T {
	if v == nil {
		return nil
	}
	first := 0
	for first+1 < len(v.from) && now.Sub(v.from[first+1]) > Lag {
		first++
	}
	return v.what[first:]
}

// recentSets gives the versions of the DaemonSet within Lag; those where it was gone are left out.
func (l *ledger) recentSets(next *history.State, uid types.UID) []*set {
	var out []*set
	for _, s := range l.sets[uid].recent(l.now) {
		if s == nil {
			continue
		}
		if s.hash == "" {
			s.hash = hashOf(next, s.DaemonSet)
		}
		out = append(out, s)
	}
	return out
}

func hashOf(next *history.State, ds *appsv1.DaemonSet) string {
	for _, cr := range slices.Backward(next.RevisionsOf(ds)) {
		template, err := oracle.RevisionTemplate(cr)
		if err == nil && equality.Semantic.DeepEqual(template, ds.Spec.Template) {
			return oracle.Hash(cr)
		}
	}
	return ""
}

// alive tells whether the DaemonSet stands and is not being deleted.
func (l *ledger) alive(uid types.UID) bool {
	v := l.sets[uid]
	return v != nil && v.last() != nil && v.last().DeletionTimestamp == nil
}

// wants tells whether any of the versions of DaemonSet and node within Lag
// satisfies the decision's predicate, and whether all do.
func (l *ledger) wants(sets []*set, node string, is func(oracle.Decision) bool) (some, all bool, last oracle.Decision) {
	nodes := l.nodes[node].recent(l.now)
	all = len(nodes) > 0 && len(sets) > 0
	for _, n := range nodes {
		for _, s := range sets {
			last = oracle.Decision{Reason: "does not exist"}
			if n != nil {
				last = s.rule.Decide(n)
			}
			some, all = some || is(last), all && is(last)
		}
	}
	if len(nodes) == 0 {
		last.Reason = "does not exist"
	}
	return some, all, last
}

func toRun(d oracle.Decision) bool  { return d.Run }
func toKeep(d oracle.Decision) bool { return d.Keep }

// live lists the DaemonSet's pods on the node that are neither terminating nor finished, by name.
func (l *ledger) live(at place) []*podRecord {
	var out []*podRecord
	for _, p := range l.on[at] {
		if !oracle.Terminating(p.Pod) && !oracle.Terminal(p.Pod) {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b *podRecord) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// skew is how far the clocks of a controller and of the log may differ.
const skew = 2 * time.Second

// available tells whether the pod is available, in favour of the controller where clocks may differ.
func (l *ledger) available(p *podRecord, minReadySeconds int32) bool {
	ok, _ := oracle.Available(p.Pod, minReadySeconds, l.now.Add(skew))
	return ok && !oracle.Terminating(p.Pod)
}

// surelyAvailable tells whether the pod is available and the controller has seen it so.
func (l *ledger) surelyAvailable(p *podRecord, minReadySeconds int32) bool {
	ok, _ := oracle.Available(p.Pod, minReadySeconds, l.now.Add(-skew))
	flapped := !p.unready.IsZero() && l.now.Sub(p.unready) <= Lag
	return ok && !flapped && (p.proven || l.now.Sub(p.since) > Lag)
}

func controllerUID(o metav1.Object) types.UID {
	if ref := metav1.GetControllerOfNoCopy(o); ref != nil {
		return ref.UID
	}
	return ""
}
