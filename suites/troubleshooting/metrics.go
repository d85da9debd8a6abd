package troubleshooting

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"

	"github.com/dsconform/dsconform/fixtures"
	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

// serveMetrics starts metrics-server and, once it is ready, hands its API group
// over to it: an APIService that nobody answers for holds up discovery and the
// deletion of every namespace of the cluster.
func serveMetrics(ctx context.Context, e *framework.Env, f *fixtures.Fixture) {
	var services, rest []runtime.Object
	for _, o := range f.Objects {
		if _, ok := o.(*apiregistrationv1.APIService); ok {
			services = append(services, o)
		} else {
			rest = append(rest, o)
		}
	}
	e.Must(e.History.Add(ctx, metav1.NamespaceSystem), "record the pods of namespace %s", metav1.NamespaceSystem)
	e.Apply(ctx, rest...)
	limit, cancel := context.WithTimeout(ctx, e.Timeouts.PodReady)
	defer cancel()
	err := e.History.Await(limit, func(s *history.State) error {
		for _, p := range s.In(metav1.NamespaceSystem).Pods() {
			if p.Labels["k8s-app"] == "metrics-server" && oracle.Ready(p) {
				return nil
			}
		}
		return errors.New("no pod of metrics-server is ready")
	})
	e.Must(err, "start metrics-server")
	e.Apply(ctx, services...)
}

// metricsPoll is how often metrics-server is asked: metrics.k8s.io has no watch.
const metricsPoll = time.Second

// awaitMetrics waits until metrics-server knows the leased nodes and the
// spec's pods. It is not what is judged: a miss is the environment's.
func awaitMetrics(ctx context.Context, e *framework.Env) {
	last := fmt.Errorf("nothing was asked")
	err := wait.PollUntilContextTimeout(ctx, metricsPoll, e.Timeouts.PodReady+e.Timeouts.Rollout, true, func(ctx context.Context) (bool, error) {
		pods, err := metricsOf(ctx, e, "/apis/metrics.k8s.io/v1beta1/namespaces/"+e.Namespace+"/pods")
		if err == nil && len(pods) < len(e.History.State().Pods()) {
			err = fmt.Errorf("metrics-server knows %d of the pods", len(pods))
		}
		var nodes map[string]bool
		if err == nil {
			nodes, err = metricsOf(ctx, e, "/apis/metrics.k8s.io/v1beta1/nodes")
		}
		for _, n := range e.Nodes {
			if err == nil && !nodes[n] {
				err = fmt.Errorf("metrics-server does not know node %s", n)
			}
		}
		last = err
		return err == nil, nil
	})
	if err != nil {
		err = fmt.Errorf("%w: %w", err, last)
	}
	e.Must(err, "wait for metrics-server to have measured nodes and pods")
}

// metricsOf gives the names in a list of metrics.
func metricsOf(ctx context.Context, e *framework.Env, path string) (map[string]bool, error) {
	raw, err := e.Client.CoreV1().RESTClient().Get().AbsPath(path).DoRaw(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", path, err)
	}
	var list struct {
		Items []struct {
			Metadata struct {
				Name string `json:"name"`
			} `json:"metadata"`
		} `json:"items"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", path, err)
	}
	names := map[string]bool{}
	for _, item := range list.Items {
		names[item.Metadata.Name] = true
	}
	return names, nil
}
