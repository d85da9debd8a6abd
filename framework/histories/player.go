package histories

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

// name is what the histories' DaemonSet is called, and fresh the one it is held against.
const (
	name  = "agent"
	fresh = "fresh"
)

// movedWithin is how long Moved waits for a pod to come or go: with nothing to
// do, none ever does.
const movedWithin = 2 * time.Second

// player plays one sequence in the namespace and on the nodes of its Env.
type player struct {
	e   *framework.Env
	seq Sequence
	// nodes are the nodes' names by their numbers; a node that has left is not among them.
	nodes map[int]string
	// known are the names of all nodes that ever were, for messages.
	known map[string]int
	// at is where the sequence stands, in words.
	at string
	// deeds are the edits as they were carried out.
	deeds []string
	// deviations are the known ones of released Kubernetes that were met.
	deviations []string
	// nodesChanged tells that an edit was about a node since the last rest.
	nodesChanged bool
}

// number says which node of the history it is.
func (p *player) number(node string) string { return fmt.Sprintf("%d (%s)", p.known[node], node) }

func newPlayer(e *framework.Env, s Sequence) *player {
	p := &player{e: e, seq: s, nodes: map[int]string{}, known: map[string]int{}}
	for i, n := range e.Nodes[:s.Nodes] {
		p.nodes[i+1], p.known[n] = n, i+1
	}
	return p
}

// play plays the sequence from its start through its end.
func (p *player) play(ctx context.Context) {
	p.stand("at the start")
	for i := range p.seq.Nodes {
		p.label(ctx, i+1, []string{"a", "b"}[i%2])
		// The lease may hold more nodes than the sequence has.
		p.e.LabelNode(ctx, p.nodes[i+1], p.e.Key("node"), "true")
	}
	start := p.seq.Start
	ds := p.daemonSet(name, start.Template)
	ds.Spec.UpdateStrategy, ds.Spec.MinReadySeconds = start.Strategy.object(), start.MinReadySeconds
	p.e.CreateDaemonSet(ctx, ds)
	p.settled(ctx)
	for i, e := range p.seq.Edits {
		p.stand(fmt.Sprintf("edit %d of %d, %s", i+1, len(p.seq.Edits), e))
		since := len(p.e.History.Entries())
		p.do(ctx, e)
		p.then(ctx, e.Then, since)
	}
	p.stand("after the last edit")
	p.finish(ctx)
}

// stand notes where the sequence stands, in the event log too.
func (p *player) stand(at string) {
	p.at = at
	p.e.Act("goes on with the history: "+at, "History", &appsv1.DaemonSet{})
}

// deed notes what an edit came to.
func (p *player) deed(format string, args ...any) {
	p.deeds = append(p.deeds, p.at+": "+fmt.Sprintf(format, args...))
}

func (p *player) do(ctx context.Context, e Edit) {
	p.nodesChanged = p.nodesChanged || e.Do.onNode() && e.Do != DeletePod && e.Do != FailPod
	switch e.Do {
	case SetTemplate:
		p.setTemplate(ctx, *e.Template)
	case SetStrategy:
		p.e.UpdateDaemonSet(ctx, name, func(ds *appsv1.DaemonSet) { ds.Spec.UpdateStrategy = e.Strategy.object() })
	case SetMinReady:
		p.e.UpdateDaemonSet(ctx, name, func(ds *appsv1.DaemonSet) { ds.Spec.MinReadySeconds = *e.MinReadySeconds })
	case Undo:
		p.undo(ctx, e.Back)
	case DeletePod:
		p.deletePod(ctx, e.Node, e.Force)
	case FailPod:
		p.failPod(ctx, e.Node)
	case LabelNode:
		p.label(ctx, e.Node, e.Tier)
	case TaintNode:
		p.untaint(ctx, e.Node)
		p.e.TaintNode(ctx, p.nodes[e.Node], p.taint(e.Effect))
	case UntaintNode:
		p.untaint(ctx, e.Node)
	case Cordon, Uncordon:
		p.cordon(ctx, e.Node, e.Do == Cordon)
	case Join:
		p.join(ctx, e.Node, e.Tier)
	case Leave:
		p.e.RemoveNode(ctx, p.nodes[e.Node])
		delete(p.nodes, e.Node)
	}
}

func (p *player) setTemplate(ctx context.Context, t Template) {
	p.e.UpdateDaemonSet(ctx, name, func(ds *appsv1.DaemonSet) { ds.Spec.Template = p.daemonSet(name, t).Spec.Template })
}

