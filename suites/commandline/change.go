package commandline

import (
	"context"
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

// imagesOfLive prints the image of every pod that is not terminating, each with
// a blank behind it. A pod that has ended is replaced before its object is gone.
const imagesOfLive = "go-template={{range .items}}{{if not .metadata.deletionTimestamp}}{{range .spec.containers}}{{.image}} {{end}}{{end}}{{end}}"

// patchRolls is the guide's way to update: a strategic merge patch of the image.
func patchRolls() framework.Spec {
	return framework.Spec{
		ID: "DS-CMD-003", Area: framework.CommandLine, Title: "patch the image", Level: framework.Core,
		Behaviour: "`kubectl patch ds` with a new image MUST roll every pod to it, and `kubectl rollout status` MUST follow until it is done.",
		Clauses:   []string{"the guide: updating", "tasks/manage-daemon/update-daemon-set"},
		Covers:    []string{"DS-RUM-001"},
		Why:       "A strategic merge patch names the container and changes nothing else; a controller that misses the new template leaves the old image running.",
		Nodes:     framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			running(ctx, e, e.Pin)
			image := e.Image("fluent/fluentd:v1.15")
			patch := fmt.Sprintf(`{"spec":{"template":{"spec":{"containers":[{"name":"fluentd","image":%q}]}}}}`, image)
			ok(e, e.Kubectl.Run(ctx, "patch", "ds", name, "-p", patch))
			says(e, ok(e, e.Kubectl.RolloutStatus(ctx, name, e.Timeouts.RolloutOf(len(eligible(e))))), "successfully rolled out")
			r := ok(e, e.Kubectl.Run(ctx, "get", "pods", "-l", "app=fluentd", "-o", imagesOfLive))
			for _, got := range strings.Fields(r.Stdout) {
				e.That(got == image, "every pod runs "+image, "%s", r)
			}
			e.That(len(strings.Fields(r.Stdout)) == len(eligible(e)), "one pod for each eligible node", "%s", r)
		},
	}
}

// setRolls: the same without writing a patch.
func setRolls() framework.Spec {
	return framework.Spec{
		ID: "DS-KUB-011", Area: framework.CommandLine, Title: "set image, env and resources", Level: framework.Core,
		Behaviour: "`kubectl set image`, `set env` and `set resources` MUST each change the template and roll the pods.",
		Clauses:   []string{"kubectl set", "tasks/manage-daemon/update-daemon-set"},
		Why:       "Each is a template change like any other; a controller that looks at images only misses the other two.",
		Nodes:     framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			running(ctx, e, e.Pin)
			for _, args := range [][]string{
				{"set", "image", "ds/" + name, name + "=" + e.Image("fluent/fluentd:v1.15")},
				{"set", "env", "ds/" + name, "ADDED=later"},
				{"set", "resources", "ds/" + name, "--requests=cpu=50m"},
			} {
				before := e.History.State().DaemonSet(name)
				ok(e, e.Kubectl.Run(ctx, args...))
				e.BecomesFor(ctx, name, e.Timeouts.Placement, "the template changed", func(s *history.State) error {
					if ds := s.DaemonSet(name); ds.Generation != before.Generation+1 {
						return fmt.Errorf("the generation is %d after %d", ds.Generation, before.Generation)
					}
					return nil
				})
				rolledOut(ctx, e)
			}
			pods := fleet.Take(e, name).All()
			e.That(len(pods) == 1, "DaemonSet fluentd has one pod that is not terminating", "it has %d", len(pods))
			c := pods[0].Spec.Containers[0]
			added := ""
			for _, env := range c.Env {
				if env.Name == "ADDED" {
					added = env.Value
				}
			}
			e.That(c.Image == e.Image("fluent/fluentd:v1.15") && added == "later" && c.Resources.Requests.Cpu().String() == "50m",
				"the pod has image, variable and request of the three commands", "image %s, ADDED=%q, cpu %s", c.Image, added, c.Resources.Requests.Cpu())
		},
	}
}

// statusWaits: rollout status is what pipelines wait on.
func statusWaits() framework.Spec {
	return framework.Spec{
		ID: "DS-KUB-001", Area: framework.CommandLine, Title: "rollout status waits for the rollout", Level: framework.Core,
		Behaviour: "`kubectl rollout status` MUST fail with --timeout while a rollout is stuck, and succeed only once every pod is updated and available.",
		Clauses:   []string{"the guide: updating", "kubectl rollout status"},
		Covers:    []string{"DS-STA-005", "DS-STA-008"},
		Why:       "It reads observedGeneration, updatedNumberScheduled and numberAvailable; a controller that writes any of them too early lets a broken rollout pass for done.",
		Nodes:     framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			running(ctx, e, e.Pin)
			ok(e, e.Kubectl.Run(ctx, "set", "image", "ds/"+name, name+"="+e.Image("agent:missing")))
			stuck := e.Kubectl.RolloutStatus(ctx, name, 5*time.Second)
			ran(e, stuck)
			e.That(!stuck.OK(), "rollout status does not succeed on an image that cannot be pulled", "%s", stuck)
			ok(e, e.Kubectl.Run(ctx, "set", "image", "ds/"+name, name+"="+e.Image("fluent/fluentd:v1.15")))
			done := ok(e, e.Kubectl.RolloutStatus(ctx, name, e.Timeouts.RolloutOf(2)))
			says(e, done, "successfully rolled out")
			r := ok(e, e.Kubectl.Run(ctx, "get", "pods", "-o", imagesOfLive))
			want := strings.Repeat(e.Image("fluent/fluentd:v1.15")+" ", 2)
			e.That(r.Stdout == want, "when it succeeds both pods run the last image and no other is left that is not terminating", "%s", r)
			rolledOut(ctx, e)
		},
	}
}

