package podlife

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/site"
	"github.com/dsconform/dsconform/suites/internal/unbound"
)

// recreatedAtOnce: what a controller remembers of a DaemonSet ends with that
// DaemonSet, not with its name.
func recreatedAtOnce() framework.Spec {
	const lives = 5
	return framework.Spec{
		ID: "DS-OWN-016", Area: framework.PodLife, Title: "a DaemonSet deleted and made again at once", Level: framework.Core,
		Behaviour: "A DaemonSet that is deleted and made again under its name at once, even while its pods are being created, MUST get all its pods promptly.",
		Clauses:   []string{"pkg/controller/daemon updateDaemonset, deleteDaemonset: expectations end with the UID"},
		Why: "Tools replace objects by deleting and creating them. A controller that keeps its books by name waits for creations that the former DaemonSet had asked for, in Kubernetes up to five minutes, " +
			"or takes the former's pods for the new one's. Five DaemonSets of one name follow each other here, each deleted as soon as its first pod is seen. " +
			"Released controllers wait so, too, where they were just about to make pods of one that they had not heard the end of; that is measured, and only --strict fails it.",
		Except: map[string]string{"status-truth": "released controllers that meet a conflict read the DaemonSet anew by its name, and write the former one's numbers to the one that has followed it; that the numbers are right in the end is what the spec judges"},
		Nodes:  framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			ds := e.CreateDaemonSet(ctx, e.DaemonSet("agent", unbound.Scheduler))
			again := func() {
				e.DeleteDaemonSet(ctx, "agent", metav1.DeletePropagationBackground)
				ds = e.CreateDaemonSet(ctx, e.DaemonSet("agent", unbound.Scheduler))
			}
			stands := false
			for range lives - 1 {
				if stands = !getsPods(ctx, e, "the DaemonSet has its first pod", firstPod(ds.UID)); stands {
					break
				}
				again()
			}
			const each = "each node has one pod of the last DaemonSet, and its status counts them"
			if stands = stands || !getsPods(ctx, e, each, site.Exactly(ds, e.Nodes...)); stands {
				long := "more than " + e.Timeouts.Placement.String()
				e.Measure("time without pods, where some of the former DaemonSet came after its end", long)
				e.That(!e.Strict(), "the DaemonSet gets its pods promptly also where the controller went on with the former one for a moment", "it had none for %s", long)
				// Of what stands still, nothing is on its way.
				again()
				e.BecomesFor(ctx, "agent", e.Timeouts.Placement, each, site.Exactly(ds, e.Nodes...))
			}
			e.Becomes(ctx, e.Timeouts.Placement, "the pods of the others are gone", func(s *history.State) error {
				if n := len(s.Pods()); n != len(e.Nodes) {
					return fmt.Errorf("there are %d pods", n)
				}
				return nil
			})
		},
	}
}

// getsPods waits for the condition of the DaemonSet that was made last. It is false
// if the wait is in vain and a controller was overtaken by the end of a former one.
func getsPods(ctx context.Context, e *framework.Env, expected string, cond func(*history.State) error) bool {
	limit, cancel := context.WithTimeout(ctx, e.Timeouts.Placement)
	defer cancel()
	if e.History.Await(limit, cond) == nil {
		return true
	}
	if ctx.Err() == nil && overtaken(e.History.Entries()) {
		return false
	}
	e.BecomesFor(ctx, "agent", time.Second, expected+", after "+e.Timeouts.Placement.String(), cond)
	return true
}

// overtaken tells whether a pod was made for a DaemonSet after that had been deleted.
func overtaken(entries []history.Entry) bool {
	ended := map[types.UID]string{}
	for _, en := range entries {
		if en.Kind == history.KindDaemonSet && en.Change == history.Deleted {
			ended[en.UID] = en.ResourceVersion
		}
	}
	return slices.ContainsFunc(entries, func(en history.Entry) bool {
		pod, ok := en.Object.(*corev1.Pod)
		if !ok || en.Change != history.Added {
			return false
		}
		ref := metav1.GetControllerOfNoCopy(pod)
		if ref == nil || ended[ref.UID] == "" {
			return false
		}
		after, err := resourceversion.CompareResourceVersion(pod.ResourceVersion, ended[ref.UID])
		return err == nil && after > 0
	})
}

