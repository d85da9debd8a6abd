package kind

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
)

// AuditLogPath is the API server's audit log on the first control-plane node,
// one audit.k8s.io/v1 Event in JSON a line; read it with ExecOnNode.
const AuditLogPath = "/var/log/kubernetes/audit.log"

const (
	auditPolicyFile = "/etc/kubernetes/dsconform/audit-policy.yaml"
	auditLogFolder  = "/var/log/kubernetes"
)

//go:embed audit-policy.yaml
var auditPolicy []byte

// writeAuditPolicy puts the policy where the control-plane nodes can mount it
// and gives the path: the API server needs it before anything can be copied
// into a node.
func (s store) writeAuditPolicy() (string, error) {
	if err := os.MkdirAll(s.folder(), 0o755); err != nil {
		return "", fmt.Errorf("writing the audit policy: %w", err)
	}
	path := filepath.Join(s.folder(), "audit-policy.yaml")
	if err := os.WriteFile(path, auditPolicy, 0o644); err != nil {
		return "", fmt.Errorf("writing the audit policy: %w", err)
	}
	return path, nil
}

// auditFlags turn the log on. One file of at most 200 MB and one before it: a
// long run does not fill the disk, and what a spec reads is not rotated away.
func auditFlags() [][2]string {
	return [][2]string{
		{"audit-policy-file", auditPolicyFile},
		{"audit-log-path", AuditLogPath},
		{"audit-log-maxsize", "200"},
		{"audit-log-maxbackup", "1"},
	}
}

// auditVolumes are the two mounts of the API server's static pod.
func auditVolumes() []map[string]any {
	return []map[string]any{
		{"name": "dsconform-audit-policy", "hostPath": auditPolicyFile, "mountPath": auditPolicyFile, "readOnly": true, "pathType": "File"},
		{"name": "dsconform-audit-log", "hostPath": auditLogFolder, "mountPath": auditLogFolder, "pathType": "DirectoryOrCreate"},
	}
}

// auditMount brings the policy from the host onto a control-plane node.
func auditMount(policy string) v1alpha4.Mount {
	return v1alpha4.Mount{HostPath: policy, ContainerPath: auditPolicyFile, Readonly: true}
}

// ReadAudit implements clusters.AuditReader: the logs of one control-plane node
// after the other.
func (c *Cluster) ReadAudit(ctx context.Context, text string, read func(io.Reader) error) error {
	return c.onControllers(ctx, "reading the audit logs beside", func(ctx context.Context, _ kubernetes.Interface, nodes []string) error {
		for _, node := range nodes {
			lines, err := c.auditLines(ctx, node, text)
			if err != nil {
				return fmt.Errorf("reading %s of %s: %w", AuditLogPath, node, err)
			}
			if err := read(bytes.NewReader(lines)); err != nil {
				return err
			}
		}
		return nil
	})
}

// auditLines gives the whole lines of a node's log that hold the text, each with
// its end: one without is taken for one that is still being written, and the last
// request is the one that a spec may be looking for.
func (c *Cluster) auditLines(ctx context.Context, node, text string) ([]byte, error) {
	var out bytes.Buffer
	// grep ends with 1 when nothing is found, and with 2 when there is no such file.
	const command = `test ! -e "$2" || grep -F -e "$1" "$2" || test $? = 1`
	if err := c.containers.run(ctx, nil, &out, "exec", "--privileged", node, "sh", "-c", command, "sh", text, AuditLogPath); err != nil {
		return nil, err
	}
	// grep ends every line, also one that is not written to its end.
	const end = "}\n"
	last := bytes.LastIndex(out.Bytes(), []byte(end))
	if last < 0 {
		return nil, nil
	}
	return out.Bytes()[:last+len(end)], nil
}