// statusRefusesOnDelete: under OnDelete nothing rolls, so there is nothing to follow.
func statusRefusesOnDelete() framework.Spec {
	return framework.Spec{
		ID: "DS-KUB-002", Area: framework.CommandLine, Title: "rollout status refuses OnDelete", Level: framework.Core,
		Behaviour: "`kubectl rollout status` on a DaemonSet of type OnDelete MUST fail, saying that it is only available for RollingUpdate.",
		Clauses:   []string{"kubectl rollout status"},
		Why:       "The strategy must survive in the stored object; one that is lost or defaulted makes the command wait for a rollout that never comes.",
		Nodes:     framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			running(ctx, e, e.Pin, func(ds *appsv1.DaemonSet) {
				ds.Spec.UpdateStrategy = appsv1.DaemonSetUpdateStrategy{Type: appsv1.OnDeleteDaemonSetStrategyType}
			})
			refused(e, e.Kubectl.RolloutStatus(ctx, name, e.Timeouts.Request), "rollout status is only available for RollingUpdate strategy type")
		},
	}
}

// pauseIsRefused: the guide lists both commands; DaemonSets know neither.
func pauseIsRefused() framework.Spec {
	return framework.Spec{
		ID: "DS-KUB-008", Area: framework.CommandLine, Title: "pause and resume are refused", Level: framework.Core, Smoke: true,
		Behaviour: "`kubectl rollout pause` and `resume` on a DaemonSet MUST fail, saying that they are not supported, and MUST change nothing.",
		Clauses:   []string{"the guide: updating (which promises that they work)", "kubectl rollout pause, resume: Deployments only"},
		Why:       "A DaemonSet has no paused field; a rollout is held by OnDelete instead. A command that succeeded would make its user believe that the rollout stands still.",
		Nodes:     framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			before := running(ctx, e, e.Pin)
			refused(e, e.Kubectl.RolloutPause(ctx, name), "pausing is not supported")
			refused(e, e.Kubectl.RolloutResume(ctx, name), "resuming is not supported")
			after := rolledOut(ctx, e)
			e.That(after.Generation == before.Generation, "the generation stays the same", "it went from %d to %d", before.Generation, after.Generation)
		},
	}
}

// scaleIsRefused: how many pods there are is decided by the nodes.
func scaleIsRefused() framework.Spec {
	return framework.Spec{
		ID: "DS-KUB-010", Area: framework.CommandLine, Title: "scale and autoscale are refused", Level: framework.Core,
		Behaviour: "`kubectl scale` and `kubectl autoscale` on a DaemonSet MUST fail: it has no scale subresource.",
		Clauses:   []string{"apps/v1 DaemonSet: no scale subresource"},
		Covers:    []string{"DS-API-017"},
		Why:       "The number of pods follows the nodes; an API that accepted a replica count would promise what no controller can keep.",
		Nodes:     framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			before := running(ctx, e, e.Pin)
			refused(e, e.Kubectl.Scale(ctx, "ds/"+name, 2), "the server could not find the requested resource")
			r := e.Kubectl.Autoscale(ctx, "ds/"+name, 1, 2)
			ran(e, r)
			e.That(!r.OK(), "`"+r.CommandLine()+"` fails", "%s", r)
			after := rolledOut(ctx, e)
			e.That(after.Generation == before.Generation, "the generation stays the same", "it went from %d to %d", before.Generation, after.Generation)
		},
	}
}

// deleteCascades: the three ways kubectl deletes.
func deleteCascades() framework.Spec {
	return framework.Spec{
		ID: "DS-KUB-012", Area: framework.CommandLine, Title: "delete with each cascade", Level: framework.Core,
		Behaviour: "`kubectl delete ds` MUST take the pods with it, in the background or the foreground, and MUST leave them with --cascade=orphan.",
		Clauses:   []string{"kubectl delete --cascade", "concepts/architecture/garbage-collection"},
		Covers:    []string{"DS-OWN-008", "DS-OWN-010"},
		Why:       "The owner references the controller wrote decide what goes and what stays.",
		Nodes:     framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			for _, cascade := range []string{"background", "foreground", "orphan"} {
				running(ctx, e, e.Pin)
				ok(e, e.Kubectl.Run(ctx, "delete", "ds", name, "--cascade="+cascade, "--timeout=60s"))
				left := 0
				if cascade == "orphan" {
					left = 1
				}
				after := func(s *history.State) error {
					if s.DaemonSet(name) != nil || len(s.Pods()) != left {
						return fmt.Errorf("DaemonSet there: %v, pods: %d", s.DaemonSet(name) != nil, len(s.Pods()))
					}
					for _, p := range s.Pods() {
						if oracle.Terminating(p) {
							return fmt.Errorf("pod %s is going too", p.Name)
						}
					}
					return nil
				}
				e.Becomes(ctx, e.Timeouts.RolloutOf(1), fmt.Sprintf("after --cascade=%s the DaemonSet is gone and %d pods are left", cascade, left), after)
				if cascade == "orphan" {
					e.Stays(ctx, "the pod that was to be left runs on", nil, after)
				}
			}
		},
	}
}
