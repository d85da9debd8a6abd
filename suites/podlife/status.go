package podlife

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

// numbers tells whether the six numbers of the status are as given.
func numbers(ds *appsv1.DaemonSet, desired, current, ready int32) error {
	st := ds.Status
	if st.ObservedGeneration != ds.Generation {
		return fmt.Errorf("the status is of generation %d, the spec of %d", st.ObservedGeneration, ds.Generation)
	}
	got := [6]int32{st.DesiredNumberScheduled, st.CurrentNumberScheduled, st.NumberReady, st.NumberAvailable, st.UpdatedNumberScheduled, st.NumberUnavailable}
	want := [6]int32{desired, current, ready, ready, current, desired - ready}
	if got != want || st.NumberMisscheduled != 0 {
		return fmt.Errorf("desired, current, ready, available, updated, unavailable are %v instead of %v, misscheduled is %d", got, want, st.NumberMisscheduled)
	}
	return nil
}

// statusNumbers counts by hand what the oracle counts, so that neither is
// trusted alone.
func statusNumbers() framework.Spec {
	return framework.Spec{
		ID: "DS-STA-001", Area: framework.PodLife, Title: "the status counts the nodes", Level: framework.Core,
		Behaviour: "desiredNumberScheduled MUST be the number of eligible nodes, and the other numbers MUST follow the pods on them.",
		Clauses:   []string{"DaemonSet.status.desiredNumberScheduled", "DaemonSet.status"},
		Covers:    []string{"DS-STA-002", "DS-STA-008"},
		Why:       "Tools wait on these numbers; a controller that counts all nodes, or forgets one, makes every rollout wait for ever or end too early.",
		Nodes:     framework.NodeNeed{Workers: 3},
		Body: func(ctx context.Context, e *framework.Env) {
			key := e.Key("daemon")
			is := func(desired, current, ready int32, when string) {
				e.BecomesFor(ctx, "agent", e.Timeouts.RolloutOf(3), fmt.Sprintf("%d desired, %d current, %d ready %s", desired, current, ready, when), func(s *history.State) error {
					return numbers(s.DaemonSet("agent"), desired, current, ready)
				})
			}
			e.LabelNode(ctx, e.Nodes[0], key, "yes")
			e.LabelNode(ctx, e.Nodes[1], key, "yes")
			e.CreateDaemonSet(ctx, e.DaemonSet("agent", func(ds *appsv1.DaemonSet) {
				ds.Spec.Template.Spec.NodeSelector = map[string]string{key: "yes"}
			}))
			is(2, 2, 2, "with two nodes labelled")
			e.LabelNode(ctx, e.Nodes[2], key, "yes")
			is(3, 3, 3, "with the third node labelled")
			e.UnlabelNode(ctx, e.Nodes[0], key)
			is(2, 2, 2, "with the first label taken off")
			// Waited for: the status and the pods it counts come by watches of their own.
			rolledOut(ctx, e)
		},
	}
}

// noNodeStatus: zeros are a status too.
func noNodeStatus() framework.Spec {
	return framework.Spec{
		ID: "DS-STA-011", Area: framework.PodLife, Title: "no eligible node gives zeros", Level: framework.Core,
		Behaviour: "With no eligible node the status MUST be written all the same: every number zero, observedGeneration current.",
		Clauses:   []string{"DaemonSet.status.observedGeneration"},
		Why: "Who waits for the rollout must learn that there is nothing to wait for; a controller that writes nothing leaves them waiting. " +
			"One that passes a DaemonSet without pods over keeps the numbers of a DaemonSet whose last node has left it, too.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			e.CreateDaemonSet(ctx, e.DaemonSet("agent", func(ds *appsv1.DaemonSet) {
				ds.Spec.Template.Spec.NodeSelector = map[string]string{e.Key("nowhere"): "yes"}
			}))
			e.BecomesFor(ctx, "agent", e.Timeouts.Placement, "all numbers are zero and observedGeneration is current", func(s *history.State) error {
				return numbers(s.DaemonSet("agent"), 0, 0, 0)
			})
			e.That(len(e.History.State().Pods()) == 0, "no pods", "there are %d", len(e.History.State().Pods()))
			fleet.AwaitRollout(ctx, e, fleet.Update(ctx, e, "agent", func(ds *appsv1.DaemonSet) { delete(ds.Spec.Template.Spec.NodeSelector, e.Key("nowhere")) }, e.Pin))
			none := fleet.Update(ctx, e, "agent", fleet.Nowhere(e))
			e.BecomesFor(ctx, "agent", e.Timeouts.Placement, "all numbers are zero again once the only node is left out, and the pod is gone", func(s *history.State) error {
				if _, err := fleet.AtLeast(s, none); err != nil {
					return err
				}
				if n := len(s.Pods()); n > 0 {
					return fmt.Errorf("there are %d pods", n)
				}
				return numbers(s.DaemonSet("agent"), 0, 0, 0)
			})
		},
	}
}

