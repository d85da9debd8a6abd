package nodeimage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/internal/exit"
)

// fakeEngine is an engine whose command line is a shell script: it has the
// images in $dir/images, one "reference kubernetes-version" a line.
type fakeEngine struct{ dir, script string }

const fakeDocker = `
case "$1 $2" in
"image ls")
	for a; do case "$a" in
	reference=*) ref=${a#reference=} ;;
	label=*) version=${a##*=} ;;
	esac; done
	while read -r r v; do
		if [ -n "${version:-}" ]; then [ "$v" != "$version" ] || echo "$r"
		elif [ "$r" = "$ref" ]; then echo sha256:1; fi
	done <"$dir/images" ;;
"image inspect") echo sha256:1 ;;
create*) echo "$2" >"$dir/created"; echo container ;;
cp*)
	read -r ref <"$dir/created"
	while read -r r v; do [ "$r" != "$ref" ] || { mkdir -p "$dir/kind"; printf %s "$v" >"$dir/kind/version"; }; done <"$dir/images"
	tar -C "$dir/kind" -cf - version ;;
rm*) ;;
pull*) $pull ;;
*) echo "fake docker: $*" >&2; exit 2 ;;
esac
`

func engineWith(t *testing.T, pull string, images ...string) *fakeEngine {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "images"), []byte(strings.Join(images, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return &fakeEngine{dir: dir, script: "dir=" + dir + "\n" + strings.Replace(fakeDocker, "$pull", pull, 1)}
}

func (e *fakeEngine) Command(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "sh", append([]string{"-c", e.script, "docker"}, args...)...)
}

func (e *fakeEngine) Output(ctx context.Context, args ...string) (string, error) {
	var stderr bytes.Buffer
	cmd := e.Command(ctx, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("docker %s: %w: %s", args[0], err, stderr.String())
	}
	return strings.TrimSpace(string(out)), nil
}

func TestResolve(t *testing.T) {
	const (
		node   = "example.org/node:x v1.36.3"
		ours   = "dsconform/node:v1.37.2-0123456789ab v1.37.2"
		theirs = "example.org/other:x v1.37.2"
	)
	for name, tc := range map[string]struct {
		engine  *fakeEngine
		options Options
		want    Image
		class   exit.Code
		text    string
	}{
		"named": {
			engine:  engineWith(t, "exit 1", node),
			options: Options{Image: "example.org/node:x"},
			want:    Image{Ref: "example.org/node:x", Digest: "sha256:1", Version: "v1.36.3", Source: SourceNamed},
		},
		"named, pulled": {
			engine:  engineWith(t, `echo "x: Pulling from node"; echo "example.org/node:y v1.35.4" >>"$dir/images"`, node),
			options: Options{Image: "example.org/node:y", Pull: true},
			want:    Image{Ref: "example.org/node:y", Digest: "sha256:1", Version: "v1.35.4", Source: SourceNamed},
		},
		"named, not there": {
			engine:  engineWith(t, "exit 1", node),
			options: Options{Image: "example.org/none:x"},
			class:   exit.Environment, text: "the node image example.org/none:x cannot be used: it is not in the engine (pulling is not allowed)",
		},
		"named, cannot be pulled": {
			engine:  engineWith(t, `{ echo "Error response from daemon: no route to host" >&2; exit 1; }`, node),
			options: Options{Image: "example.org/none:x", Pull: true},
			class:   exit.Environment, text: "no route to host",
		},
		"named, not a node image": {
			engine:  engineWith(t, "exit 1", "example.org/app:x not-a-version"),
			options: Options{Image: "example.org/app:x"},
			class:   exit.Environment, text: "is not a kind node image",
		},
		"composed earlier": {
			engine:  engineWith(t, "exit 1", theirs, ours),
			options: Options{},
			want:    Image{Ref: "dsconform/node:v1.37.2-0123456789ab", Digest: "sha256:1", Version: "v1.37.2", Source: SourceLocal},
		},
		"none": {
			engine:  engineWith(t, "exit 1", node),
			options: Options{Version: "1.36.1"},
			class:   exit.Environment, text: "no node image for Kubernetes v1.36.1: none composed for v1.36.1 in the engine; kind's own is v1.37.0, not v1.36.1; composing one is not allowed",
		},
		"malformed version": {
			engine:  engineWith(t, "exit 1", node),
			options: Options{Version: "newest", Compose: true},
			class:   exit.Usage, text: "malformed",
		},
		"no engine that answers": {
			engine:  &fakeEngine{script: `echo "Cannot connect to the Docker daemon" >&2; exit 1`},
			options: Options{},
			class:   exit.Environment, text: "Cannot connect to the Docker daemon",
		},
	} {
		t.Run(name, func(t *testing.T) {
			tc.options.Engine, tc.options.CacheDir = tc.engine, t.TempDir()
			got, err := Resolve(t.Context(), tc.options)
			if exit.Of(err) != tc.class || got != tc.want {
				t.Errorf("got %+v, %v (class %d); want %+v of class %d", got, err, exit.Of(err), tc.want, tc.class)
			}
			if err != nil && (!strings.Contains(err.Error(), tc.text) || strings.Contains(strings.TrimSpace(err.Error()), "\n")) {
				t.Errorf("error %q, want one line with %q", err, tc.text)
			}
		})
	}
}

