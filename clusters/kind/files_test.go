package kind

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/e2e-framework/support"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/internal/exit"
)

func archiveWith(t *testing.T, zipped bool, names ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, n := range names {
		if err := w.WriteHeader(&tar.Header{Name: n, Mode: 0o600, Size: 2}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	content := b.Bytes()
	if zipped {
		var z bytes.Buffer
		g := gzip.NewWriter(&z)
		if _, err := g.Write(content); err != nil {
			t.Fatal(err)
		}
		if err := g.Close(); err != nil {
			t.Fatal(err)
		}
		content = z.Bytes()
	}
	path := filepath.Join(t.TempDir(), "a.tar")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCheckArchive(t *testing.T) {
	t.Parallel()
	for _, good := range []string{archiveWith(t, false, "layer", "manifest.json"), archiveWith(t, false, "index.json"), archiveWith(t, true, "x", "manifest.json")} {
		if err := checkArchive(good); err != nil {
			t.Error(err)
		}
	}
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("no tar ", 200)), 0o600); err != nil {
		t.Fatal(err)
	}
	wantClass(t, checkArchive(text), exit.Usage, "no docker or OCI image archive")
	wantClass(t, checkArchive(archiveWith(t, false, "other")), exit.Usage, "neither manifest.json nor index.json")
	wantClass(t, checkArchive(filepath.Join(t.TempDir(), "none")), exit.Usage, "cannot be read")
	wantClass(t, checkArchive(t.TempDir()), exit.Usage, "image archive")
}

func TestArchivesAreKeptOnceByContent(t *testing.T) {
	t.Parallel()
	c, _ := fakeCluster(t)
	path := archiveWith(t, false, "manifest.json")
	var kept [2]string
	for i := range kept {
		var err error
		if kept[i], err = c.keepArchive(t.Context(), path); err != nil {
			t.Fatal(err)
		}
	}
	st, err := c.store.read()
	if err != nil {
		t.Fatal(err)
	}
	if kept[0] != kept[1] || len(st.Archives) != 1 {
		t.Errorf("kept as %v, state has %v: want one", kept, st.Archives)
	}
	files, err := os.ReadDir(c.store.images())
	if err != nil || len(files) != 1 {
		t.Errorf("%d files in the images folder, %v: want one", len(files), err)
	}
}

func TestTakeConfig(t *testing.T) {
	t.Parallel()
	var o Options
	err := o.takeConfig([]byte("kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nname: mine\nnodes:\n- role: control-plane\n- role: worker\n  labels: {a: b}\n- role: worker\n"))
	if err != nil {
		t.Fatal(err)
	}
	if o.Name != "mine" || o.ControlPlanes != 1 || o.Workers != 2 || len(o.Topology) != 2 || o.Topology[0].Labels["a"] != "b" {
		t.Errorf("options %+v", o)
	}
	o = Options{}
	if err := o.takeConfig([]byte("kind: Cluster\nnodes:\n- role: control-plane\n")); err != nil || o.Workers != NoWorkers {
		t.Errorf("workers %d, %v: want none", o.Workers, err)
	}
	for _, wrong := range []string{"nodes:\n- role: worker\n  image: x\n", "networking: {ipFamily: ipv6}\n", "nonsense: 1\n"} {
		if err := (&Options{}).takeConfig([]byte(wrong)); err == nil {
			t.Errorf("%q was accepted, and part of it dropped", wrong)
		}
	}
}

func TestE2EProviderBeforeCreate(t *testing.T) {
	t.Parallel()
	p := NewE2EProvider(Options{})
	p.WithName("x").WithVersion("v1.37.2").WithPath("/nowhere").WithOpts(func(c support.E2EClusterProvider) { c.WithName("y") })
	if p.options.Name != "y" || p.GetKubeconfig() != "" || p.GetKubectlContext() != "" || p.KubernetesRestConfig() != nil {
		t.Errorf("provider %+v", p)
	}
	wantClass(t, p.Destroy(t.Context()), exit.Internal, "call Create first")
	_, err := p.Create(t.Context(), "--image", "x")
	wantClass(t, err, exit.Usage, "takes none")
}

func TestImageDigest(t *testing.T) {
	t.Parallel()
	for inspected, want := range map[string]string{
		"sha256:1":                 "sha256:1",
		"sha256:1 k/n@sha256:2":    "sha256:2",
		"sha256:1 a@sha256:2 b@s3": "sha256:2",
		"":                         "",
	} {
		if got := imageDigest(inspected); got != want {
			t.Errorf("%q gave %q, want %q", inspected, got, want)
		}
	}
	c := &Cluster{image: "i:1", digest: "sha256:1"}
	if got := c.Images()["node"]; got != "i:1@sha256:1" {
		t.Errorf("Images gave %q", got)
	}
	var _ clusters.Cluster = c
}
