package commandline

import (
	"context"
	"fmt"
	"strings"

	"github.com/dsconform/dsconform/framework"
)

// applyIsIdempotent: stable defaulting is what makes GitOps possible.
func applyIsIdempotent() framework.Spec {
	return framework.Spec{
		ID: "DS-KUB-017", Area: framework.CommandLine, Title: "apply, and apply again", Level: framework.Core,
		Behaviour: "`kubectl apply -f` MUST create the DaemonSet, and applying the same manifest again MUST change nothing.",
		Clauses:   []string{"kubectl apply", "DaemonSet defaults in apps/v1"},
		Why:       "A manifest is applied over and over by deployment tools; a default that comes out differently each time bumps the generation and rolls every pod.",
		Nodes:     onAll(),
		Body: func(ctx context.Context, e *framework.Env) {
			manifest, err := fluentd(e).YAML()
			e.Must(err, "write the manifest")
			says(e, ok(e, e.Kubectl.Apply(ctx, manifest)), "daemonset.apps/fluentd created")
			before := rolledOut(ctx, e)
			says(e, ok(e, e.Kubectl.Apply(ctx, manifest)), "daemonset.apps/fluentd unchanged")
			ok(e, e.Kubectl.Diff(ctx, manifest))
			after := rolledOut(ctx, e)
			e.That(after.Generation == before.Generation, "the generation stays the same", "it went from %d to %d", before.Generation, after.Generation)
		},
	}
}

// getShowsTheStatus: the first thing anyone looks at.
func getShowsTheStatus() framework.Spec {
	return framework.Spec{
		ID: "DS-CMD-001", Area: framework.CommandLine, Title: "get shows the status", Level: framework.Core,
		Behaviour: "`kubectl get daemonset` and `kubectl get ds` MUST show the numbers of the status, and with -o wide containers, images and selector.",
		Clauses:   []string{"the guide: basic operations", "apps/v1 discovery: short name ds", "additional printer columns of DaemonSet"},
		Covers:    []string{"DS-API-028"},
		Why:       "The six numbers are the user's view of the controller; they must be those of the status and count the eligible nodes.",
		Nodes:     onAll(),
		Body: func(ctx context.Context, e *framework.Env) {
			running(ctx, e)
			n := fmt.Sprint(len(eligible(e)))
			for _, args := range [][]string{{"get", "daemonset"}, {"get", "ds"}, {"get", "ds", name, "-o", "wide"}} {
				r := e.Kubectl.Run(ctx, args...)
				row := table(e, r).Row(name)
				for _, column := range []string{"DESIRED", "CURRENT", "READY", "UP-TO-DATE", "AVAILABLE"} {
					e.That(row[column] == n, column+" is the number of eligible nodes, "+n, "%s", r)
				}
			}
			wide := e.Kubectl.Run(ctx, "get", "ds", name, "-o", "wide")
			row := table(e, wide).Row(name)
			e.That(row["CONTAINERS"] == name && row["SELECTOR"] == "app=fluentd" && row["IMAGES"] == e.Image("fluent/fluentd:v1.14"),
				"-o wide shows container, image and selector", "%s", wide)
		},
	}
}

// describeShowsTheRollout: what describe prints is where troubleshooting starts.
func describeShowsTheRollout() framework.Spec {
	return framework.Spec{
		ID: "DS-CMD-002", Area: framework.CommandLine, Title: "describe shows the rollout", Level: framework.Core,
		Behaviour: "`kubectl describe ds` MUST show selector, scheduled nodes, pod states, the template and the controller's events.",
		Clauses:   []string{"the guide: basic operations", "kubectl describe daemonset"},
		Covers:    []string{"DS-EVT-007"},
		Why:       "describe puts status and events together; events on the wrong object or missing numbers leave it blank.",
		Nodes:     onAll(),
		Body: func(ctx context.Context, e *framework.Env) {
			running(ctx, e)
			n := len(eligible(e))
			announced(ctx, e)
			says(e, ok(e, e.Kubectl.Run(ctx, "describe", "ds", name)),
				"SuccessfulCreate", "daemonset-controller",
				"Selector:       app=fluentd",
				fmt.Sprintf("Desired Number of Nodes Scheduled: %d", n),
				fmt.Sprintf("Number of Nodes Scheduled with Available Pods: %d", n),
				"Number of Nodes Misscheduled: 0",
				fmt.Sprintf("%d Running / 0 Waiting / 0 Succeeded / 0 Failed", n),
				"/var/log from varlog")
		},
	}
}

