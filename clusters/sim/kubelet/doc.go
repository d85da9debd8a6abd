// Package kubelet simulates kubelets: the stages by which KWOK takes pods and
// nodes through their lives, and the annotations that make a pod go through
// another one. The stages are in KWOK's own format below stages; what they have
// in common is in pod.jq (what a pod asks for) and pod.tpl (what its status
// says), which Stages puts before each of their expressions and templates.
//
// A pod asks for a life by the annotations of this package, and by what a real
// kubelet would see too: its probes, hooks and grace period, an image that
// cannot be pulled, and the settings of the test program (fixtures/agent) in the
// environment of its containers. The containers of a pod share one fate: what
// any of them asks for happens to all.
//
// What may not live here: the process that plays the stages, and node objects.
package kubelet
