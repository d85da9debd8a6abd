package podlife

import (
	"context"
	"errors"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/audit"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
	"github.com/dsconform/dsconform/suites/internal/unbound"
)

// namespaceEnds: everything in the namespace goes, in an order that is not the
// controller's.
func namespaceEnds() framework.Spec {
	return framework.Spec{
		ID: "DS-OWN-017", Area: framework.PodLife, Title: "a DaemonSet in a namespace that is being deleted", Level: framework.Core, Slow: true,
		Behaviour: "While a namespace is being deleted the controller MUST NOT go on trying to create pods in it, and MUST NOT try to report the refusals by events.",
		Clauses:   []string{"pkg/controller/daemon syncNodes: NamespaceTerminatingCause", "pkg/controller createPods"},
		Covers:    []string{"DS-EVT-008"},
		Why: "The namespace's pods are deleted first, so that for the DaemonSet, which is still there, they are missing. Every creation is refused, for good. A controller that takes this for any other refusal tries again and again and floods API server and events " +
			"for as long as one pod keeps the namespace. One pod is let go here while another takes its time, and the audit log tells of every attempt.",
		Needs:    []framework.Ability{framework.ReadAudit},
		Versions: ">= 1.34.0-0",
		Nodes:    framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			other := e.Namespace + "-b"
			ds := inNamespace(ctx, e, other)
			beside := e.CreateDaemonSet(ctx, e.DaemonSet("beside", unbound.Scheduler))
			witness := unbound.Await(ctx, e, beside, e.Nodes[0])
			pods := e.History.State().In(other).Pods()
			background := metav1.DeletePropagationBackground
			e.Act("deletes Namespace", "Namespace", &metav1.ObjectMeta{Namespace: other, Name: other})
			e.Must(e.Client.CoreV1().Namespaces().Delete(ctx, other, metav1.DeleteOptions{PropagationPolicy: &background}), "delete namespace %s", other)
			e.Becomes(ctx, e.Timeouts.PodReady, "the pods of the namespace are being deleted", func(s *history.State) error {
				for _, p := range s.In(other).Pods() {
					if p.DeletionTimestamp == nil {
						return fmt.Errorf("pod %s is not", p.Name)
					}
				}
				return nil
			})
			e.Must(stands(e.History.State().In(other), ds), "find the DaemonSet untouched while its pods are being deleted")
			e.DeletePod(ctx, pods[0], *metav1.NewDeleteOptions(0))
			e.Becomes(ctx, e.Timeouts.Placement, "pod "+pods[0].Name+" is gone", func(s *history.State) error { return gone(s.In(other), pods[0].UID) })

			// A controller that makes the pod of another DaemonSet anew, deleted after
			// that one, has heard of both, however busy the machine.
			e.DeletePod(ctx, witness, metav1.DeleteOptions{})
			e.BecomesFor(ctx, beside.Name, e.Timeouts.Placement, "the pod that was deleted in the spec's own namespace is replaced", fleet.Every(site.Gone(witness), site.Pods(beside, e.Nodes...)))
			// What is left to say is said; then nobody may try any more.
			inside := func(en history.Entry) bool { return en.Namespace == other }
			nothing := func(s *history.State) error {
				if n := len(s.In(other).Pods()); n != len(pods)-1 {
					return fmt.Errorf("there are %d pods, not the %d that still terminate", n, len(pods)-1)
				}
				return nil
			}
			e.StaysFor(ctx, 2*e.Timeouts.Quiet, "no pod is made in the namespace", inside, nothing)
			rest, requests := attempts(ctx, e, other, func() {
				e.StaysFor(ctx, 6*e.Timeouts.Quiet, "no pod is made in the namespace", inside, nothing)
			})
			e.Measure("refused creations of pods in a namespace that is being deleted", len(refusedCreations(requests, "pods")))
			e.Check(noneSince(refusedCreations(requests, "pods"), rest), "after the first refusals nobody tries to create a pod in the namespace")
			e.Check(unreported(refusedCreations(requests, "events"), e.History.State().In(other), len(pods)), "nobody tries to report the refusals by events in the namespace")
		},
	}
}

