package invariants

import (
	"maps"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

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
	rec.byHand = rec.byHand || touchedByHand(next, history.KindPod, p)
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
