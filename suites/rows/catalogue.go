package rows

import (
	"cmp"
	"embed"
	"fmt"
	"slices"

	"sigs.k8s.io/yaml"

	"github.com/dsconform/dsconform/framework"
)

//go:embed rows/*.yaml bugs.yaml claims.yaml excused.yaml additions.yaml
var files embed.FS

// Row is one behaviour that the suite is to cover.
type Row struct {
	// ID is stable, as DS-PLC-001: the ID of the spec that judges it, or one that such a spec covers.
	ID string `json:"id"`
	// Area is the area of the suite that the behaviour belongs to. It is the
	// file's, so that no row in it names it.
	Area framework.Area `json:"-"`
	// Level says how binding the behaviour is.
	Level framework.Level `json:"level"`
	// Behaviour is one sentence with MUST or SHOULD.
	Behaviour string `json:"behaviour"`
	// Source is where the behaviour is specified: documentation, API field, KEP or source.
	Source string `json:"source"`
	// Versions is a constraint on the Kubernetes version, as ">= 1.31.0-0"; empty for all.
	Versions string `json:"versions,omitempty"`
}

// Excuse says why a row has no spec.
type Excuse struct {
	// ID is the row's.
	ID string `json:"id"`
	// Because is environment, level or not-observable; see excused.yaml.
	Because string `json:"because"`
	// Reason says precisely what is in the way.
	Reason string `json:"reason"`
}

// Addition documents specs that are no rows.
type Addition struct {
	// IDs are the specs'.
	IDs []string `json:"ids"`
	// Why says what they add.
	Why string `json:"why"`
}

// Bug is a bug that Kubernetes has had, or has.
type Bug struct {
	// ID is R01 and so on.
	ID string `json:"id"`
	// Issue names where it is discussed, as kubernetes#123232; empty if nowhere.
	Issue string `json:"issue,omitempty"`
	// Versions says in words which releases have it; empty for all, or unknown.
	Versions string `json:"versions,omitempty"`
	// Bug is what a user sees.
	Bug string `json:"bug"`
	// State is what has become of it.
	State string `json:"state"`
	// Specs are the IDs of the specs that show it; if none can, None says why.
	Specs []string `json:"specs,omitempty"`
	None  string   `json:"none,omitempty"`
}

// Claim is something the guide says.
type Claim struct {
	// ID is G01 and so on.
	ID string `json:"id"`
	// Claim is what is said.
	Claim string `json:"claim"`
	// Verdict is true, false, obsolete or depends.
	Verdict string `json:"verdict"`
	// Truth is what holds instead, or when.
	Truth string `json:"truth"`
	// Specs are the IDs of the specs that prove the verdict.
	Specs []string `json:"specs"`
}

// Catalogue is all of it, in the order of areas and IDs.
type Catalogue struct {
	Rows      []Row
	Excused   []Excuse
	Additions []Addition
	Bugs      []Bug
	Claims    []Claim
}

// Load reads the embedded catalogue strictly. It judges nothing: see Check.
func Load() (*Catalogue, error) {
	c := &Catalogue{}
	for _, area := range framework.Areas() {
		var file struct {
			Area framework.Area `json:"area"`
			Rows []Row          `json:"rows"`
		}
		if err := read("rows/"+string(area)+".yaml", &file); err != nil {
			return nil, err
		}
		if file.Area != area {
			return nil, fmt.Errorf("rows/%s.yaml is of area %q", area, file.Area)
		}
		for _, r := range file.Rows {
			r.Area = area
			c.Rows = append(c.Rows, r)
		}
	}
	var rest struct {
		Excused   []Excuse   `json:"excused"`
		Additions []Addition `json:"additions"`
		Bugs      []Bug      `json:"bugs"`
		Claims    []Claim    `json:"claims"`
	}
	for _, name := range []string{"excused.yaml", "additions.yaml", "bugs.yaml", "claims.yaml"} {
		if err := read(name, &rest); err != nil {
			return nil, err
		}
	}
	c.Excused, c.Additions, c.Bugs, c.Claims = rest.Excused, rest.Additions, rest.Bugs, rest.Claims
	return c, nil
}

func read(name string, into any) error {
	raw, err := files.ReadFile(name)
	if err != nil {
		return fmt.Errorf("the catalogue lacks a file: %w", err)
	}
	if err := yaml.UnmarshalStrict(raw, into); err != nil {
		return fmt.Errorf("the catalogue's %s: %w", name, err)
	}
	return nil
}

// Row gives the row with the ID.
func (c *Catalogue) Row(id string) (Row, bool) {
	i := slices.IndexFunc(c.Rows, func(r Row) bool { return r.ID == id })
	if i < 0 {
		return Row{}, false
	}
	return c.Rows[i], true
}

// Excuse gives the excuse of the row with the ID.
func (c *Catalogue) Excuse(id string) (Excuse, bool) {
	i := slices.IndexFunc(c.Excused, func(x Excuse) bool { return x.ID == id })
	if i < 0 {
		return Excuse{}, false
	}
	return c.Excused[i], true
}

// Addition gives why there is a spec with the ID that is no row.
func (c *Catalogue) Addition(id string) (why string, ok bool) {
	i := slices.IndexFunc(c.Additions, func(a Addition) bool { return slices.Contains(a.IDs, id) })
	if i < 0 {
		return "", false
	}
	return c.Additions[i].Why, true
}

// BugsOf gives the bugs that one of the specs shows.
func (c *Catalogue) BugsOf(specs ...string) []Bug {
	var out []Bug
	for _, b := range c.Bugs {
		if slices.ContainsFunc(b.Specs, func(id string) bool { return slices.Contains(specs, id) }) {
			out = append(out, b)
		}
	}
	return out
}

// Covering gives for each ID that the specs judge, their own and those they
// cover, the IDs of the specs, the one whose own it is first.
func Covering(specs []framework.Spec) map[string][]string {
	out := map[string][]string{}
	for _, s := range specs {
		for _, id := range append([]string{s.ID}, s.Covers...) {
			out[id] = append(out[id], s.ID)
		}
	}
	for id, by := range out {
		slices.SortStableFunc(by, func(a, b string) int {
			switch {
			case a == b:
				return 0
			case a == id:
				return -1
			case b == id:
				return 1
			}
			return cmp.Compare(a, b)
		})
		out[id] = slices.Compact(by)
	}
	return out
}
