package oracle

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework/history"
)

// latest gives the DaemonSet as the log last showed it. It is an error if the
// log has not reached the caller's own write yet: judging an older
// specification would be judging the wrong one.
func latest(s *history.State, ds *appsv1.DaemonSet) (*appsv1.DaemonSet, error) {
	view := s
	if ds.Namespace != "" {
		view = s.In(ds.Namespace)
	}
	got := view.DaemonSet(ds.Name)
	switch {
	case got == nil:
		return nil, fmt.Errorf("DaemonSet %s is not in the log", ds.Name)
	case ds.UID != "" && got.UID != ds.UID:
		return nil, fmt.Errorf("DaemonSet %s is another one than expected: UID %s, not %s", ds.Name, got.UID, ds.UID)
	case got.Generation < ds.Generation:
		return nil, fmt.Errorf("the log shows DaemonSet %s at generation %d, not yet at %d", ds.Name, got.Generation, ds.Generation)
	}
	return got, nil
}

// Placement holds when exactly one pod of the DaemonSet that is neither being
// deleted nor finished targets every eligible node, and none targets another
// node, but for nodes where a pod that is there must stay: these may keep one.
// (DS-PLC-001..007, DS-PLC-017, DS-CHG-001..004)
func Placement(s *history.State, ds *appsv1.DaemonSet) error {
	ds, err := latest(s, ds)
	if err != nil {
		return err
	}
	return look(ds, s.Nodes(), s.PodsOf(ds)).placed()
}

// facts is what placement, rollout and status are judged by, gathered once.
type facts struct {
	ds        *appsv1.DaemonSet
	nodes     []*corev1.Node
	decisions []Decision
	// on holds the pods that count, by the node they are for (byNode).
	on map[string][]*corev1.Pod
}

func look(ds *appsv1.DaemonSet, nodes []*corev1.Node, pods []*corev1.Pod) *facts {
	f := &facts{ds: ds, nodes: nodes, decisions: make([]Decision, len(nodes)), on: byNode(pods)}
	rule := RuleOf(ds)
	for i, n := range nodes {
		f.decisions[i] = rule.Decide(n)
	}
	return f
}

// live names the node's pods that are neither being deleted nor finished.
func (f *facts) live(node string) []string {
	var out []string
	for _, p := range f.on[node] {
		if !Terminating(p) && !Terminal(p) {
			out = append(out, p.Name)
		}
	}
	slices.Sort(out)
	return out
}

// placed compares the live pods by node with the rule.
func (f *facts) placed() error {
	var wrong complaints
	var lacking []string
	why := ""
	known := make(map[string]bool, len(f.nodes))
	for i, n := range f.nodes {
		known[n.Name] = true
		d, pods := f.decisions[i], f.live(n.Name)
		switch {
		case d.Run && len(pods) == 0:
			lacking, why = append(lacking, n.Name), d.Reason
		case d.Keep && len(pods) > 1:
			wrong.add("node %s has %d pods instead of one: %s", n.Name, len(pods), strings.Join(pods, ", "))
		case !d.Keep && len(pods) > 0:
			wrong.add("node %s must have no pod but has %s (it %s)", n.Name, strings.Join(pods, ", "), d.Reason)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.on)) {
		if pods := f.live(name); !known[name] && len(pods) > 0 {
			wrong.add("node %s does not exist, yet pod %s is for it", name, strings.Join(pods, ", "))
		}
	}
	switch n := len(lacking); {
	case n == 1:
		wrong = slices.Insert(wrong, 0, fmt.Sprintf("node %s lacks its pod (it %s)", lacking[0], why))
	case n > mostNamed:
		wrong = slices.Insert(wrong, 0, fmt.Sprintf("%d nodes lack their pod: %s and %d more (each %s)", n, strings.Join(lacking[:mostNamed], ", "), n-mostNamed, why))
	case n > 1:
		wrong = slices.Insert(wrong, 0, fmt.Sprintf("%d nodes lack their pod: %s (each %s)", n, strings.Join(lacking, ", "), why))
	}
	return wrong.err("the pods of DaemonSet %s are not where they belong", f.ds.Name)
}

// complaints collects what is wrong; an error names the first few and counts the rest.
type complaints []string

func (c *complaints) add(format string, args ...any) { *c = append(*c, fmt.Sprintf(format, args...)) }

// mostNamed keeps a message readable where a thousand nodes are wrong.
const mostNamed = 5

func (c complaints) err(format string, args ...any) error {
	if len(c) == 0 {
		return nil
	}
	text := strings.Join(c[:min(len(c), mostNamed)], "; ")
	if more := len(c) - mostNamed; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return fmt.Errorf(format+": %s", append(args, text)...)
}