// inNamespace makes the namespace and DaemonSet "agent" in it, whose pods take
// their time to go, and waits until they run.
func inNamespace(ctx context.Context, e *framework.Env, namespace string) *appsv1.DaemonSet {
	e.Cleanup("let the pods of namespace "+namespace+" go and delete it", func(ctx context.Context) error {
		err := e.Client.CoreV1().Namespaces().Delete(ctx, namespace, metav1.DeleteOptions{})
		if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
			err = nil
		}
		return errors.Join(err, e.Client.CoreV1().Pods(namespace).DeleteCollection(ctx, *metav1.NewDeleteOptions(0), metav1.ListOptions{}))
	})
	_, err := e.Client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
	e.Must(err, "create namespace %s", namespace)
	e.Must(e.History.Add(ctx, namespace), "watch namespace %s", namespace)
	ds := e.DaemonSet("agent", fleet.Lingering(goesSlowly))
	ds.Namespace = namespace
	got, err := e.Client.AppsV1().DaemonSets(namespace).Create(ctx, ds, metav1.CreateOptions{})
	e.Must(err, "create DaemonSet agent in namespace %s", namespace)
	e.Becomes(ctx, e.Timeouts.PodReady, "each node has its pod, ready, and the status says so", func(s *history.State) error {
		here := s.In(namespace)
		if n := len(here.Pods()); n != len(e.Nodes) {
			return fmt.Errorf("there are %d pods", n)
		}
		return fleet.Counts(got, map[string]int32{"currentNumberScheduled": int32(len(e.Nodes)), "numberReady": int32(len(e.Nodes))})(here)
	})
	e.Stays(ctx, "the DaemonSet is at rest", func(en history.Entry) bool { return en.Namespace == namespace }, func(*history.State) error { return nil })
	return got
}

// stands judges that the DaemonSet is there and nobody deletes it.
func stands(s *history.State, ds *appsv1.DaemonSet) error {
	if now := s.DaemonSet(ds.Name); now == nil || now.DeletionTimestamp != nil {
		return errors.New("it is gone or going: this API server does not delete a namespace's pods first")
	}
	return nil
}

// attempts watches for more attempts to make pods in the namespace and gives the
// moment from which it did, with all requests that there were. A busy controller
// may come to make its first one only then: what follows is watched for again.
func attempts(ctx context.Context, e *framework.Env, namespace string, watch func()) (time.Time, []audit.Event) {
	for again := false; ; again = true {
		since := time.Now()
		watch()
		requests := e.Requests(ctx, namespace)
		refused := refusedCreations(requests, "pods")
		if again || len(refused) == 0 || !refused[0].Received.After(since) {
			return since, requests
		}
	}
}

// refusedCreations are the requests to create objects of the resource that were forbidden.
func refusedCreations(requests []audit.Event, resource string) []audit.Event {
	var out []audit.Event
	for _, r := range requests {
		if r.Verb == "create" && r.Resource == resource && r.Code == 403 {
			out = append(out, r)
		}
	}
	return out
}

// unreported judges that no event was refused but those that may be late reports
// of the pods created before: events are written when there is time for it.
func unreported(refused []audit.Event, s *history.State, created int) error {
	told := 0
	for _, ev := range s.EventsFor("DaemonSet", "agent") {
		if ev.Reason == "SuccessfulCreate" {
			told++
		}
	}
	if late := max(created-told, 0); len(refused) > late {
		return fmt.Errorf("%d requests in all, where %d creations were still to be reported, such as %s", len(refused), late, refused[len(refused)-1])
	}
	return nil
}

// noneSince judges that none of the requests came after the moment.
func noneSince(requests []audit.Event, moment time.Time) error {
	for _, r := range requests {
		if r.Received.After(moment) {
			return fmt.Errorf("%d requests in all, such as %s", len(requests), r)
		}
	}
	return nil
}
