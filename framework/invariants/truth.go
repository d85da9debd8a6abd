package invariants

import (
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

func truthRules() []Invariant {
	return []Invariant{{
		ID:       "status-truth",
		Sentence: "Each number of every status that is written MUST be one that nodes and pods have borne out within the last seconds.",
		Clauses:  []string{"DS-STA-001", "DS-STA-002", "DS-STA-003", "DS-STA-004", "DS-STA-005", "DS-MRS-001"},
		New:      statusTruth,
	}}
}

// counted is what the pods of one node are worth in a status, were the node eligible.
type counted struct {
	has, ready bool
	// available and updated may hang on a clock, or on a revision that is not
	// there yet: what may be so, and what surely is.
	mayBeAvailable, isAvailable bool
	mayBeUpdated, isUpdated     bool
}

// truths judge statuses by what stood within Lag. A controller reads nodes and
// pods by watches of their own, and so may see a picture that never was; what a
// single node was worth it cannot make up. So each number is held against two
// bounds: the nodes that counted all the time, and those that ever did.
type truths struct {
	ledger *ledger
	worth  map[place]*versions[counted]
	// begun is when the log begins. What nodes were like before is not known.
	begun time.Time
	// disturbed tells that the spec has laid hands on the controller, or on what
	// it is told: then it may know less than Lag allows.
	disturbed bool
}

func statusTruth() Check {
	t := &truths{ledger: newLedger(), worth: map[place]*versions[counted]{}}
	return func(prev, next *history.State, e history.Entry) *Violation {
		t.ledger.now = next.Now()
		if t.begun.IsZero() {
			t.begun = t.ledger.now
		}
		if e.Kind == history.KindAction && e.On == "Controller" {
			t.disturbed = true
		}
		places := t.concerned(e)
		t.look(next, places)
		t.ledger.observe(next, e)
		t.look(next, append(places, t.concerned(e)...))
		old, cur := statusWritten(prev, next, e)
		if t.disturbed || cur == nil || old == nil || !counts(old.Status, cur.Status) {
			return nil
		}
		if wrong := t.judge(next, cur); wrong != "" {
			return &Violation{Late: true, Message: fmt.Sprintf("the status of DaemonSet %s is not what nodes and pods said within %s: %s", cur.Name, Lag, wrong)}
		}
		return nil
	}
}

// counts tells whether the controller counted anew for the status.
func counts(old, cur appsv1.DaemonSetStatus) bool {
	old.Conditions, old.CollisionCount = cur.Conditions, cur.CollisionCount
	return old.DesiredNumberScheduled != cur.DesiredNumberScheduled || old.CurrentNumberScheduled != cur.CurrentNumberScheduled ||
		old.NumberMisscheduled != cur.NumberMisscheduled || old.NumberReady != cur.NumberReady || old.NumberAvailable != cur.NumberAvailable ||
		old.UpdatedNumberScheduled != cur.UpdatedNumberScheduled || old.ObservedGeneration != cur.ObservedGeneration
}

// concerned gives the places whose worth the entry may change.
func (t *truths) concerned(e history.Entry) []place {
	var set types.UID
	switch o := e.Object.(type) {
	case *corev1.Pod:
		out := []place{{controllerUID(o), oracle.TargetNode(o)}}
		if rec := t.ledger.pods[o.UID]; rec != nil {
			out = append(out, place{controllerUID(rec.Pod), oracle.TargetNode(rec.Pod)})
		}
		return out
	case *appsv1.DaemonSet:
		set = o.UID
	case *appsv1.ControllerRevision:
		set = controllerUID(o)
	default:
		return nil
	}
	var out []place
	for at := range t.worth {
		if at.set == set {
			out = append(out, at)
		}
	}
	return out
}

// look notes what the places are worth now, where that is news.
func (t *truths) look(next *history.State, places []place) {
	for _, at := range places {
		v := t.ledger.sets[at.set]
		if at.node == "" || v == nil || v.last() == nil {
			continue
		}
		worth := t.worth[at]
		if worth == nil {
			worth = &versions[counted]{}
			t.worth[at] = worth
		}
		if now := t.count(next, v.last(), at); len(worth.what) == 0 || worth.last() != now {
			worth.push(t.ledger.now, now)
		}
	}
}

// count gives what the pods of the place are worth to the DaemonSet now.
func (t *truths) count(next *history.State, s *set, at place) counted {
	pods := make([]*corev1.Pod, 0, len(t.ledger.on[at]))
	for _, p := range t.ledger.on[at] {
		pods = append(pods, p.Pod)
	}
	if len(pods) == 0 {
		return counted{}
	}
	if s.hash == "" {
		s.hash = hashOf(next, s.DaemonSet)
	}
	// Any node will do: whether this one is eligible is another question.
	anywhere := &appsv1.DaemonSet{ObjectMeta: s.ObjectMeta, Spec: appsv1.DaemonSetSpec{MinReadySeconds: s.Spec.MinReadySeconds}}
	node := &corev1.Node{}
	node.Name = at.node
	expected := func(now time.Time) appsv1.DaemonSetStatus {
		return oracle.ExpectedStatus(anywhere, []*corev1.Node{node}, pods, s.hash, now)
	}
	early, late := expected(t.ledger.now.Add(-skew)), expected(t.ledger.now.Add(skew))
	has := late.CurrentNumberScheduled > 0
	return counted{
		has: has, ready: late.NumberReady > 0,
		mayBeAvailable: late.NumberAvailable > 0, isAvailable: early.NumberAvailable > 0,
		mayBeUpdated: late.UpdatedNumberScheduled > 0 || has && s.hash == "", isUpdated: late.UpdatedNumberScheduled > 0 && s.hash != "",
	}
}

// bounds are how many nodes counted all the time, and how many ever did.
type bounds struct{ least, most int32 }

func (b *bounds) add(always, ever bool) {
	if always {
		b.least++
	}
	if ever {
		b.most++
	}
}

// judge gives the numbers of the status that are beyond their bounds.
func (t *truths) judge(next *history.State, ds *appsv1.DaemonSet) string {
	sets := t.ledger.recentSets(next, ds.UID)
	// A node may have been leased just before, and a controller not know of it.
	known := t.ledger.now.Sub(t.begun) > Lag
	var desired, current, misscheduled, ready, available, updated bounds
	for node := range t.ledger.nodes {
		ever, always, _ := t.ledger.wants(sets, node, toRun)
		always = always && known
		at := place{ds.UID, node}
		some, all := t.worthOf(next, at)
		desired.add(always, ever)
		current.add(always && all.has, ever && some.has)
		there, stays := t.there(node)
		misscheduled.add(known && stays && !ever && all.has, there && !always && some.has)
		ready.add(always && all.ready, ever && some.ready)
		available.add(always && all.isAvailable, ever && some.mayBeAvailable)
		updated.add(always && all.isUpdated, ever && some.mayBeUpdated)
	}
	st := ds.Status
	var wrong []string
	for _, n := range []struct {
		name string
		got  int32
		want bounds
	}{
		{"desired", st.DesiredNumberScheduled, desired}, {"current", st.CurrentNumberScheduled, current}, {"misscheduled", st.NumberMisscheduled, misscheduled},
		{"ready", st.NumberReady, ready}, {"available", st.NumberAvailable, available}, {"updated", st.UpdatedNumberScheduled, updated},
	} {
		switch {
		case n.got >= n.want.least && n.got <= n.want.most:
		case n.want.least == n.want.most:
			wrong = append(wrong, fmt.Sprintf("%s is %d, not %d", n.name, n.got, n.want.least))
		default:
			wrong = append(wrong, fmt.Sprintf("%s is %d, not %d to %d", n.name, n.got, n.want.least, n.want.most))
		}
	}
	return strings.Join(wrong, "; ")
}

// there tells whether the node was there at some moment within Lag, and whether
// at every one: a node that has left holds no pod astray.
func (t *truths) there(node string) (some, all bool) {
	all = true
	for _, n := range t.ledger.nodes[node].recent(t.ledger.now) {
		some, all = some || n != nil, all && n != nil
	}
	return some, all && some
}

// worthOf gives what the place was worth at some moment within Lag, and what at
// every one. It looks once more, for a pod becomes available without an entry.
func (t *truths) worthOf(next *history.State, at place) (some, all counted) {
	worth := t.worth[at]
	if worth == nil {
		return counted{}, counted{}
	}
	t.look(next, []place{at})
	all = counted{has: true, ready: true, isAvailable: true, isUpdated: true}
	for _, c := range worth.recent(t.ledger.now) {
		some.has, all.has = some.has || c.has, all.has && c.has
		some.ready, all.ready = some.ready || c.ready, all.ready && c.ready
		some.mayBeAvailable, all.isAvailable = some.mayBeAvailable || c.mayBeAvailable, all.isAvailable && c.isAvailable
		some.mayBeUpdated, all.isUpdated = some.mayBeUpdated || c.mayBeUpdated, all.isUpdated && c.isUpdated
	}
	return some, all
}
