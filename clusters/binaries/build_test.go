package binaries

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dsconform/dsconform/internal/exit"
)

// fakeGo stands in for the go command and the module proxy behind it. It knows
// one module in two versions, keeps count of its builds, and does with a build
// what $FAKE_BUILD says.
const fakeGo = `#!/bin/sh
case "$1 $2" in
"env GOVERSION") echo go1.26.8 ;;
"mod download")
	shift 3
	for m; do
		path=${m%@*} version=${m#*@}
		case "$version" in
		v1.36.3 | v1.37.2)
			echo "module $path" >"$FAKE_DIR/$version.mod"
			echo "{\"Path\":\"$path\",\"Version\":\"$version\",\"GoMod\":\"$FAKE_DIR/$version.mod\",\"Dir\":\"/src\",\"Sum\":\"h1:$version\"}" ;;
		*) echo "{\"Path\":\"$path\",\"Version\":\"$version\",\"Error\":\"403 Forbidden\"}"; failed=1 ;;
		esac
	done
	[ -z "${failed:-}" ] ;;
"list -m")
	[ -z "${FAKE_OFFLINE:-}" ] || { echo "dial tcp: no route to host" >&2; exit 1; }
	echo "$4 v1.36.3 v1.37.2" ;;
build*)
	echo build >>"$FAKE_DIR/builds"
	for a; do
		case "$a" in
		-o=*) out=${a#-o=} ;;
		-*) ;;
		*) packages="${packages:-} $a" ;;
		esac
	done
	case "${FAKE_BUILD:-}" in
	fail) printf 'go: downloading x v1\n# example.org/p\nmain.go:1: syntax error\n' >&2; exit 1 ;;
	hang) : >"$FAKE_DIR/hangs"; sleep 60 ;;
	esac
	shift
	case "$out" in
	*/) for p in $packages; do [ "$p" = build ] || echo "$p" >"$out${p##*/}"; done ;;
	*) echo "$packages" >"$out" ;;
	esac ;;
*) echo "fake go: $*" >&2; exit 2 ;;
esac
`

// fake puts the fake go command on the PATH and gives its folder.
func fake(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte(fakeGo), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	t.Setenv("FAKE_DIR", dir)
	return dir
}

func builder(t *testing.T, cache string) *Builder {
	t.Helper()
	b, err := New(Options{CacheDir: cache})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func builds(t *testing.T, dir string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "builds"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.Count(string(text), "build")
}

// entries lists what a build left in the cache beside its locks.
func entries(t *testing.T, cache string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(cache, "bin", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range found {
		if filepath.Base(f) != "locks" {
			out = append(out, filepath.Base(f))
		}
	}
	return out
}

func TestBuildOnceAndTogether(t *testing.T) {
	dir, cache := fake(t), t.TempDir()
	programs := Kubernetes("v1.37.2", "kubelet", "kubeadm")
	got, err := builder(t, cache).Build(t.Context(), programs...)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"kubelet", "kubeadm"} {
		text, rerr := os.ReadFile(got[name])
		if rerr != nil || string(text) != "k8s.io/kubernetes/cmd/"+name+"\n" {
			t.Errorf("%s: %q, %v", name, text, rerr)
		}
	}
	if n := builds(t, dir); n != 1 {
		t.Errorf("%d calls built two programs of one recipe, want 1", n)
	}
	// Another process, as it were: nothing is left to do.
	again, err := builder(t, cache).Build(t.Context(), programs...)
	if err != nil || again["kubelet"] != got["kubelet"] || builds(t, dir) != 1 {
		t.Errorf("the second build: %v, %v, %d calls", again, err, builds(t, dir))
	}
	// One more program of the same recipe builds only itself.
	if _, err := builder(t, cache).Build(t.Context(), Kubernetes("v1.37.2")[:3]...); err != nil || builds(t, dir) != 2 {
		t.Errorf("adding one program: %v, %d calls", err, builds(t, dir))
	}
	if left := entries(t, cache); len(left) != 3 {
		t.Errorf("the cache has %v, want three entries and no remains", left)
	}
}

func TestBuildOfAnotherName(t *testing.T) {
	fake(t)
	// The package's path ends in v3, not in the program's name.
	p := Program{Name: "etcd", Module: "go.etcd.io/etcd/server/v3", Version: "v1.37.2", Package: "go.etcd.io/etcd/server/v3"}
	got, err := builder(t, t.TempDir()).Build(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(got["etcd"]); err != nil {
		t.Error(err)
	}
}

func TestBuildersDoNotBuildTwice(t *testing.T) {
	dir, cache := fake(t), t.TempDir()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := builder(t, cache).Build(t.Context(), Kubernetes("v1.37.2", "kubelet")...); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := builds(t, dir); n != 1 {
		t.Errorf("four builders at once made %d builds, want 1", n)
	}
}

func TestFailedBuildSaysWhyAndLeavesNoEntry(t *testing.T) {
	fake(t)
	cache := t.TempDir()
	t.Setenv("FAKE_BUILD", "fail")
	_, err := builder(t, cache).Build(t.Context(), Kubernetes("v1.37.2", "kubelet")...)
	if exit.Of(err) != exit.Environment || !strings.Contains(err.Error(), "main.go:1: syntax error") || strings.Contains(err.Error(), "\n") {
		t.Fatalf("error %v", err)
	}
	// What is left is the log the error names, which the next build removes.
	_, path, ok := strings.Cut(err.Error(), "all of the output is in ")
	if text, rerr := os.ReadFile(path); !ok || rerr != nil || !strings.Contains(string(text), "go: downloading") {
		t.Errorf("the log: %q, %v", text, rerr)
	}
	t.Setenv("FAKE_BUILD", "")
	if _, err := builder(t, cache).Build(t.Context(), Kubernetes("v1.37.2", "kubelet")...); err != nil {
		t.Fatal(err)
	}
	if left := entries(t, cache); len(left) != 1 {
		t.Errorf("the cache has %v, want one entry", left)
	}
}

func TestCancelledBuildLeavesNothing(t *testing.T) {
	dir, cache := fake(t), t.TempDir()
	t.Setenv("FAKE_BUILD", "hang")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for range tick.C {
			if _, err := os.Stat(filepath.Join(dir, "hangs")); err == nil || ctx.Err() != nil {
				cancel()
				return
			}
		}
	}()
	start := time.Now()
	_, err := builder(t, cache).Build(ctx, Kubernetes("v1.37.2", "kubelet")...)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want cancellation", err)
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("it took %s: a child of the go command was waited for", took)
	}
	if left := entries(t, cache); len(left) != 0 {
		t.Errorf("the cache has %v, want nothing", left)
	}
}