// undo replaces the template by that of an earlier revision, as kubectl rollout
// undo --to-revision does by the revision's patch.
func (p *player) undo(ctx context.Context, back int) {
	s := p.e.History.State()
	ds := s.DaemonSet(name)
	if ds == nil {
		p.e.Fail(framework.Failure{Class: framework.EnvironmentFault, Expected: "DaemonSet " + name + " is in the event log", Seen: "it is not"})
		return
	}
	revisions := s.RevisionsOf(ds)
	if current, err := oracle.CurrentRevision(s, ds); err == nil {
		revisions = slices.DeleteFunc(revisions, func(cr *appsv1.ControllerRevision) bool { return cr.UID == current.UID })
	}
	if len(revisions) == 0 {
		p.deed("there is no earlier revision, nothing was done")
		return
	}
	to := revisions[max(len(revisions)-back, 0)]
	template, err := oracle.RevisionTemplate(to)
	p.e.Check(err, "ControllerRevision %s holds a template to return to", to.Name)
	p.deed("to revision %d", to.Revision)
	p.e.UpdateDaemonSet(ctx, name, func(ds *appsv1.DaemonSet) { ds.Spec.Template = template })
}

func (p *player) label(ctx context.Context, node int, tier string) {
	if key := p.e.Key("tier"); tier == "" {
		p.e.UnlabelNode(ctx, p.nodes[node], key)
	} else {
		p.e.LabelNode(ctx, p.nodes[node], key, tier)
	}
}

func (p *player) taint(effect string) corev1.Taint {
	return corev1.Taint{Key: p.e.Key("taint"), Value: "true", Effect: corev1.TaintEffect(effect)}
}

// untaint takes off the history's taint, of whatever effect it is.
func (p *player) untaint(ctx context.Context, node int) {
	n := p.e.History.State().Node(p.nodes[node])
	if n == nil {
		return
	}
	for _, t := range n.Spec.Taints {
		if t.Key == p.e.Key("taint") {
			p.e.UntaintNode(ctx, n.Name, t)
		}
	}
}

func (p *player) join(ctx context.Context, number int, tier string) {
	labels := map[string]string{p.e.LeaseLabel: "true", p.e.Key("node"): "true"}
	if tier != "" {
		labels[p.e.Key("tier")] = tier
	}
	joined := p.e.JoinNode(ctx, clusters.NodeSpec{Labels: labels})
	p.nodes[number], p.known[joined] = joined, number
	// Before the node goes: what is left of its pods is collected only a minute after.
	p.e.Cleanup("take the pods off node "+joined, func(ctx context.Context) error { return p.clear(ctx, joined) })
}

// clear deletes the DaemonSets and waits until the node, while it still acts, has
// none of their pods.
func (p *player) clear(ctx context.Context, node string) error {
	background := metav1.DeletePropagationBackground
	options := metav1.DeleteOptions{PropagationPolicy: &background}
	if err := p.e.Client.AppsV1().DaemonSets(p.e.Namespace).DeleteCollection(ctx, options, metav1.ListOptions{}); err != nil {
		return fmt.Errorf("delete the DaemonSets: %w", err)
	}
	err := p.e.History.Await(ctx, func(s *history.State) error {
		for _, pod := range s.Pods() {
			if s.Node(node) != nil && pod.Spec.NodeName == node {
				return fmt.Errorf("pod %s is still there", pod.Name)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("wait for the pods of node %s to go: %w", node, err)
	}
	return nil
}

// then waits as the edit asks.
func (p *player) then(ctx context.Context, t Then, since int) {
	switch t {
	case AtOnce:
	case Moved:
		limit, cancel := context.WithTimeout(ctx, movedWithin)
		defer cancel()
		err := p.e.History.Await(limit, func(*history.State) error { return moved(p.e.History.Entries()[since:]) })
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			p.e.Must(err, "wait for a pod to come or go")
		}
	case Observed:
		p.e.BecomesFor(ctx, name, p.e.Timeouts.Placement, "history: the controller observes the generation", observed)
	case Settled:
		p.settled(ctx)
	}
}

// moved tells whether a pod was made, or its deletion began or ended.
func moved(entries []history.Entry) error {
	for _, e := range entries {
		if pod, ok := e.Object.(*corev1.Pod); ok && (e.Change != history.Modified || oracle.Terminating(pod)) {
			return nil
		}
	}
	return errors.New("no pod came or went")
}

func observed(s *history.State) error {
	ds := s.DaemonSet(name)
	if ds == nil {
		return errors.New("there is no DaemonSet " + name)
	}
	if ds.Status.ObservedGeneration < ds.Generation {
		return fmt.Errorf("observedGeneration is %d, not %d", ds.Status.ObservedGeneration, ds.Generation)
	}
	return nil
}
