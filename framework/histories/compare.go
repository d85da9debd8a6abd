package histories

import (
	"context"
	"errors"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

// compare judges the end: each pod against the template by the oracle, and all of
// it against a DaemonSet that is made anew with the same specification.
func (p *player) compare(ctx context.Context) {
	p.e.Holds(ctx, fromTemplate, "history: every pod is what the last template asks for")
	twin := p.e.CreateDaemonSet(ctx, p.twin(ctx))
	p.e.BecomesFor(ctx, fresh, p.deadline(), "history: a fresh DaemonSet of the same specification is rolled out",
		func(s *history.State) error { return oracle.RolledOut(s, twin) })
	// Nothing was done since the last rest. The wait is for what may go on by itself
	// on a node: a pod that was marked as a taint's victim.
	p.awaitSettled(ctx, "history: the end is that of a fresh DaemonSet of the same specification on the same nodes", func(s *history.State) error {
		return errors.Join(settled(s), alike(s))
	})
}

// fromTemplate judges the pods of all nodes that must run one.
func fromTemplate(s *history.State) error {
	ds := s.DaemonSet(name)
	current, err := oracle.CurrentRevision(s, ds)
	if err != nil {
		return err
	}
	rule := oracle.RuleOf(ds)
	for _, pod := range s.PodsOf(ds) {
		node := s.Node(oracle.TargetNode(pod))
		if node == nil || !rule.Decide(node).Run {
			continue
		}
		if err := oracle.PodFromTemplate(ds, pod, node.Name, oracle.Hash(current)); err != nil {
			return err
		}
	}
	return nil
}

// twin gives a DaemonSet with the specification of the one that has the history,
// under another name and selector.
func (p *player) twin(ctx context.Context) *appsv1.DaemonSet {
	ds, err := p.e.Client.AppsV1().DaemonSets(p.e.Namespace).Get(ctx, name, metav1.GetOptions{})
	p.e.Must(err, "read DaemonSet %s", name)
	out := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: fresh, Namespace: p.e.Namespace}, Spec: *ds.Spec.DeepCopy()}
	out.Spec.Selector.MatchLabels[nameLabel] = fresh
	out.Spec.Template.Labels[nameLabel] = fresh
	return out
}

// alike holds when the portraits of the two DaemonSets are the same.
func alike(s *history.State) error {
	have, err := PortraitOf(s, name)
	if err != nil {
		return err
	}
	want, err := PortraitOf(s, fresh)
	if err != nil {
		return err
	}
	differences := have.Differences(want)
	if len(differences) == 0 {
		return nil
	}
	const most = 6
	text := strings.Join(differences[:min(len(differences), most)], "; ")
	if more := len(differences) - most; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return fmt.Errorf("%s", text)
}