func TestResolveTellsEveryAttempt(t *testing.T) {
	var out bytes.Buffer
	_, err := Resolve(t.Context(), Options{Engine: engineWith(t, "exit 1"), Version: "v1.36.1", Log: steps.New(&out), CacheDir: t.TempDir()})
	if err == nil {
		t.Fatal("an image was found where there is none")
	}
	if lines := strings.Split(strings.TrimSpace(out.String()), "\n"); len(lines) != 3 {
		t.Errorf("three attempts are told in %d lines:\n%s", len(lines), out.String())
	}
}

func TestKindsOwnImage(t *testing.T) {
	version := kindVersion()
	ref, ok := kindImage(version)
	if !ok || !strings.Contains(ref, version) {
		t.Fatalf("kind's own image for %s is %q, %v", version, ref, ok)
	}
	e := engineWith(t, "exit 1", withoutDigest(ref)+" "+version)
	got, err := Resolve(t.Context(), Options{Engine: e, Version: version, CacheDir: t.TempDir()})
	// The fake lists it by label too, but only images of ours count there.
	if err != nil || got.Source != SourceKind || got.Ref != ref {
		t.Errorf("got %+v, %v", got, err)
	}
}

// A build of Kubernetes takes ten minutes and more: what can do without one
// comes first.
func TestKindsOwnImageComesBeforeABuild(t *testing.T) {
	dir := t.TempDir()
	script := `#!/bin/sh
case "$1 $2" in
"env GOVERSION") echo go1.26.8 ;;
"mod download") echo "module k8s.io/kubernetes" >"` + dir + `/mod"; shift 3
	for m; do echo "{\"Path\":\"${m%@*}\",\"Version\":\"${m#*@}\",\"GoMod\":\"` + dir + `/mod\"}"; done ;;
*) : >"` + dir + `/built"; exit 1 ;;
esac
`
	// The machine need not have what composing needs.
	for name, text := range map[string]string{"go": script, "mmdebstrap": "#!/bin/sh\nexit 1\n", "pkg-config": "#!/bin/sh\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	version := kindVersion()
	o := Options{Engine: engineWith(t, "exit 1", withoutDigest(first(kindImage(version)))+" "+version), Version: version, Compose: true, CacheDir: t.TempDir()}
	got, err := Resolve(t.Context(), o)
	if err != nil || got.Source != SourceKind {
		t.Errorf("got %+v, %v", got, err)
	}
	o.Engine = engineWith(t, "exit 1")
	if _, err := Resolve(t.Context(), o); err == nil || !exists(filepath.Join(dir, "built")) {
		t.Errorf("without kind's own nothing was built: %v", err)
	}
}

func first(ref string, _ bool) string { return ref }

func TestSilentRegistry(t *testing.T) {
	o := Options{Engine: engineWith(t, `{ echo "Trying to pull x" >&2; exec sleep 60; }`), Log: steps.Discard(), PullLimit: 300 * time.Millisecond}
	start := time.Now()
	err := pull(t.Context(), o, "example.org/x:1")
	if err == nil || !strings.Contains(err.Error(), "did not answer within 300ms") && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestAnswered(t *testing.T) {
	for out, want := range map[string]bool{
		"": false, "\n": false, "Trying to pull docker.io/x...\n": false,
		"v1: Pulling from kindest/node\n": true, "Trying to pull docker.io/x...\nGetting image source signatures\n": true,
	} {
		if got := answered(out); got != want {
			t.Errorf("answered(%q) = %v", out, got)
		}
	}
}

func TestEnsureToolsNamesThePackages(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	err := ensureTools(t.Context(), Options{Log: steps.Discard()})
	if exit.Of(err) != exit.Environment || !strings.Contains(err.Error(), "mmdebstrap") || !strings.Contains(err.Error(), "apt-get install") {
		t.Errorf("error %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if err := ensureTools(t.Context(), Options{Log: steps.Discard()}); exit.Of(err) != exit.Environment || !strings.Contains(err.Error(), "go command") {
		t.Errorf("without go: error %v", err)
	}
}
