package resilience

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/policy"
)

const (
	// mostPods is the quota that ends the growth whatever the controller does.
	mostPods = 60
	// perNode is how many pods a node may be sent in the time that is looked on: one,
	// and some more by who tries again ever later.
	perNode = 5
	// lookOn is that time.
	lookOn = 10 * time.Second
)

func relabelled() framework.Spec {
	return framework.Spec{
		ID:        "DS-RES-015",
		Area:      framework.Resilience,
		Title:     "pods whose matching label an admission takes",
		Behaviour: "Where an admission changes the labels of new pods so that the selector no longer matches them, the controller SHOULD NOT make pods without bound; once the admission is gone each node MUST get its one pod.",
		Clauses:   []string{"pkg/controller ReleasePod: a pod that does not match any more is released", "pkg/controller/daemon syncNodes"},
		Level:     framework.Deviation,
		Why: "A label that a policy rewrites on every pod is a common mistake. Released Kubernetes lets each such pod go as no longer its own, finds its node without, and makes the next one at once: " +
			"thousands of pods run on in the end, which nobody owns. How fast they grow is measured; only --strict fails it. A quota ends it here.",
		Refuses:  true,
		Nodes:    framework.NodeNeed{Workers: 2},
		Versions: ">= 1.36.0-0", // MutatingAdmissionPolicy is generally available.
		Serial:   true,
		Body: func(ctx context.Context, e *framework.Env) {
			quota := &corev1.ResourceQuota{
				ObjectMeta: metav1.ObjectMeta{Name: "bound", Namespace: e.Namespace},
				Spec: corev1.ResourceQuotaSpec{
					Hard: corev1.ResourceList{corev1.ResourcePods: *resource.NewQuantity(mostPods, resource.DecimalSI)},
					// The policy's canary has a deadline, so that a quota that is used up does not refuse it.
					Scopes: []corev1.ResourceQuotaScope{corev1.ResourceQuotaScopeNotTerminating},
				},
			}
			e.Apply(ctx, quota)
			lift := policy.Relabelled(ctx, e, "app", "taken")
			ds := e.CreateDaemonSet(ctx, e.DaemonSet(name))
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "the controller makes a pod, and the admission changes its label", anyPod)
			begun := time.Now()
			limit, cancel := context.WithTimeout(ctx, lookOn)
			defer cancel()
			allowed := perNode * len(e.Nodes)
			if e.History.Await(limit, madeMore(e, allowed)) == nil {
				e.Measure("pods made by one who loses their label, in seconds for "+strconv.Itoa(allowed+1), time.Since(begun).Round(time.Millisecond).Seconds())
				e.That(!e.Strict(), fmt.Sprintf("at most %d pods are made for %d nodes within %s", allowed, len(e.Nodes), lookOn), "more were made within %s", time.Since(begun).Round(time.Millisecond))
			} else {
				e.Measure("pods made by one who loses their label, in "+lookOn.String(), len(made(e)))
			}
			lift(ctx)
			err := e.Client.CoreV1().ResourceQuotas(e.Namespace).Delete(ctx, quota.Name, metav1.DeleteOptions{})
			e.Must(err, "delete ResourceQuota %s", quota.Name)
			fleet.Touch(ctx, e, name, "the admission is gone")
			atRest(ctx, e, ds)
		},
	}
}

// made gives the pods that were made in the spec's namespace.
func made(e *framework.Env) map[string]bool {
	out := map[string]bool{}
	for _, en := range e.History.Entries() {
		if en.Kind == history.KindPod && en.Change == history.Added {
			out[string(en.UID)] = true
		}
	}
	return out
}

func madeMore(e *framework.Env, than int) func(*history.State) error {
	return func(*history.State) error {
		if n := len(made(e)); n <= than {
			return fmt.Errorf("%d pods were made", n)
		}
		return nil
	}
}

func anyPod(s *history.State) error {
	if len(s.Pods()) == 0 {
		return errors.New("there is no pod")
	}
	return nil
}