// firstPod judges that a pod of the DaemonSet of the UID was made.
func firstPod(uid types.UID) func(*history.State) error {
	return func(s *history.State) error {
		for _, p := range s.Pods() {
			if ref := metav1.GetControllerOfNoCopy(p); ref != nil && ref.UID == uid {
				return nil
			}
		}
		return fmt.Errorf("no pod belongs to the DaemonSet of UID %s", uid)
	}
}

// collectionDeleted: what kubectl delete -l does.
func collectionDeleted() framework.Spec {
	return framework.Spec{
		ID: "DS-OWN-018", Area: framework.PodLife, Title: "DaemonSets deleted by label", Level: framework.Core,
		Behaviour: "A deletion of DaemonSets by label selector MUST delete those that match, with their pods, and no other.",
		Clauses:   []string{"API: delete collection of DaemonSet"},
		Why: "The labels are those of the DaemonSets themselves, not of their pods: the one that stays has the pod labels of one that goes. An API server that forgets the selector deletes a namespace's daemons, " +
			"and a controller or collector that goes by pod labels takes the wrong pods away.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			staying := e.DaemonSet("staying", unbound.Scheduler)
			staying.Labels = map[string]string{"team": "blue"}
			going := e.DaemonSet("going", unbound.Scheduler)
			going.Labels = map[string]string{"team": "red"}
			staying.Spec.Selector.MatchLabels = map[string]string{"app": "shared"}
			staying.Spec.Template.Labels = map[string]string{"app": "shared"}
			going.Spec.Selector.MatchLabels = map[string]string{"app": "shared"}
			going.Spec.Template.Labels = map[string]string{"app": "shared"}
			kept := e.CreateDaemonSet(ctx, staying)
			gone := e.CreateDaemonSet(ctx, going)
			e.Becomes(ctx, e.Timeouts.Placement, "both DaemonSets have their pod", func(s *history.State) error {
				if err := site.Exactly(kept, e.Nodes...)(s); err != nil {
					return err
				}
				return site.Exactly(gone, e.Nodes...)(s)
			})
			pod := site.One(e.History.State(), kept, e.Nodes[0])

			e.Act("deletes DaemonSets by label team=red", history.KindDaemonSet, &metav1.ObjectMeta{Namespace: e.Namespace, Name: going.Name})
			background := metav1.DeletePropagationBackground
			err := e.Client.AppsV1().DaemonSets(e.Namespace).DeleteCollection(ctx, metav1.DeleteOptions{PropagationPolicy: &background}, metav1.ListOptions{LabelSelector: "team=red"})
			e.Must(err, "delete the DaemonSets labelled team=red")
			only := func(s *history.State) error {
				if all := s.DaemonSets(); len(all) != 1 || all[0].UID != kept.UID {
					return fmt.Errorf("there are %d DaemonSets", len(all))
				}
				if n := len(s.Pods()); n != 1 {
					return fmt.Errorf("there are %d pods", n)
				}
				return site.Same(pod)(s)
			}
			e.Becomes(ctx, e.Timeouts.Placement, "only the DaemonSet that does not match is left, with its pod", only)
			// Until the controller hears of the deletion it may replace a pod that the
			// collector takes; the collector then takes that one too.
			site.Known(ctx, e, e.Nodes...)
			e.Becomes(ctx, e.Timeouts.Placement, "only the DaemonSet that does not match is left, once the controller has heard that the other one is gone", only)
			e.Stays(ctx, "it stays", nil, only)
		},
	}
}
