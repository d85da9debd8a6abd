package binaries

import (
	"strings"
	"testing"
)

func TestKeysFollowEveryInput(t *testing.T) {
	base := recipe{Schema: 1, Go: "go1.26.8", OS: "linux", Arch: "amd64", GoMod: "m", Sum: "s", Tags: []string{"a"}, LDFlags: []string{"-X b=c"}}
	program := Program{Name: "p", Package: "example.org/p"}
	same := base
	same.Tags, same.LDFlags = []string{"a"}, []string{"-X b=c"}
	if base.key() != same.key() || base.programKey(program) != same.programKey(program) {
		t.Error("equal inputs have different keys")
	}
	seen := map[string]string{base.key(): "base"}
	for name, change := range map[string]func(*recipe){
		"schema":   func(r *recipe) { r.Schema++ },
		"go":       func(r *recipe) { r.Go = "go1.26.9" },
		"os":       func(r *recipe) { r.OS = "darwin" },
		"arch":     func(r *recipe) { r.Arch = "arm64" },
		"go.mod":   func(r *recipe) { r.GoMod = "n" },
		"sum":      func(r *recipe) { r.Sum = "t" },
		"source":   func(r *recipe) { r.Source = sourceDigest(map[string][]byte{"main.go": []byte("package main")}) },
		"tags":     func(r *recipe) { r.Tags = []string{"a", "b"} },
		"ldflags":  func(r *recipe) { r.LDFlags = nil },
		"cgo":      func(r *recipe) { r.Cgo = true },
		"compiler": func(r *recipe) { r.Compiler = "12.2.0" },
	} {
		r := base
		change(&r)
		if other, ok := seen[r.key()]; ok {
			t.Errorf("a change of %s has the key of %s", name, other)
		}
		seen[r.key()] = name
	}
	for name, p := range map[string]Program{
		"name":    {Name: "q", Package: "example.org/p"},
		"package": {Name: "p", Package: "example.org/q"},
	} {
		if base.programKey(p) == base.programKey(program) {
			t.Errorf("a change of the program's %s does not change its key", name)
		}
	}
}

func TestSourceDigest(t *testing.T) {
	if sourceDigest(nil) != "" {
		t.Error("no source has a digest")
	}
	a := sourceDigest(map[string][]byte{"a.go": []byte("1"), "b.go": []byte("2")})
	for range 20 { // maps are walked in a different order each time
		if sourceDigest(map[string][]byte{"b.go": []byte("2"), "a.go": []byte("1")}) != a {
			t.Fatal("the digest depends on the order of the files")
		}
	}
	if sourceDigest(map[string][]byte{"a.go": []byte("2"), "b.go": []byte("1")}) == a {
		t.Error("the digest does not tell which file has which content")
	}
}

func TestValidate(t *testing.T) {
	for name, tc := range map[string]struct {
		program Program
		err     string
	}{
		"module":          {Program{Name: "p", Module: "m", Version: "v1.0.0", Package: "m/p"}, ""},
		"own source":      {Program{Name: "p", Source: map[string][]byte{"main.go": nil}}, ""},
		"no name":         {Program{Module: "m", Version: "v1.0.0", Package: "m/p"}, "not a file name"},
		"name with slash": {Program{Name: "a/b", Module: "m", Version: "v1.0.0", Package: "m/p"}, "not a file name"},
		"in a module":     {Program{Name: "p", Module: "m", Version: "v1.0.0", Source: map[string][]byte{"main.go": nil}}, ""},
		"both":            {Program{Name: "p", Package: "m/p", Source: map[string][]byte{"main.go": nil}}, "both"},
		"in none":         {Program{Name: "p", Module: "m", Source: map[string][]byte{"main.go": nil}}, "version of its module"},
		"two modules":     {Program{Name: "p", Module: "m", Version: "v1.0.0", Require: map[string]string{"n": "v1.0.0"}, Source: map[string][]byte{"main.go": nil}}, "requires nothing"},
		"no version":      {Program{Name: "p", Module: "m", Package: "m/p"}, "needs module, version and package"},
	} {
		t.Run(name, func(t *testing.T) {
			err := tc.program.validate()
			if (err == nil) != (tc.err == "") || (err != nil && !strings.Contains(err.Error(), tc.err)) {
				t.Errorf("error %v, want %q", err, tc.err)
			}
		})
	}
}

// Every declared program must be buildable, and their names are file names in
// one folder of a node.
func TestDeclaredProgramsAreValid(t *testing.T) {
	names := map[string]bool{}
	for _, set := range [][]Program{
		Kubernetes(DefaultKubernetes), Containerd(), Runc(), CNI(), Etcd("v3.7.0"), CoreDNS("v1.14.6"),
		MetricsServer(), NodeExporter(), KWOK(),
	} {
		for _, p := range set {
			if err := p.validate(); err != nil {
				t.Error(err)
			}
			if names[p.Name] {
				t.Errorf("two programs are named %s", p.Name)
			}
			names[p.Name] = true
			if !strings.HasPrefix(p.Package, p.Module) {
				t.Errorf("%s: package %s is not in module %s", p.Name, p.Package, p.Module)
			}
		}
	}
}