func TestUnknownVersions(t *testing.T) {
	fake(t)
	b := builder(t, t.TempDir())
	err := b.CheckKubernetes(t.Context(), "v1.37.1")
	want := "Kubernetes v1.37.1 is not on the Go module proxy: the nearest known are v1.36.3 and v1.37.2"
	if exit.Of(err) != exit.Usage || err.Error() != want {
		t.Errorf("error %v, want %q of class Usage", err, want)
	}
	if _, err := b.Build(t.Context(), Etcd("v3.0.0")...); exit.Of(err) != exit.Environment {
		t.Errorf("a part of ours that is missing: error %v, want class Environment", err)
	}
	if err := b.CheckKubernetes(t.Context(), "v1.37.2"); err != nil {
		t.Error(err)
	}
	t.Setenv("FAKE_OFFLINE", "1")
	if err := b.CheckKubernetes(t.Context(), "v1.37.1"); exit.Of(err) != exit.Environment {
		t.Errorf("without the proxy: error %v, want class Environment: it may exist", err)
	}
	// What was fetched before needs no proxy.
	if err := b.CheckKubernetes(t.Context(), "v1.37.2"); err != nil {
		t.Errorf("without the proxy, but fetched before: %v", err)
	}
}

func TestFittingAsksTheProxyLast(t *testing.T) {
	fake(t)
	t.Setenv("FAKE_OFFLINE", "1")
	b := builder(t, t.TempDir())
	if got, err := b.Fitting(t.Context(), "example.org/x", "v1.36.3"); err != nil || got != "v1.36.3" {
		t.Errorf("a version that is there: %s, %v", got, err)
	}
	t.Setenv("FAKE_OFFLINE", "")
	if got, err := b.Fitting(t.Context(), "example.org/x", "v1.36.9"); err != nil || got != "v1.36.3" {
		t.Errorf("a version that is not: %s, %v; want v1.36.3", got, err)
	}
}

func TestNoGoCommand(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := builder(t, t.TempDir()).Build(t.Context(), Kubernetes("v1.37.2", "kubelet")...)
	if exit.Of(err) != exit.Environment || !strings.Contains(err.Error(), "go command is not installed") {
		t.Errorf("error %v", err)
	}
}

func TestTellingLine(t *testing.T) {
	for in, want := range map[string]string{
		"":                                  "",
		"go: downloading x v1\n":            "",
		"# example.org/p\nmain.go:1: bad\n": "main.go:1: bad",
		"go: downloading x v1\ngo: x: no space left on device\n": "go: x: no space left on device",
	} {
		if got := tellingLine(in); got != want {
			t.Errorf("tellingLine(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLockWaitsAndEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "locks", "x")
	unlock, err := Lock(t.Context(), path, func() { t.Error("the first holder waited") })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	waited := 0
	if _, err = Lock(ctx, path, func() { waited++; cancel() }); !errors.Is(err, context.Canceled) || waited != 1 {
		t.Errorf("a held lock: error %v, waited %d times", err, waited)
	}
	unlock()
	again, err := Lock(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	again()
}
