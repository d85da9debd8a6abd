package framework

import (
	"strings"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/dsconform/dsconform/framework/subject"
)

// bareCluster has no ability at all.
type bareCluster struct{}

func (bareCluster) Name() string                      { return "bare" }
func (bareCluster) Provider() string                  { return "bare" }
func (bareCluster) KubeconfigPath() string            { return "" }
func (bareCluster) RESTConfig() (*rest.Config, error) { return &rest.Config{}, nil }
func (bareCluster) RealKubelets() bool                { return false }
func (bareCluster) Images() map[string]string         { return nil }

func TestUnfitComparesWithTheControllersVersion(t *testing.T) {
	t.Parallel()
	spec := Spec{ID: "DS-AAA-001", Versions: ">= 1.31.0-0"}
	for name, tc := range map[string]struct {
		settings Settings
		fits     bool
	}{
		"the cluster's own, new":    {Settings{KubernetesVersion: "v1.37.2"}, true},
		"the cluster's own, old":    {Settings{KubernetesVersion: "v1.30.14"}, false},
		"an old controller":         {Settings{KubernetesVersion: "v1.37.2", ControllerVersion: "v1.30.14"}, false},
		"a new controller":          {Settings{KubernetesVersion: "v1.30.14", ControllerVersion: "v1.37.2"}, true},
		"old, to be proven a gap":   {Settings{KubernetesVersion: "v1.37.2", ControllerVersion: "v1.30.14", Whatever: []string{"DS-AAA-001"}}, true},
		"old, another to be proven": {Settings{KubernetesVersion: "v1.30.14", Whatever: []string{"DS-BBB-001"}}, false},
	} {
		why, version := Unfit(spec, bareCluster{}, tc.settings)
		if (why == "") != tc.fits || version == tc.fits {
			t.Errorf("%s: %q, because of the version: %v", name, why, version)
		}
	}
}

func TestApplies(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		constraint, version string
		applies, bad        bool
	}{
		{"", "v1.37.2", true, false},
		{">= 1.31.0-0", "1.31", true, false},
		{">= 1.31.0-0", "v1.30.14", false, false},
		{">= 1.31.0-0", "v1.31.0-alpha.1", true, false},
		{"", "newest", false, true},
		{"newest", "v1.37.2", false, true},
	} {
		applies, err := Applies(tc.constraint, tc.version)
		if applies != tc.applies || (err != nil) != tc.bad {
			t.Errorf("Applies(%q, %q) = %v, %v", tc.constraint, tc.version, applies, err)
		}
	}
}

func TestUnfitAsksTheSubjectForItsAbilities(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		need    Ability
		subject subject.Handle
		says    string
	}{
		"a bare cluster":           {RestartController, subject.Handle{}, "provider bare"},
		"a program":                {RestartController, subject.Handle{Kind: subject.Command}, ""},
		"a program that is frozen": {PauseController, subject.Handle{Kind: subject.Command}, ""},
		"a Deployment":             {RestartController, subject.Handle{Kind: subject.Manifest}, ""},
		"a Deployment to freeze":   {PauseController, subject.Handle{Kind: subject.Manifest}, "a subject given as manifest"},
		"a program, faults":        {InjectFaults, subject.Handle{Kind: subject.Command, Faults: true}, ""},
		"a program, no faults":     {InjectFaults, subject.Handle{Kind: subject.Command}, "with --faults"},
		"own, no faults":           {InjectFaults, subject.Handle{}, "with --faults"},
		"nodes are the cluster's":  {AddNode, subject.Handle{Kind: subject.Command}, "provider bare"},
	} {
		why, version := Unfit(Spec{Needs: []Ability{tc.need}}, bareCluster{}, Settings{Subject: tc.subject})
		if version || (tc.says == "") != (why == "") || !strings.Contains(why, tc.says) {
			t.Errorf("%s: %q, want one with %q", name, why, tc.says)
		}
	}
}
