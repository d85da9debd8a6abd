package run

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/kubectl"
	"github.com/dsconform/dsconform/reports"
)

// Environment records what is being judged and with what.
func Environment(ctx context.Context, cluster clusters.Cluster, settings framework.Settings) (reports.Environment, error) {
	env := reports.Environment{
		Provider: cluster.Provider(),
		Options:  map[string]string{"strict": fmt.Sprint(settings.Strict)},
		Suite:    reports.Suite{Version: settings.Version, GoVersion: runtime.Version(), KubectlVersion: kubectl.Version()},
	}
	config, err := cluster.RESTConfig()
	if err != nil {
		return env, fmt.Errorf("read the cluster's client configuration: %w", err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return env, fmt.Errorf("make a client: %w", err)
	}
	version, err := client.Discovery().ServerVersion()
	if err != nil {
		return env, fmt.Errorf("ask the API server for its version: %w", err)
	}
	env.KubernetesVersion = version.GitVersion
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return env, fmt.Errorf("list the nodes: %w", err)
	}
	for _, n := range nodes.Items {
		env.Nodes = append(env.Nodes, node(n))
	}
	env.Subject = ownSubject(ctx, client)
	for _, name := range slices.Sorted(maps.Keys(settings.Images)) {
		env.Images = append(env.Images, reports.Image{Name: name, Ref: settings.Images[name]})
	}
	for name, image := range cluster.Images() {
		ref, digest, _ := strings.Cut(image, "@")
		env.Images = append(env.Images, reports.Image{Name: name, Ref: ref, Digest: digest})
	}
	return env, nil
}

func node(n corev1.Node) reports.Node {
	info := n.Status.NodeInfo
	out := reports.Node{
		Name: n.Name, Role: string(clusters.RoleWorker), OS: info.OSImage, Kernel: info.KernelVersion,
		KubeletVersion: info.KubeletVersion, ContainerRuntime: info.ContainerRuntimeVersion,
	}
	if _, control := n.Labels["node-role.kubernetes.io/control-plane"]; control {
		out.Role = string(clusters.RoleControlPlane)
	}
	_, out.Simulated = n.Annotations["kwok.x-k8s.io/node"]
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			out.Ready = c.Status == corev1.ConditionTrue
		}
	}
	return out
}

// ownSubject finds the cluster's own controller manager. A cluster that hides it
// is judged all the same; the report then says that it is hidden.
func ownSubject(ctx context.Context, client kubernetes.Interface) reports.Subject {
	s := reports.Subject{Kind: "cluster", Name: "kube-controller-manager"}
	pods, err := client.CoreV1().Pods(metav1.NamespaceSystem).List(ctx, metav1.ListOptions{LabelSelector: "component=kube-controller-manager"})
	if err != nil || len(pods.Items) == 0 {
		s.Name = "the cluster's own, not visible as a pod"
		return s
	}
	pod := pods.Items[0]
	for _, st := range pod.Status.ContainerStatuses {
		s.Identity = st.ImageID
	}
	if len(pod.Spec.Containers) > 0 {
		_, s.Version, _ = strings.Cut(pod.Spec.Containers[0].Image, ":")
		for _, arg := range pod.Spec.Containers[0].Command {
			if value, ok := strings.CutPrefix(arg, "--controllers="); ok && strings.Contains(value, "-daemonset") {
				s.Name += " with --controllers=" + value
			}
		}
	}
	return s
}
