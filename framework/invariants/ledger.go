package invariants

import (
	"maps"
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
	now   time.Time
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

// observe takes the entry into the ledger.
func (l *ledger) observe(next *history.State, e history.Entry) {
	gone := e.Change == history.Deleted
	switch o := e.Object.(type) {
	case *corev1.Node:
		l.observeNode(o, e.Change)
	case *appsv1.DaemonSet:
		l.observeSet(o, gone)
	case *corev1.Pod:
		l.observePod(next, o, gone)
	case *appsv1.ControllerRevision:
		l.revisions[o.UID] = o.Revision
		if v := l.sets[controllerUID(o)]; v != nil {
			for _, s := range v.what {
				if s != nil {
					s.hash = ""
				}
			}
		}
	}
}

func (l *ledger) observeNode(n *corev1.Node, change history.Change) {
	v := l.nodes[n.Name]
	if v == nil {
		v = &versions[*corev1.Node]{}
		l.nodes[n.Name] = v
		if change != history.Listed {
			// Until now it was not there: a controller may not know of it yet.
			v.push(time.Time{}, nil)
		}
	}
	if change == history.Deleted {
		v.push(l.now, nil)
		return
	}
	if len(v.what) == 0 {
		v.push(l.now, n)
		return
	}
	if old := v.last(); old != nil && maps.Equal(old.Labels, n.Labels) && equality.Semantic.DeepEqual(old.Spec.Taints, n.Spec.Taints) {
		return // a heartbeat: nothing that placement looks at
	}
	v.push(l.now, n)
}

func (l *ledger) observeSet(ds *appsv1.DaemonSet, gone bool) {
	v := l.sets[ds.UID]
	if v == nil {
		v = &versions[*set]{}
		l.sets[ds.UID] = v
	}
	if gone {
		v.push(l.now, nil)
		return
	}
	if len(v.what) > 0 && v.last() != nil {
		old := v.last()
		if old.Generation == ds.Generation && (old.DeletionTimestamp == nil) == (ds.DeletionTimestamp == nil) {
			l.prove(old.DaemonSet, ds)
			old.DaemonSet = ds
			return
		}
	}
	v.push(l.now, &set{DaemonSet: ds, rule: oracle.RuleOf(ds)})
}

// prove marks pods as seen available: a status that the controller wrote and
// that counts no desired pod as unavailable was computed from a cache that
// held every one of them as available.
func (l *ledger) prove(old, ds *appsv1.DaemonSet) {
	if ds.Status.NumberUnavailable != 0 || ds.Status.NumberAvailable == 0 || equality.Semantic.DeepEqual(old.Status, ds.Status) {
		return
	}
	for at, pods := range l.on {
		if at.set != ds.UID {
			continue
		}
		for _, p := range pods {
			p.proven = p.proven || l.available(p, ds.Spec.MinReadySeconds)
		}
	}
}

func (l *ledger) observePod(next *history.State, p *corev1.Pod, gone bool) {
	rec := l.pods[p.UID]
	var was place
	if rec == nil {
		rec = &podRecord{owner: controllerUID(p)}
		l.pods[p.UID] = rec
	} else {
		was = place{controllerUID(rec.Pod), oracle.TargetNode(rec.Pod)}
		l.loss(next, rec, p, was, gone)
	}
	wasReady := rec.Pod != nil && oracle.Ready(rec.Pod)
	switch isReady := oracle.Ready(p); {
	case isReady && !wasReady:
		rec.since = l.now
	case !isReady && wasReady:
		rec.unready, rec.proven = l.now, false
	}
	if rec.Pod != nil && oracle.Terminal(rec.Pod) || oracle.Terminal(p) {
		rec.ended = l.now
	}
	rec.Pod = p
	rec.byHand = rec.byHand || len(next.ActionsOn(history.KindPod, p)) > 0
	if len(l.live(was)) > 1 {
		l.pairs[was] = l.now
	}
	delete(l.on[was], p.UID)
	if gone {
		delete(l.pods, p.UID)
		if _, ok := l.taken[was]; ok {
			l.taken[was] = l.now
		}
		return
	}
	at := place{controllerUID(p), oracle.TargetNode(p)}
	if l.on[at] == nil {
		l.on[at] = map[types.UID]*podRecord{}
	}
	l.on[at][p.UID] = rec
	if len(l.live(at)) > 1 {
		l.pairs[at] = l.now
	}
}

// loss notes how a node lost an available pod: by the controller's own deed,
// of which it knows at once, or otherwise, of which it may learn later.
func (l *ledger) loss(next *history.State, rec *podRecord, p *corev1.Pod, at place, gone bool) {
	minReady := int32(0)
	if v := l.sets[at.set]; v != nil && v.last() != nil {
		minReady = v.last().Spec.MinReadySeconds
	}
	removed := !oracle.Terminating(rec.Pod) && (oracle.Terminating(p) || gone)
	switch {
	case removed && byController(next, p):
		delete(l.lost, at)
		l.taken[at] = l.now
	case l.available(rec, minReady) && (removed || !oracle.Ready(p)):
		l.lost[at] = l.now
		delete(l.taken, at)
	}
}

// byController tells whether the deletion of a pod is the controller's deed:
// no other hand left its mark.
func byController(next *history.State, p *corev1.Pod) bool {
	for _, c := range p.Status.Conditions {
		// Eviction, preemption, taint eviction and pod GC all mark their victims.
		if c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue {
			return false
		}
	}
	for _, a := range next.ActionsOn(history.KindPod, p) {
		if removes(a.Text) {
			return false
		}
	}
	if node := oracle.TargetNode(p); node != "" {
		for _, a := range next.ActionsOn(history.KindNode, &metav1.ObjectMeta{Name: node}) {
			if removes(a.Text) {
				return false
			}
		}
	}
	return true
}

// removes tells whether the words of an action say that pods go by it.
func removes(text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc([]string{"delete", "deleting", "evict", "drain", "remove", "removing"}, func(word string) bool {
		return strings.Contains(text, word)
	})
}
