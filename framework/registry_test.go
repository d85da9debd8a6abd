package framework

import (
	"context"
	"strings"
	"testing"
)

func good(id string, area Area) Spec {
	return Spec{
		ID: id, Area: area, Title: "title of " + id, Behaviour: "It MUST hold.", Clauses: []string{"a clause"},
		Level: Core, Why: "because", Body: func(context.Context, *Env) {},
	}
}

func TestValidateReportsAllProblemsTogether(t *testing.T) {
	var r Registry
	r.Add(good("DS-PLC-001", Placement), good("DS-PLC-001", Placement), Spec{ID: "bad", Versions: "newer", Needs: []Ability{"fly", RestartController}})
	err := r.Validate()
	if err == nil {
		t.Fatal("Validate accepts a registry full of faults")
	}
	for _, want := range []string{
		"DS-PLC-001: the ID is used twice", "the title \"title of DS-PLC-001\" is used twice",
		"bad: the ID is not of the form", "bad: unknown area", "bad: unknown level", "bad: no title", "bad: no clause",
		"bad: the behaviour is no MUST or SHOULD", "bad: no reason", "bad: no body", "bad: unknown ability \"fly\"", "bad: needs restart-controller, which stops what all specs depend on, and is not serial", "bad: version constraint \"newer\"",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
}

func TestValidateAcceptsGoodSpecs(t *testing.T) {
	var r Registry
	r.Add(good("DS-PLC-002", Placement), good("DS-NOD-001", NodeLife))
	if err := r.Validate(); err != nil {
		t.Error(err)
	}
	if got := r.Specs(); got[0].ID != "DS-PLC-002" {
		t.Errorf("specs are not in the order of their areas: %s comes first", got[0].ID)
	}
}

func TestSelect(t *testing.T) {
	var r Registry
	smoke := good("DS-NOD-001", NodeLife)
	smoke.Smoke = true
	surge := good("DS-RUS-001", RollingUpdate)
	surge.Level = Extended
	surge.Covers = []string{"DS-RUS-002", "DS-PLC-001"}
	r.Add(good("DS-PLC-001", Placement), smoke, surge)
	for name, tc := range map[string]struct {
		sel  Selection
		want string
	}{
		"all":             {Selection{}, "DS-PLC-001 DS-NOD-001 DS-RUS-001"},
		"an ID":           {Selection{Focus: []string{"DS-NOD-001"}}, "DS-NOD-001"},
		"a covered ID":    {Selection{Focus: []string{"DS-RUS-002"}}, "DS-RUS-001"},
		"its own spec":    {Selection{Focus: []string{"DS-PLC-001"}}, "DS-PLC-001"},
		"an area":         {Selection{Focus: []string{"placement"}}, "DS-PLC-001"},
		"without a level": {Selection{Skip: []string{"extended"}}, "DS-PLC-001 DS-NOD-001"},
		"smoke":           {Selection{Smoke: true}, "DS-NOD-001"},
		"nothing left":    {Selection{Focus: []string{"placement"}, Smoke: true}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			specs, err := r.Select(tc.sel)
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, s := range specs {
				ids = append(ids, s.ID)
			}
			if got := strings.Join(ids, " "); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
	_, err := r.Select(Selection{Focus: []string{"DS-PLC-01"}})
	if err == nil || !strings.Contains(err.Error(), `nearest is "DS-PLC-001"`) {
		t.Errorf("an unknown ID gives %v, want an error that names the nearest one", err)
	}
	_, err = r.Select(Selection{Skip: []string{"DS-RUS-002"}})
	if want := "DS-RUS-002 is no spec of its own, but covered by DS-RUS-001: skip that"; err == nil || err.Error() != want {
		t.Errorf("to skip a covered ID gives %v, want %q", err, want)
	}
}
