package archive

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

func write(t *testing.T, i Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, i); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func example(source string, swap bool) Image {
	files := []File{
		Executable("/bin/app", source),
		Text("etc/app.conf", "a=b\n"),
		{Path: "bin/link", Link: "app"},
		Dir("tmp", 0o777|fs.ModeSticky),
	}
	if swap {
		files[0], files[3] = files[3], files[0]
		files[1], files[2] = files[2], files[1]
	}
	return Image{
		Ref: "example.org/app:v1", Layers: []*Layer{Files(files...)}, Entrypoint: []string{"/bin/app"},
		Labels: map[string]string{"a": "1", "b": "2", "c": "3"}, Arch: "amd64",
	}
}

func TestSameFilesGiveTheSameBytes(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	for _, path := range []string{one, two} {
		if err := os.WriteFile(path, []byte("program"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// The source's name, date and mode must not matter.
	if err := os.Chtimes(two, time.Now(), time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	first := write(t, example(one, false))
	if second := write(t, example(two, true)); !bytes.Equal(first, second) {
		t.Error("the same files packed twice give different bytes")
	}
	if err := os.WriteFile(two, []byte("PROGRAM"), 0o600); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(first, write(t, example(two, false))) {
		t.Error("another content gives the same bytes")
	}
}

func TestArchiveIsAnImage(t *testing.T) {
	source := filepath.Join(t.TempDir(), "app")
	if err := os.WriteFile(source, []byte("program"), 0o600); err != nil {
		t.Fatal(err)
	}
	packed := write(t, example(source, false))
	img, err := tarball.Image(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(packed)), nil }, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err = validate.Image(img); err != nil {
		t.Error(err)
	}
	cfg, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if cfg.OS != "linux" || cfg.Architecture != "amd64" || cfg.Config.Entrypoint[0] != "/bin/app" || len(cfg.Config.Env) != 1 || !cfg.Created.Equal(Epoch()) {
		t.Errorf("config %+v", cfg)
	}
	layers, err := img.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers, %v", len(layers), err)
	}
	content, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = content.Close() }()
	got := map[string]*tar.Header{}
	var order []string
	for tr := tar.NewReader(content); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got[h.Name] = h
		order = append(order, h.Name)
		if !h.ModTime.Equal(Epoch()) || h.Uid != 0 || h.Gid != 0 {
			t.Errorf("%s is of %d:%d, dated %s", h.Name, h.Uid, h.Gid, h.ModTime)
		}
	}
	if want := "bin/ bin/app bin/link etc/ etc/app.conf tmp/"; strings.Join(order, " ") != want {
		t.Errorf("entries %v, want %s", order, want)
	}
	for name, mode := range map[string]int64{"bin/": 0o755, "bin/app": 0o755, "etc/app.conf": 0o644, "tmp/": 0o1777} {
		if got[name] == nil || got[name].Mode != mode {
			t.Errorf("%s: %+v, want mode %o", name, got[name], mode)
		}
	}
	if got["bin/link"] == nil || got["bin/link"].Linkname != "app" {
		t.Errorf("bin/link: %+v", got["bin/link"])
	}
}

func TestMistakesAreErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		image Image
		want  string
	}{
		"path twice":   {Image{Ref: "a:b", Layers: []*Layer{Files(Text("x", ""), Text("/x", ""))}}, "two files of a layer are both x"},
		"no path":      {Image{Ref: "a:b", Layers: []*Layer{Files(Text("/", ""))}}, "has no path"},
		"no source":    {Image{Ref: "a:b", Layers: []*Layer{Files(Executable("x", "/nonexistent"))}}, "packing x"},
		"no tar":       {Image{Ref: "a:b", Layers: []*Layer{Tar("/nonexistent")}}, "opening a layer"},
		"no such name": {Image{Ref: "A B"}, `the image name "A B"`},
	} {
		t.Run(name, func(t *testing.T) {
			err := Write(io.Discard, tc.image)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}