// podsByNode: one row a node is what "a DaemonSet runs on every node" looks like.
func podsByNode() framework.Spec {
	return framework.Spec{
		ID: "DS-KUB-014", Area: framework.CommandLine, Title: "pods by label and by node", Level: framework.Core,
		Behaviour: "`kubectl get pods -l` MUST list one pod for each eligible node, and --field-selector spec.nodeName MUST find the one of a node.",
		Clauses:   []string{"the guide: basic operations, debugging", "core/v1 Pod field selectors"},
		Covers:    []string{"DS-PLC-001"},
		Why:       "Pods must carry the template's labels and their node's name; a controller that drops the labels hides its pods from every tool.",
		Nodes:     onAll(),
		Body: func(ctx context.Context, e *framework.Env) {
			running(ctx, e)
			nodes := eligible(e)
			list := table(e, e.Kubectl.Run(ctx, "get", "pods", "-l", "app=fluentd"))
			e.That(len(list.Rows) == len(nodes), fmt.Sprintf("%d pods", len(nodes)), "%v", list.Rows)
			wide := table(e, e.Kubectl.Run(ctx, "get", "pods", "-l", "app=fluentd", "-o", "wide"))
			sameSet(e, "the NODE column holds every eligible node once", wide.Column("NODE"), nodes)
			for _, node := range nodes {
				r := e.Kubectl.Run(ctx, "get", "pods", "-l", "app=fluentd", "--field-selector", "spec.nodeName="+node, "-o", "wide")
				sameSet(e, "one pod on node "+node, table(e, r).Column("NODE"), []string{node})
			}
			r := ok(e, e.Kubectl.Run(ctx, "get", "pods", "--field-selector", "status.phase=Running", "-o", "name"))
			e.That(len(r.Lines()) == len(nodes), "every pod is Running", "%s", r)
		},
	}
}

// eventsAreListed: events are found by the object they are about.
func eventsAreListed() framework.Spec {
	return framework.Spec{
		ID: "DS-KUB-013", Area: framework.CommandLine, Title: "events by field selector", Level: framework.Core,
		Behaviour: "`kubectl get events --field-selector involvedObject.kind=DaemonSet` and `kubectl events --for` MUST list the controller's events.",
		Clauses:   []string{"the guide: diagnosis steps", "core/v1 Event field selectors"},
		Why:       "Events that name no object, or another one, cannot be found when they are needed.",
		Nodes:     onAll(),
		Body: func(ctx context.Context, e *framework.Env) {
			running(ctx, e)
			announced(ctx, e)
			for _, args := range [][]string{
				{"get", "events", "--sort-by=.metadata.creationTimestamp"},
				{"get", "events", "--field-selector", "involvedObject.kind=DaemonSet"},
				{"get", "events", "--field-selector", "involvedObject.name=fluentd"},
				{"events", "--for", "daemonset/" + name},
			} {
				says(e, ok(e, e.Kubectl.Run(ctx, args...)), "SuccessfulCreate")
			}
			only := ok(e, e.Kubectl.Run(ctx, "get", "events", "--field-selector", "involvedObject.kind=DaemonSet", "-o", "jsonpath={.items[*].involvedObject.kind}"))
			for _, kind := range strings.Fields(only.Stdout) {
				e.That(kind == "DaemonSet", "only events about DaemonSets", "%s", only)
			}
		},
	}
}
