package kind

import (
	"context"
	"os"
	"strings"

	"github.com/dsconform/dsconform/clusters/engine"
	"github.com/dsconform/dsconform/internal/exit"
)

// preflight looks at the machine and the node image before anything is made,
// and learns what the cluster's configuration depends on.
func (m *making) preflight(ctx context.Context) (facts, error) {
	if err := os.MkdirAll(m.o.StateDir, 0o755); err != nil {
		return facts{}, exit.Environmentf("making the folder for the clusters' state: %w", err)
	}
	dir := m.o.StateDir
	if root, err := m.c.containers.output(ctx, "info", "--format", "{{.DockerRootDir}}"); err == nil {
		if _, err := os.Stat(root); err == nil {
			dir = root // the nodes' disks
		}
	}
	if _, err := engine.Preflight(ctx, dir, m.o.Log); err != nil {
		return facts{}, err
	}
	if err := m.readImage(ctx); err != nil {
		return facts{}, err
	}
	v, err := supported(m.c.version)
	if err != nil {
		return facts{}, err
	}
	policy, err := m.c.store.writeAuditPolicy()
	if err != nil {
		return facts{}, exit.Environmentf("%w", err)
	}
	return facts{version: v, cgroupV1: m.cgroupV1(ctx), auditPolicy: policy}, nil
}

// readImage makes sure the engine holds the node image and learns its digest and version.
func (m *making) readImage(ctx context.Context) error {
	out, err := m.c.containers.output(ctx, "image", "inspect", "--format", "{{.Id}}{{range .RepoDigests}} {{.}}{{end}}", m.c.image)
	if err != nil {
		return exit.Environmentf("the container engine does not hold the node image %s: %w", m.c.image, err)
	}
	m.c.digest = imageDigest(out)
	if m.c.version != "" {
		return nil
	}
	m.c.version, err = m.c.containers.output(ctx, "run", "--rm", "--pull", "never", "--network", "none", "--entrypoint", "cat", m.c.image, "/kind/version")
	if err != nil {
		return exit.Environmentf("the image %s is no kind node image, it does not name its Kubernetes version in /kind/version: %w", m.c.image, err)
	}
	return nil
}

// imageDigest picks the registry's digest of an image, or its ID where no registry knows it.
func imageDigest(inspected string) string {
	words := strings.Fields(inspected)
	for _, w := range words {
		if _, digest, found := strings.Cut(w, "@"); found {
			return digest
		}
	}
	if len(words) > 0 {
		return words[0]
	}
	return ""
}

// cgroupV1 tells whether the nodes get the old control groups. An engine that
// does not say leaves the host to tell, which is right unless it is remote.
func (m *making) cgroupV1(ctx context.Context) bool {
	if v, err := m.c.containers.output(ctx, "info", "--format", "{{.CgroupVersion}}"); err == nil && v != "" {
		return strings.TrimPrefix(v, "v") == "1"
	}
	_, err := os.Stat("/sys/fs/cgroup/cgroup.controllers")
	return err != nil
}
