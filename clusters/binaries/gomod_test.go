package binaries

import (
	"strings"
	"testing"

	"golang.org/x/mod/module"
)

func TestGenerateGoMod(t *testing.T) {
	for name, tc := range map[string]struct {
		origin module.Version
		in     string
		want   string
		err    string
	}{
		"kubernetes' staging modules get their published versions": {
			origin: module.Version{Path: "k8s.io/kubernetes", Version: "v1.37.2"},
			in: `module k8s.io/kubernetes
go 1.26.0
godebug default=go1.26
require (
	k8s.io/client-go v0.0.0
	k8s.io/api v0.0.0
)
replace (
	k8s.io/client-go => ./staging/src/k8s.io/client-go
	k8s.io/api => ./staging/src/k8s.io/api
)
`,
			want: `module dsconform.dev/build

go 1.26.0

godebug default=go1.26

require k8s.io/kubernetes v1.37.2
replace k8s.io/api => k8s.io/api v0.37.2
replace k8s.io/client-go => k8s.io/client-go v0.37.2
`,
		},
		"a folder in place of a real version is dropped": {
			origin: module.Version{Path: "go.etcd.io/etcd/server/v3", Version: "v3.7.0"},
			in: `module go.etcd.io/etcd/server/v3
go 1.26
require go.etcd.io/etcd/api/v3 v3.7.0
replace go.etcd.io/etcd/api/v3 => ../api
`,
			want: `module dsconform.dev/build

go 1.26

require go.etcd.io/etcd/server/v3 v3.7.0
`,
		},
		"a folder in place of what nobody requires is dropped": {
			origin: module.Version{Path: "go.etcd.io/etcd/server/v3", Version: "v3.6.8"},
			in: `module go.etcd.io/etcd/server/v3
go 1.24
replace go.etcd.io/etcd => ./FORBIDDEN_DEPENDENCY
`,
			want: `module dsconform.dev/build

go 1.24

require go.etcd.io/etcd/server/v3 v3.6.8
`,
		},
		"what only the main module may say is carried over": {
			origin: module.Version{Path: "example.org/x", Version: "v1.2.3"},
			in: `module example.org/x
go 1.25
require example.org/y v1.0.0
replace example.org/y v1.0.0 => example.org/z v1.1.0
exclude example.org/w v1.0.0
`,
			want: `module dsconform.dev/build

go 1.25

require example.org/x v1.2.3
exclude example.org/w v1.0.0
replace example.org/y v1.0.0 => example.org/z v1.1.0
`,
		},
		"a placeholder nobody publishes is an error": {
			origin: module.Version{Path: "example.org/x", Version: "v2.0.0"},
			in:     "module example.org/x\nrequire example.org/y v0.0.0\nreplace example.org/y => ./y\n",
			err:    "v2.0.0 is not v1.X.Y",
		},
		"a go.mod that cannot be read is an error": {
			origin: module.Version{Path: "example.org/x", Version: "v1.0.0"},
			in:     "modul",
			err:    "reading the go.mod of example.org/x@v1.0.0",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := generateGoMod(tc.origin, []byte(tc.in))
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Fatalf("error %v, want one with %q", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got != tc.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tc.want)
			}
		})
	}
}

func TestOwnGoMod(t *testing.T) {
	require := map[string]string{"example.org/b": "v1.0.0", "example.org/a": "v2.0.0"}
	want := "module dsconform.dev/build\n\ngo 1.26.0\n\nrequire example.org/a v2.0.0\nrequire example.org/b v1.0.0\n"
	if got := ownGoMod(require); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
