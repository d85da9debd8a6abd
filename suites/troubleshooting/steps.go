package troubleshooting

import (
	"context"
	"fmt"

	"github.com/dsconform/dsconform/fixtures"
	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

const steps = "the guide: troubleshooting, diagnosis steps"

// agent makes the plain DaemonSet and waits for it.
func agent(ctx context.Context, e *framework.Env) {
	ds := e.CreateDaemonSet(ctx, e.DaemonSet("fluentd"))
	e.BecomesFor(ctx, ds.Name, e.Timeouts.RolloutOf(len(e.Nodes)), "DaemonSet fluentd is rolled out", func(s *history.State) error {
		return oracle.RolledOut(s, ds)
	})
}

// step makes the spec of a diagnosis step.
func step(id, title, behaviour, why string, body func(context.Context, *framework.Env)) framework.Spec {
	return framework.Spec{
		ID: id, Area: framework.Troubleshooting, Title: title, Level: framework.Core, Behaviour: behaviour,
		Clauses: []string{steps}, Why: why, Nodes: framework.NodeNeed{Workers: 2}, Body: body,
	}
}

// stepStatus is the first diagnosis step.
func stepStatus() framework.Spec {
	return step("DS-TRB-011", "step 1: the DaemonSet's status",
		"`kubectl get ds -o yaml` and `kubectl describe ds` MUST show the numbers of a status that was observed for the current generation.",
		"The first step rests on the status being true and current; a stale one sends the search the wrong way.",
		func(ctx context.Context, e *framework.Env) {
			agent(ctx, e)
			says(e, e.Kubectl.Run(ctx, "get", "ds", "fluentd", "-o", "yaml"),
				"desiredNumberScheduled: 2", "numberAvailable: 2", "observedGeneration: 1", "updatedNumberScheduled: 2")
			says(e, e.Kubectl.Run(ctx, "describe", "ds", "fluentd"), "Desired Number of Nodes Scheduled: 2", "Pods Status:  2 Running")
		})
}

// stepDistribution is the second.
func stepDistribution() framework.Spec {
	return step("DS-TRB-012", "step 2: the pods' distribution",
		"`kubectl get pods -o wide` MUST list one pod for each eligible node, and `kubectl get nodes` the nodes to compare with.",
		"Which node lacks its pod is read off these two lists.",
		func(ctx context.Context, e *framework.Env) {
			agent(ctx, e)
			says(e, e.Kubectl.Run(ctx, "get", "pods", "-l", "app=fluentd", "-o", "wide"), e.Nodes...)
			says(e, e.Kubectl.Run(ctx, "get", "nodes"), e.Nodes...)
			t, err := e.Kubectl.Run(ctx, "get", "pods", "-l", "app=fluentd", "-o", "wide").Table()
			e.Check(err, "a table of pods")
			e.That(len(t.Rows) == 2, "one pod for each of the two nodes", "%v", t.Rows)
		})
}

// stepNodes is the third.
func stepNodes() framework.Spec {
	return step("DS-TRB-013", "step 3: the nodes' state",
		"`kubectl describe nodes` MUST show conditions, taints and the DaemonSet's pods, and --show-labels the labels that selectors ask for.",
		"Selector, taint and pressure are all read off the node.",
		func(ctx context.Context, e *framework.Env) {
			agent(ctx, e)
			words := []string{"Conditions:", "Taints:", "Non-terminated Pods:"}
			for _, p := range e.History.State().Pods() {
				words = append(words, p.Name)
			}
			// Of nodes that are not the spec's own, one may leave between its listing and its description.
			says(e, e.Kubectl.Run(ctx, "describe", "nodes", "-l", e.LeaseLabel+"=true"), words...)
			says(e, e.Kubectl.Run(ctx, "describe", "nodes", "-l", "node-role.kubernetes.io/control-plane"), "node-role.kubernetes.io/control-plane:NoSchedule")
			says(e, e.Kubectl.Run(ctx, "get", "nodes", "--show-labels"), e.LeaseLabel+"=true", "kubernetes.io/hostname="+e.Nodes[0])
		})
}

// stepEvents is the fourth.
func stepEvents() framework.Spec {
	return step("DS-TRB-014", "step 4: the events",
		"`kubectl get events` by involvedObject.kind and involvedObject.name MUST list what the controller did.",
		"Events on the wrong object, or none at all, leave the search without its best witness.",
		func(ctx context.Context, e *framework.Env) {
			agent(ctx, e)
			e.BecomesFor(ctx, "fluentd", e.Timeouts.Placement, "events for both pods", func(s *history.State) error {
				n := 0
				for _, ev := range s.EventsFor("DaemonSet", "fluentd") {
					if ev.Reason == "SuccessfulCreate" {
						n++
					}
				}
				if n < 2 {
					return fmt.Errorf("%d events SuccessfulCreate", n)
				}
				return nil
			})
			var pods []string
			for _, p := range e.History.State().Pods() {
				pods = append(pods, "Created pod: "+p.Name)
			}
			says(e, e.Kubectl.Run(ctx, "get", "events", "--field-selector", "involvedObject.kind=DaemonSet"), pods...)
			says(e, e.Kubectl.Run(ctx, "get", "events", "--field-selector", "involvedObject.name=fluentd"), pods...)
		})
}

// stepResources is the fifth: kubectl top asks a real metrics-server.
func stepResources() framework.Spec {
	s := step("DS-TRB-015", "step 5: the use of resources",
		"`kubectl top nodes` and `kubectl top pods -l` MUST show the use of every node and of every pod of the DaemonSet.",
		"Metrics are kept by pod and node name; pods must carry the labels the selector asks for and run where they are said to.",
		func(ctx context.Context, e *framework.Env) {
			f, err := fixtures.Load("metrics-server")
			e.Must(err, "load fixture metrics-server")
			f, err = f.WithImages(fixtures.FromNames(e.Images()))
			e.Must(err, "give fixture metrics-server its images")
			serveMetrics(ctx, e, f)
			agent(ctx, e)
			awaitMetrics(ctx, e)
			says(e, e.Kubectl.TopNodes(ctx), append([]string{"CPU(cores)", "MEMORY(bytes)"}, e.Nodes...)...)
			var pods []string
			for _, p := range e.History.State().Pods() {
				pods = append(pods, p.Name)
			}
			says(e, e.Kubectl.TopPods(ctx, "-l", "app=fluentd"), pods...)
		})
	s.Slow = true
	s.Needs = []framework.Ability{framework.RealKubelet}
	return s
}
