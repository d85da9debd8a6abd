package workloads

import (
	"context"
	"fmt"
	"slices"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
)

// endpoints are the ready endpoints of a Service by slice, each by its node.
type endpoints map[string][]string

func (es endpoints) take(s *discoveryv1.EndpointSlice, gone bool) {
	delete(es, s.Name)
	for _, ep := range s.Endpoints {
		if !gone && ep.NodeName != nil && ep.Conditions.Ready != nil && *ep.Conditions.Ready {
			es[s.Name] = append(es[s.Name], *ep.NodeName)
		}
	}
}

// missing says which of the nodes do not have exactly one ready endpoint.
func (es endpoints) missing(nodes []string) error {
	count := map[string]int{}
	for _, slice := range es {
		for _, n := range slice {
			count[n]++
		}
	}
	wrong := slices.DeleteFunc(slices.Clone(nodes), func(n string) bool { return count[n] == 1 })
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("not exactly one ready endpoint on %v; by node there are %v", wrong, count)
}

// oneEndpointEach waits until the Service has exactly one ready endpoint on
// each of the nodes. EndpointSlices are not in the event log: they have a watch here.
func (r *running) oneEndpointEach(ctx context.Context, service string, nodes []string) {
	ctx, cancel := context.WithTimeout(ctx, r.e.Timeouts.Placement)
	defer cancel()
	source := cache.NewFilteredListWatchFromClient(r.e.Client.DiscoveryV1().RESTClient(), "endpointslices", r.e.Namespace,
		func(o *metav1.ListOptions) { o.LabelSelector = discoveryv1.LabelServiceName + "=" + service })
	found := endpoints{}
	last := fmt.Errorf("the EndpointSlices of Service %s were not listed", service)
	// What is there already arrives as added.
	_, err := watchtools.UntilWithSync(ctx, source, &discoveryv1.EndpointSlice{}, nil, func(event watch.Event) (bool, error) {
		if s, ok := event.Object.(*discoveryv1.EndpointSlice); ok {
			found.take(s, event.Type == watch.Deleted)
		}
		last = found.missing(nodes)
		return last == nil, nil
	})
	if err != nil {
		r.e.Check(last, "the headless Service %s has one ready endpoint on each node with a pod, within %s", service, r.e.Timeouts.Placement)
		r.e.Must(err, "watch the EndpointSlices of Service %s", service)
	}
}
