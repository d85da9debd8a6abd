package cost

import (
	"context"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/audit"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

// allowed tells whether the request is one that a DaemonSet controller needs.
func allowed(a audit.Event) bool {
	verbs := map[string][]string{
		"nodes":               {"list", "watch"},
		"pods":                {"list", "watch", "create", "delete", "patch"},
		"daemonsets":          {"get", "list", "watch"},
		"daemonsets/status":   {"update"},
		"controllerrevisions": {"create", "delete", "get", "list", "patch", "update", "watch"},
		"events":              {"create", "patch", "update"},
	}
	return slices.Contains(verbs[a.Resource], a.Verb)
}

func rights() framework.Spec {
	return framework.Spec{
		ID: "DS-CST-007", Area: framework.Cost, Title: "nothing is asked that is not its business", Level: framework.Extended,
		Behaviour: "The controller MUST NOT write Nodes, DaemonSets or bindings, nor ask anything about them, pods, revisions or events that its role does not name, whether it is allowed or refused; what it watches it MUST NOT list again and again.",
		Clauses:   []string{"ClusterRole system:controller:daemon-set-controller", "KEP-548: pods are bound by the scheduler"},
		Why: "A controller that edits the DaemonSet it looks after fights with whoever applies it; one that binds pods takes the scheduler's decisions away. " +
			"One that asks for what its role does not grant works only where somebody has granted it more. All its requests while the spec runs are judged, whatever specs they are for.",
		Needs: []framework.Ability{framework.ReadAudit},
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			since := time.Now()
			pods := fleet.Deploy(ctx, e, e.DaemonSet(name))
			fleet.AwaitRollout(ctx, e, e.SetImage(ctx, name, "agent:v2"))
			e.DeletePod(ctx, fleet.Take(e, name).Pods[pods.Nodes()[0]], metav1.DeleteOptions{})
			fleet.CaughtUp(ctx, e, "witness")
			e.That(len(e.Asked(ctx, since)) > 0, "the audit log tells of the controller as "+e.ControllerUser(), "it holds no request of it")
			foreign := e.AskedAtAll(ctx, func(a audit.Event) bool { return !allowed(a) && !a.Received.Before(since) })
			if len(foreign) > 0 {
				e.Check(fmt.Errorf("%d requests of another kind, the first is %s", len(foreign), foreign[0]), "the controller asks only what it needs")
			}
			e.Check(seldomListed(e.AskedAtAll(ctx, func(a audit.Event) bool { return a.Verb == "list" && !a.Received.Before(since) })), "what is watched is not listed again and again")
		},
	}
}

// anewAtMost is how often a kind may be listed while the spec runs: anew where a
// watch has broken off.
const anewAtMost = 2

// seldomListed judges that no kind was listed more often than that.
func seldomListed(lists []audit.Event) error {
	of := map[string]int{}
	for _, a := range lists {
		if of[a.Resource]++; of[a.Resource] > anewAtMost {
			return fmt.Errorf("%s were listed more than %d times, the last by %s", a.Resource, anewAtMost, a)
		}
	}
	return nil
}

// bystanders are DaemonSets that a node's change does not concern.
const bystanders = 10

func onlyTheAffected() framework.Spec {
	return framework.Spec{
		ID: "DS-CST-008", Area: framework.Cost, Title: "a node's change costs only those it concerns", Level: framework.Extended,
		Behaviour: "A change of a node MUST cost writes only for the DaemonSets whose pods it brings or takes.",
		Clauses:   []string{"pkg/controller/daemon syncNodeUpdate: only DaemonSets for which the node's answer has changed are looked at"},
		Why: "Labels of nodes change all day on clusters that scale by themselves, and each change concerns one DaemonSet of dozens. " +
			"A controller that writes for all of them multiplies every such change by the number of agents.",
		Needs: []framework.Ability{framework.ReadAudit},
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			zone := e.Key("zone")
			for i := range bystanders {
				e.CreateDaemonSet(ctx, e.DaemonSet(fmt.Sprintf("bystander-%d", i)))
			}
			for i := range bystanders {
				fleet.AwaitRollout(ctx, e, e.History.State().DaemonSet(fmt.Sprintf("bystander-%d", i)))
			}
			ds := e.CreateDaemonSet(ctx, e.DaemonSet(name, fleet.NodeSelector(zone, "in")))
			fleet.AwaitRollout(ctx, e, ds)
			since := begin(ctx, e)
			e.LabelNode(ctx, e.Nodes[0], zone, "in")
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(1), "the labelled node has its pod", fleet.Counts(ds, map[string]int32{"desiredNumberScheduled": 1, "numberAvailable": 1}))
			asked := charged(ctx, e, since)
			e.Check(bill{"create pods": exactly(1), statusUpdate: statusWrites(1)}.check(asked), "the change costs one pod and its status")
			for _, a := range asked {
				e.That(a.Resource != "daemonsets/status" || a.Name == name, "only the status of DaemonSet "+name+" is written", "%s", a)
			}
		},
	}
}
