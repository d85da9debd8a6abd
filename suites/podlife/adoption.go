package podlife

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

// olderOrphanSurvives: adoption may come after the controller has made a pod of
// its own.
func olderOrphanSurvives() framework.Spec {
	return framework.Spec{
		ID: "DS-OWN-004", Area: framework.PodLife, Title: "an older orphan survives a younger pod", Level: framework.Extended,
		Behaviour: "When an orphan comes to match the selector on a node where the DaemonSet already has a younger pod, the orphan MUST be adopted and kept, and the younger pod MUST be deleted.",
		Clauses:   []string{"pkg/controller ClaimObject", "pkg/controller/daemon podByCreationTimestampAndPhase"},
		Why: "A pod that was never the DaemonSet's is given its label. Age decides, not origin: a controller that prefers what it made itself stops the daemon that has been at work, " +
			"and one that adopts without pruning leaves two on the node. OnDelete, for an adopted pod is of no revision and RollingUpdate would replace it.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			node := e.Nodes[0]
			// The API tells the time in seconds; of two pods of the same second the one
			// whose name sorts first counts as the older.
			orphan := bare(e, "a-orphan", e.Namespace, node)
			orphan.Labels = map[string]string{"app": "set-aside"}
			orphan = createPod(ctx, e, orphan)
			ds := e.CreateDaemonSet(ctx, e.DaemonSet("agent", onDelete))
			rolledOut(ctx, e)
			younger := podOn(e, node)
			setLabel(ctx, e, orphan, "agent")
			kept := fleet.Every(site.Same(orphan), site.Pods(ds, node), func(s *history.State) error {
				if p := s.Pod(orphan.Name); p != nil {
					return ownedBy(ds, p.OwnerReferences)
				}
				return errors.New("the orphan is gone")
			})
			e.BecomesFor(ctx, "agent", e.Timeouts.RolloutOf(1), "the orphan is adopted and pod "+younger.Name+" is gone", fleet.Every(kept, site.Gone(younger)))
			e.Stays(ctx, "the adopted pod stays, alone on its node", nil, kept)
		},
	}
}

// nowhereAdopted: a pod that is bound nowhere and pinned nowhere is no node's daemon.
func nowhereAdopted() framework.Spec {
	return framework.Spec{
		ID: "DS-OWN-014", Area: framework.PodLife, Title: "an orphan that is for no node", Level: framework.Extended,
		Behaviour: "An orphan that matches the selector but is neither bound nor pinned to a node MUST be adopted, and MUST be neither counted nor deleted: each node gets its pod beside it.",
		Clauses:   []string{"pkg/controller ClaimObject", "pkg/controller/daemon getNodesToDaemonPods"},
		Why: "The selector says whose the pod is, and nothing says which node it is for. A controller that counts it leaves a node without its daemon or reports one too many; " +
			"one that deletes whatever fits no node destroys a user's pod.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			pod := bare(e, "nowhere", e.Namespace, "")
			pod.Spec.SchedulerName = "nobody.dsconform.dev"
			orphan := createPod(ctx, e, pod)
			ds := e.CreateDaemonSet(ctx, e.DaemonSet("agent"))
			rolledOut(ctx, e)
			apart := func(s *history.State) error {
				p := s.Pod(orphan.Name)
				if p == nil || p.UID != orphan.UID || p.DeletionTimestamp != nil {
					return errors.New("the orphan is gone or going")
				}
				if err := ownedBy(ds, p.OwnerReferences); err != nil {
					return fmt.Errorf("the orphan: %w", err)
				}
				if n := len(s.PodsOf(ds)); n != len(e.Nodes)+1 {
					return fmt.Errorf("the DaemonSet has %d pods, the orphan among them, on %d nodes", n, len(e.Nodes))
				}
				return oracle.RolledOut(s, s.DaemonSet("agent"))
			}
			e.BecomesFor(ctx, "agent", e.Timeouts.Placement, "the orphan is adopted, and each node has its own pod", apart)
			// A rollout must leave it alone as well.
			fleet.AwaitRollout(ctx, e, e.SetImage(ctx, "agent", "agent:v2"))
			// An old pod's object stays until its kubelet has cleaned up, and that may be
			// after the new one is ready.
			e.BecomesFor(ctx, "agent", e.Timeouts.PodReady, "the orphan is there beside the new pods, and the old ones are gone", apart)
			e.Stays(ctx, "the orphan stays, counted nowhere", nil, apart)
		},
	}
}

// otherTemplateAdopted: the documented way to replace a DaemonSet, with another
// template this time.
func otherTemplateAdopted() framework.Spec {
	return framework.Spec{
		ID: "DS-OWN-012", Area: framework.PodLife, Title: "orphaned pods and a new DaemonSet of another template", Level: framework.Deviation,
		Behaviour: "Orphaned pods that a new DaemonSet of another template adopts SHOULD be replaced by its update strategy; a later change of its template MUST replace them.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset: if any Pods need replacing the DaemonSet replaces them according to its updateStrategy", "pkg/controller/daemon/util IsPodUpdated"},
		Why: "Released Kubernetes also takes a pod for updated whose label pod-template-generation equals the DaemonSet's template generation, and after a re-creation both are 1: " +
			"the status says that all is up to date while the old image runs. Whether the pods are replaced is measured; only --strict fails it.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			start(ctx, e)
			left := fleet.Take(e, "agent")
			e.DeleteDaemonSet(ctx, "agent", metav1.DeletePropagationOrphan)
			e.Becomes(ctx, e.Timeouts.Placement, "the DaemonSet is gone and its pods have no owner", func(s *history.State) error {
				if s.DaemonSet("agent") != nil {
					return errors.New("DaemonSet agent is still there")
				}
				return orphaned(s)
			})
			ds := e.CreateDaemonSet(ctx, e.DaemonSet("agent", fleet.Image(e, "agent:v2")))
			e.BecomesFor(ctx, "agent", e.Timeouts.Placement, "the new DaemonSet is looked at and each node has one pod of it", site.Exactly(ds, e.Nodes...))
			limit, cancel := context.WithTimeout(ctx, 5*e.Timeouts.Quiet)
			defer cancel()
			err := e.History.Await(limit, func(s *history.State) error { return begun(left.Standing(s), e.Nodes) })
			e.Measure("orphaned pods of another template are replaced", err == nil)
			e.That(err == nil || !e.Strict(), "the pods of the old template are replaced by the ones of the new", "%v", err)

			renewed := fleet.AwaitRollout(ctx, e, fleet.Update(ctx, e, "agent", fleet.Template("2")))
			e.BecomesFor(ctx, "agent", e.Timeouts.PodReady, "a change of the template replaces the adopted pods", left.Gone)
			e.That(runImage(renewed.All(), e.Image("agent:v2")), "all pods are of the new DaemonSet's template", "they are of revision %s", renewed.Hash)
		},
	}
}

// begun judges that not all old pods stand any more.
func begun(standing, nodes []string) error {
	if len(standing) == len(nodes) {
		return fmt.Errorf("the old pods stand on all of %v", nodes)
	}
	return nil
}

func runImage(pods []*corev1.Pod, image string) bool {
	for _, p := range pods {
		if p.Spec.Containers[0].Image != image {
			return false
		}
	}
	return len(pods) > 0
}