// steadyStatus: each needless write wakes every watcher of every DaemonSet.
func steadyStatus() framework.Spec {
	return framework.Spec{
		ID: "DS-STA-012", Area: framework.PodLife, Title: "no status writes at rest", Level: framework.Core,
		Behaviour: "In steady state the controller MUST NOT write the DaemonSet's status.",
		Clauses:   []string{"pkg/controller/daemon storeDaemonSetStatus"},
		Why: "A write that changes nothing still wakes every watcher; a controller that writes on each sync never lets the cluster rest. " +
			"A DaemonSet beside it on the same nodes is rolled meanwhile: the work for one is no reason to write about the other.",
		Nodes: framework.NodeNeed{Workers: 2},
		Slow:  true,
		Body: func(ctx context.Context, e *framework.Env) {
			start(ctx, e)
			// Status may still be settling when the rollout is seen as done.
			e.Stays(ctx, "the DaemonSet settles", nil, func(*history.State) error { return nil })
			rest := e.History.State().DaemonSet("agent").ResourceVersion
			unwritten := func(s *history.State) error {
				if rv := s.DaemonSet("agent").ResourceVersion; rv != rest {
					return fmt.Errorf("it went from %s to %s", rest, rv)
				}
				return nil
			}
			e.StaysFor(ctx, 5*e.Timeouts.Quiet, "the DaemonSet's resourceVersion does not change", nil, unwritten)
			fleet.Deploy(ctx, e, e.DaemonSet("beside"))
			fleet.AwaitRollout(ctx, e, e.SetImage(ctx, "beside", "agent:v2"))
			e.Stays(ctx, "nor does it while the other DaemonSet is made and rolled", nil, unwritten)
		},
	}
}

// statusEditCorrected: whoever writes nonsense into the status causes an
// update event, and with it the correction.
func statusEditCorrected() framework.Spec {
	return framework.Spec{
		ID: "DS-STA-013", Area: framework.PodLife, Title: "a foreign status edit is corrected", Level: framework.Core,
		Behaviour: "A foreign edit of the status numbers MUST be corrected.",
		Clauses:   []string{"pkg/controller/daemon updateDaemonset"},
		Why:       "The status is the controller's word; one that trusts what it finds there reports numbers nobody counted.",
		Nodes:     framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			start(ctx, e)
			for _, edit := range []struct{ what, patch string }{
				{"too high", `{"status":{"desiredNumberScheduled":99,"currentNumberScheduled":99,"updatedNumberScheduled":99,"numberReady":99,"numberAvailable":99,"numberUnavailable":99,"numberMisscheduled":99}}`},
				{"too low", `{"status":{"desiredNumberScheduled":0,"currentNumberScheduled":0,"updatedNumberScheduled":0,"numberReady":0,"numberAvailable":0,"numberUnavailable":0,"numberMisscheduled":0}}`},
				{"wrong in one alone", `{"status":{"numberMisscheduled":1}}`},
				{"of no generation", `{"status":{"observedGeneration":0}}`},
			} {
				patchStatus(ctx, e, edit.patch)
				e.BecomesFor(ctx, "agent", e.Timeouts.Placement, "all numbers are the true ones again, after they were "+edit.what, func(s *history.State) error {
					return numbers(s.DaemonSet("agent"), 2, 2, 2)
				})
			}
		},
		Except: map[string]string{"status-arithmetic": "the spec itself writes numbers that do not add up"},
	}
}

func patchStatus(ctx context.Context, e *framework.Env, patch string) {
	got, err := e.Client.AppsV1().DaemonSets(e.Namespace).Patch(ctx, "agent", types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{}, "status")
	e.Must(err, "patch the status of DaemonSet agent")
	e.Act("patched the status of DaemonSet", history.KindDaemonSet, got)
	// The edit must have been seen before its correction can be.
	e.Becomes(ctx, e.Timeouts.Placement, "the event log has the edit", func(s *history.State) error {
		for _, en := range e.History.Entries() {
			if en.Kind == history.KindDaemonSet && en.ResourceVersion == got.ResourceVersion {
				return nil
			}
		}
		return fmt.Errorf("resourceVersion %s is not in the log", got.ResourceVersion)
	})
}

// foreignConditionKept: conditions are there for others; the controller sets none.
func foreignConditionKept() framework.Spec {
	return framework.Spec{
		ID: "DS-STA-014", Area: framework.PodLife, Title: "foreign conditions are kept", Level: framework.Core,
		Behaviour: "Conditions that others put into the status MUST survive the controller's own status writes.",
		Clauses:   []string{"DaemonSet.status.conditions"},
		Why:       "Other tools keep their conditions there; a controller that writes a status of its own making erases them.",
		Nodes:     framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			start(ctx, e)
			patchStatus(ctx, e, `{"status":{"conditions":[{"type":"AuditedByUs","status":"True","reason":"Test","message":"kept"},{"type":"OnHold","status":"False"}]}}`)
			given := e.History.State().DaemonSet("agent").Status.Conditions
			e.That(len(given) == 2, "the controller has set no condition of its own", "the conditions are %+v", given)
			victim := podOn(e, e.Nodes[0])
			e.DeletePod(ctx, victim, metav1.DeleteOptions{})
			replaced(ctx, e, victim)
			fleet.AwaitRollout(ctx, e, e.SetImage(ctx, "agent", "agent:v2"))
			marked := int64(0)
			e.Check(fleet.Each(e, func(_ *history.State, en history.Entry) error {
				ds, ok := en.Object.(*appsv1.DaemonSet)
				if !ok {
					return nil
				}
				switch same := equality.Semantic.DeepEqual(ds.Status.Conditions, given); {
				case same:
					marked++
				case marked > 0 || len(ds.Status.Conditions) > 0:
					return fmt.Errorf("the conditions are %+v", ds.Status.Conditions)
				}
				return nil
			}), "in every status that the controller writes, for a pod that is replaced and for a rollout, both conditions are as they were")
			e.That(marked > 2, "the controller has written its status meanwhile", "the log holds %d versions with the conditions", marked)
		},
	}
}
