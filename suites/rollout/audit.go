package rollout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/framework"
)

// deletions gives, for each pod of the spec's namespace, the users of all
// requests to delete it that the API server's audit log holds. Kubelets are
// left out: theirs end the pod once it has stopped.
func deletions(ctx context.Context, e *framework.Env) (map[string][]string, error) {
	servers, err := e.Client.CoreV1().Pods(metav1.NamespaceSystem).List(ctx, metav1.ListOptions{LabelSelector: "component=kube-apiserver"})
	if err != nil {
		return nil, fmt.Errorf("find the API servers' pods: %w", err)
	}
	calls := map[string][]string{}
	logs := 0
	for _, server := range servers.Items {
		path := auditLogOf(&server)
		if path == "" {
			continue
		}
		logs++
		text, err := framework.Able[clusters.NodeExecer](e).ExecOnNode(ctx, server.Spec.NodeName, "grep", "-F", `"namespace":"`+e.Namespace+`"`, path)
		if err != nil {
			return nil, fmt.Errorf("read %s of node %s: %w", path, server.Spec.NodeName, err)
		}
		if err := collectDeletions(text, e.Namespace, calls); err != nil {
			return nil, fmt.Errorf("read %s of node %s: %w", path, server.Spec.NodeName, err)
		}
	}
	if logs == 0 {
		return nil, errors.New("no API server of the cluster has an --audit-log-path")
	}
	return calls, nil
}

// auditLogOf is where the API server writes its audit log; empty if it does not.
func auditLogOf(server *corev1.Pod) string {
	for _, c := range server.Spec.Containers {
		for _, arg := range append(c.Command, c.Args...) {
			if path, ok := strings.CutPrefix(arg, "--audit-log-path="); ok {
				return path
			}
		}
	}
	return ""
}

// auditEvent is what is read of an audit.k8s.io/v1 Event.
type auditEvent struct {
	Stage string `json:"stage"`
	Verb  string `json:"verb"`
	User  struct {
		Username string `json:"username"`
	} `json:"user"`
	ObjectRef struct {
		Resource    string `json:"resource"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
		Subresource string `json:"subresource"`
	} `json:"objectRef"`
}

// collectDeletions adds the requests of the log's lines to calls.
func collectDeletions(log, namespace string, calls map[string][]string) error {
	for line := range strings.Lines(log) {
		var ev auditEvent
		if err := json.Unmarshal([]byte(line), &ev); err != nil {
			return fmt.Errorf("a line is no audit event: %w", err)
		}
		ref := ev.ObjectRef
		if ev.Stage == "ResponseComplete" && ev.Verb == "delete" && ref.Resource == "pods" && ref.Subresource == "" &&
			ref.Namespace == namespace && !strings.HasPrefix(ev.User.Username, "system:node:") {
			calls[ref.Name] = append(calls[ref.Name], ev.User.Username)
		}
	}
	return nil
}
