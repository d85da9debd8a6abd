package rollout

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/suites/internal/scene"
)

func TestCollectDeletions(t *testing.T) {
	const log = `{"stage":"ResponseComplete","verb":"delete","user":{"username":"ds"},"objectRef":{"resource":"pods","namespace":"space","name":"a"}}
{"stage":"ResponseComplete","verb":"delete","user":{"username":"ds"},"objectRef":{"resource":"pods","namespace":"space","name":"a"}}
{"stage":"RequestReceived","verb":"delete","user":{"username":"ds"},"objectRef":{"resource":"pods","namespace":"space","name":"b"}}
{"stage":"ResponseComplete","verb":"delete","user":{"username":"ds"},"objectRef":{"resource":"pods","namespace":"space","name":"b"}}
{"stage":"ResponseComplete","verb":"delete","user":{"username":"system:node:x"},"objectRef":{"resource":"pods","namespace":"space","name":"b"}}
{"stage":"ResponseComplete","verb":"create","user":{"username":"ds"},"objectRef":{"resource":"pods","namespace":"space","name":"c"}}
{"stage":"ResponseComplete","verb":"delete","user":{"username":"ds"},"objectRef":{"resource":"pods","namespace":"other","name":"c"}}
{"stage":"ResponseComplete","verb":"delete","user":{"username":"ds"},"objectRef":{"resource":"controllerrevisions","namespace":"space","name":"c"}}
`
	calls := map[string][]string{}
	scene.Expect(t, collectDeletions(log, "space", calls), "")
	scene.Expect(t, once(&corev1.Pod{ObjectMeta: scene.Pod("b", "", "").ObjectMeta}, calls["b"]), "")
	scene.Expect(t, once(scene.Pod("a", "", ""), calls["a"]), "has 2 DELETE requests for pod a, by [ds ds]")
	scene.Expect(t, once(scene.Pod("c", "", ""), calls["c"]), "has 0 DELETE requests for pod c")
	scene.Expect(t, collectDeletions("not json\n", "space", calls), "a line is no audit event")
}

func TestAuditLogOf(t *testing.T) {
	server := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Command: []string{"kube-apiserver", "--audit-log-path=/var/log/audit.log"}}}}}
	if got := auditLogOf(server); got != "/var/log/audit.log" {
		t.Errorf("the path is %q", got)
	}
	server.Spec.Containers[0].Command = []string{"kube-apiserver"}
	if got := auditLogOf(server); got != "" {
		t.Errorf("without the flag the path is %q", got)
	}
}
