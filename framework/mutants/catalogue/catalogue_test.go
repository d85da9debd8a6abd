package catalogue

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/kubernetes/fake"

	"github.com/dsconform/dsconform/framework/mutants/rig"
)

func TestEveryMutantIsComplete(t *testing.T) {
	t.Parallel()
	id, clause := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`), regexp.MustCompile(`^DS-[A-Z]{3}-[0-9]{3}$`)
	seen := map[string]bool{}
	for _, m := range All() {
		switch {
		case !id.MatchString(m.ID) || m.ID == "none":
			t.Errorf("%q is no ID", m.ID)
		case seen[m.ID]:
			t.Errorf("%s is declared twice", m.ID)
		}
		seen[m.ID] = true
		for what, text := range map[string]string{"Notice": m.Notice, "ModelledOn": m.ModelledOn} {
			if len(text) < 20 || !strings.HasSuffix(text, ".") {
				t.Errorf("%s: %s is no sentence: %q", m.ID, what, text)
			}
		}
		way, how, _ := strings.Cut(m.Injection, ": ")
		if !slices.Contains(Ways(), way) || how == "" {
			t.Errorf("%s: Injection is %q; it must be one of %v, a colon, and words", m.ID, m.Injection, Ways())
		}
		if (m.Proof == "") != (len(m.Clauses) > 0) {
			t.Errorf("%s must name the specs that it fails, or prove that none can", m.ID)
		}
		for i, c := range m.Clauses {
			if !clause.MatchString(c) || slices.Contains(m.Clauses[:i], c) {
				t.Errorf("%s: clause %q is no ID of a spec, or named twice", m.ID, c)
			}
		}
		if (m.Inject == nil) != (way == Environment && (len(m.Environment) > 0 || m.Admission != "")) {
			t.Errorf("%s must have either Inject, or an Environment or Admission, as its Injection says", m.ID)
		}
	}
}

// TestEveryMutantCanBeInjected puts each into a setup of its own: what it
// declares there must not be refused.
func TestEveryMutantCanBeInjected(t *testing.T) {
	t.Parallel()
	for _, m := range All() {
		if m.Inject != nil {
			m.Inject(rig.New(fake.NewClientset()))
		}
	}
}

func TestListAsJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	var got []map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != len(All()) || got[0]["id"] != All()[0].ID || got[0]["area"] != "placement" {
		t.Errorf("%d mutants, first %v", len(got), got[0])
	}
}

// TestAdmission: policies are told whole, as a manifest.
func TestAdmission(t *testing.T) {
	t.Parallel()
	var n int
	for _, m := range All() {
		if m.Admission == "" {
			continue
		}
		n++
		var got struct {
			Items []struct{ Kind string }
		}
		if err := json.Unmarshal([]byte(m.Admission), &got); err != nil || len(got.Items) != 2 || got.Items[0].Kind != "MutatingAdmissionPolicy" || got.Items[1].Kind != "MutatingAdmissionPolicyBinding" || !strings.Contains(m.Admission, Probe) {
			t.Errorf("%s: %v: %s", m.ID, err, m.Admission)
		}
	}
	if n == 0 {
		t.Error("no mutant has policies")
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	for _, m := range All() {
		if got := Nearest(m.ID + "x"); got != m.ID {
			t.Errorf("the nearest to %sx is %s", m.ID, got)
		}
	}
}
