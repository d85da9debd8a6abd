package matrix

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/internal/nearest"
)

// Matrix is what the file holds.
type Matrix struct {
	// Rows are the runs, in their order.
	Rows []Row `json:"rows"`
}

// Row is one run.
type Row struct {
	// Name is the row's, and that of its folder; left empty, it is made of the versions.
	Name string `json:"name"`
	// Kubernetes is the version of the control plane, as v1.37.2.
	Kubernetes string `json:"kubernetes"`
	// Controller is the version of the kube-controller-manager whose DaemonSet
	// controller is judged, if it is not the control plane's own.
	Controller string `json:"controller"`
	// Subject is the program that is judged in its place, as --subject takes it.
	Subject string `json:"subject"`
	// Expect says what is known of the row: exactly the specs of all its entries fail.
	Expect []Expectation `json:"expect"`
}

// Fail gives the IDs of all specs that must fail.
func (r Row) Fail() []string {
	var ids []string
	for _, e := range r.Expect {
		ids = append(ids, e.Fail...)
	}
	return ids
}

// Expectation is one known gap, and all that shows it.
type Expectation struct {
	// Fail are the IDs of the specs that must fail.
	Fail []string `json:"fail"`
	// Why is the reason.
	Why string `json:"why"`
}

// Rules are what the file is held against.
type Rules struct {
	// Version gives a version in its one spelling, or says what is wrong with it.
	Version func(string) (string, error)
	// Subject says what is wrong with a row's subject.
	Subject func(string) error
	// Specs are the IDs of all specs.
	Specs []string
}

// ReadFile reads a matrix. It is strict: what is unknown or contradicts itself
// is an error of class Usage in one line that says what would be right.
func ReadFile(file string, rules Rules) (*Matrix, error) {
	raw, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, exit.Usagef("--matrix %s names a file that does not exist; clusters/matrix.yaml is the one that comes with dsconform", file)
	case err != nil:
		return nil, exit.Usagef("--matrix %s cannot be read: %w", file, err)
	}
	m, err := Parse(raw, rules)
	if err != nil {
		return nil, exit.Usagef("--matrix %s: %w", file, err)
	}
	return m, nil
}

// Parse is ReadFile for the content of a file.
func Parse(raw []byte, rules Rules) (*Matrix, error) {
	// To JSON strictly: a key that stands there twice is an error.
	asJSON, err := yaml.YAMLToJSONStrict(raw)
	if err != nil {
		return nil, oneLine(err)
	}
	var content any
	if err := json.Unmarshal(asJSON, &content); err != nil {
		return nil, oneLine(err)
	}
	if err := known(content); err != nil {
		return nil, err
	}
	m := &Matrix{}
	if err := json.Unmarshal(asJSON, m); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return nil, fmt.Errorf("%s is %s; it must be %s", wrong.Field, valueOf(wrong.Value), kindOf(wrong.Type.String()))
		}
		return nil, oneLine(err)
	}
	if len(m.Rows) == 0 {
		return nil, errors.New("it has no rows; give at least one, as rows: [{kubernetes: v1.37.2}]")
	}
	seen := map[string]bool{}
	for i := range m.Rows {
		row := &m.Rows[i]
		if err := row.complete(rules); err != nil {
			return nil, fmt.Errorf("row %d: %w", i+1, err)
		}
		if seen[row.Name] {
			return nil, fmt.Errorf("row %d: another row is called %s too; give one of them another name", i+1, row.Name)
		}
		seen[row.Name] = true
	}
	return m, nil
}

// complete checks a row and fills in its name.
func (r *Row) complete(rules Rules) error {
	var err error
	if r.Kubernetes == "" {
		return errors.New("it names no version of the control plane; give kubernetes: v1.37.2 or another")
	}
	if r.Kubernetes, err = rules.Version(r.Kubernetes); err != nil {
		return err
	}
	if r.Controller != "" {
		if r.Controller, err = rules.Version(r.Controller); err != nil {
			return err
		}
	}
	if r.Subject != "" {
		if r.Controller != "" {
			return fmt.Errorf("it has the controller %s and the subject %s, and only one of them can be judged; leave one out", r.Controller, r.Subject)
		}
		if err = rules.Subject(r.Subject); err != nil {
			return err
		}
	}
	if r.Name == "" {
		r.Name = r.defaultName()
	}
	if !validName().MatchString(r.Name) {
		return fmt.Errorf("the name %q cannot be that of a folder; use letters, digits, '.' and '-'", r.Name)
	}
	return r.checkExpected(rules.Specs)
}

func (r *Row) defaultName() string {
	switch {
	case r.Controller != "":
		return "controller-" + r.Controller
	case r.Subject != "":
		return path.Base(r.Subject)
	}
	return r.Kubernetes
}

func (r *Row) checkExpected(specs []string) error {
	var seen []string
	for _, e := range r.Expect {
		for _, id := range e.Fail {
			if !slices.Contains(specs, id) {
				return fmt.Errorf("expect.fail names %q, which is no spec; the nearest is %s (see `dsconform catalogue`)", id, nearest.Of(id, specs))
			}
			if slices.Contains(seen, id) {
				return fmt.Errorf("expect.fail names %s twice", id)
			}
			seen = append(seen, id)
		}
		switch {
		case len(e.Fail) > 0 && strings.TrimSpace(e.Why) == "":
			return errors.New("expect.fail needs a reason; give expect.why")
		case len(e.Fail) == 0:
			return errors.New("an entry of expect names no spec; give expect.fail, or leave the entry out")
		}
	}
	return nil
}

// validName returns what a row's name must match.
func validName() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]*$`) }
