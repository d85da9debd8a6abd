package podlife

import (
	"context"
	"fmt"
	"path"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/kubectl"
)

func hostPathKept() framework.Spec {
	return framework.Spec{
		ID: "DS-HST-006", Area: framework.PodLife, Title: "what a pod leaves on its node is there for the next", Level: framework.Core,
		Behaviour: "What a pod has written to a hostPath volume MUST be found there by the pod that replaces it on that node in a rollout, and MUST NOT be found on another node.",
		Clauses:   []string{"concepts/storage/volumes: hostPath", "concepts/workloads/controllers/daemonset, Communicating with Daemon Pods"},
		Why: "Log shippers keep on their node how far they have read, and storage drivers what they have mounted. It rests on the pod that is made for a node having the template's volume as it is written, " +
			"and running on that node and no other.",
		Needs: []framework.Ability{framework.RealKubelet, framework.ExecOnNode},
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			folder := path.Join("/var/lib", e.Namespace)
			removeAtEnd(e, folder)
			ensure := corev1.HostPathDirectoryOrCreate
			e.CreateDaemonSet(ctx, e.DaemonSet("agent", func(ds *appsv1.DaemonSet) {
				pod := &ds.Spec.Template.Spec
				pod.Volumes = []corev1.Volume{{Name: "state", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: folder, Type: &ensure}}}}
				pod.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "state", MountPath: "/state"}}
			}))
			rolledOut(ctx, e)
			for _, node := range e.Nodes {
				inside(ctx, e, node, fmt.Sprintf("echo read up to line 7 of %s > /state/position", node))
			}
			e.SetImage(ctx, "agent", "agent:v2")
			rolledOut(ctx, e)
			for _, node := range e.Nodes {
				found := inside(ctx, e, node, "cat /state/position").Stdout
				e.That(found == fmt.Sprintf("read up to line 7 of %s\n", node), "the new pod on "+node+" finds what the old one wrote there", "it finds %q", found)
			}
		},
	}
}

// inside runs the shell command in the pod on the node, where it must succeed.
func inside(ctx context.Context, e *framework.Env, node, command string) kubectl.Result {
	r := e.Kubectl.Exec(ctx, podOn(e, node).Name, "agent", "/bin/sh", "-c", command)
	if !r.Ran() {
		e.Must(r.Err, "run `%s`", r.CommandLine())
	}
	e.That(r.OK(), "`"+command+"` succeeds in the pod on "+node, "%s", r)
	return r
}

// removeAtEnd removes the folder from the spec's nodes: no kubelet does.
func removeAtEnd(e *framework.Env, folder string) {
	execer := framework.Able[clusters.NodeExecer](e)
	for _, node := range e.Nodes {
		e.Cleanup("remove "+folder+" from node "+node, func(ctx context.Context) error {
			_, err := execer.ExecOnNode(ctx, node, "rm", "-rf", folder)
			return err
		})
	}
}
