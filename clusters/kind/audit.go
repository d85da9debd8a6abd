package kind

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

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
			// grep ends with 1 when nothing is found, and with 2 when there is no such file.
			lines, err := c.containers.exec(ctx, node, "sh", "-c", `test ! -e "$2" || grep -F -e "$1" "$2" || test $? = 1`, "sh", text, AuditLogPath)
			if err != nil {
				return fmt.Errorf("reading %s of %s: %w", AuditLogPath, node, err)
			}
			if err := read(strings.NewReader(lines)); err != nil {
				return err
			}
		}
		return nil
	})
}
