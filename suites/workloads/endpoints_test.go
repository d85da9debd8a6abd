package workloads

import (
	"strings"
	"testing"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func endpointSlice(name string, ready bool, nodes ...string) *discoveryv1.EndpointSlice {
	s := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Name: name}}
	for _, n := range nodes {
		s.Endpoints = append(s.Endpoints, discoveryv1.Endpoint{NodeName: &n, Conditions: discoveryv1.EndpointConditions{Ready: &ready}})
	}
	return s
}

func TestEndpointsOnNodes(t *testing.T) {
	t.Parallel()
	es := endpoints{}
	es.take(endpointSlice("s1", true, "a", "b"), false)
	es.take(endpointSlice("s2", false, "c"), false)
	if err := es.missing([]string{"a", "b"}); err != nil {
		t.Errorf("a and b: %v", err)
	}
	if err := es.missing([]string{"a", "c"}); err == nil || !strings.Contains(err.Error(), "[c]") {
		t.Errorf("c is not ready: %v", err)
	}
	es.take(endpointSlice("s2", true, "a"), false)
	if err := es.missing([]string{"a"}); err == nil {
		t.Error("two endpoints on a are one too many")
	}
	es.take(endpointSlice("s2", true, "a"), true)
	if err := es.missing([]string{"a"}); err != nil {
		t.Errorf("the second slice is gone: %v", err)
	}
}
