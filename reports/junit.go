package reports

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/dsconform/dsconform/internal/exit"
)

// The JUnit elements that continuous integration systems read. There is no
// standard; these are the parts all of them agree on.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Time       string          `xml:"time,attr"`
		Timestamp  string          `xml:"timestamp,attr,omitempty"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
		seconds    float64
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name      string        `xml:"name,attr"`
		Classname string        `xml:"classname,attr"`
		Time      string        `xml:"time,attr"`
		Failure   *junitOutcome `xml:"failure"`
		Error     *junitOutcome `xml:"error"`
		Skipped   *junitOutcome `xml:"skipped"`
	}
	junitOutcome struct {
		Type    string `xml:"type,attr,omitempty"`
		Message string `xml:"message,attr"`
		Text    string `xml:",cdata"`
	}
)

// WriteJUnit writes the report as JUnit XML, one suite an area. A failed spec
// is a <failure>, an unknown one an <error>. A provisional spec that did not
// pass is <skipped>, for it binds nobody.
//
// The file holds a <failure> or an <error> if and only if the exit code is not
// 0: where the specs alone hold none (none was run, say), the verdict itself
// stands in it as an error, for most readers take an empty file for a pass.
func (r *Report) WriteJUnit(w io.Writer) error {
	out := r.canonical().junit()
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return exit.Environmentf("write the JUnit report: %w", err)
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(out); err != nil {
		return exit.Environmentf("write the JUnit report: %w", err)
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return exit.Environmentf("write the JUnit report: %w", err)
	}
	return nil
}

// junit expects r to be canonical.
func (r *Report) junit() junitSuites {
	all := junitSuites{Name: "dsconform"}
	total := 0.0
	add := func(s junitSuite) {
		s.Time = seconds(s.seconds)
		all.Suites = append(all.Suites, s)
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
		all.Skipped += s.Skipped
		total += s.seconds
	}
	for _, area := range r.areas() {
		add(r.junitArea(area))
	}
	if codeOf(r.Summary.Verdict) != exit.Conformant && all.Failures+all.Errors == 0 {
		add(junitSuite{
			Name: "run", Tests: 1, Errors: 1, Properties: r.properties(),
			Cases: []junitCase{{
				Name: "verdict", Classname: "dsconform.run", Time: seconds(0),
				Error: &junitOutcome{Type: string(r.Summary.Verdict), Message: r.Summary.Reason},
			}},
		})
	}
	all.Time = seconds(total)
	return all
}

func (r *Report) junitArea(area string) junitSuite {
	suite := junitSuite{Name: area, Properties: r.properties()}
	if !r.Run.Started.IsZero() {
		suite.Timestamp = r.Run.Started.UTC().Format("2006-01-02T15:04:05")
	}
	for _, s := range r.Specs {
		if s.Area != area {
			continue
		}
		c := junitCase{Name: s.ID + " " + s.Name, Classname: "dsconform." + area, Time: seconds(s.DurationSeconds)}
		outcome := &junitOutcome{Message: firstLine(s.Reason), Text: explanation(s)}
		switch {
		case s.State == Passed:
		case s.State == Skipped:
			outcome.Text = ""
			c.Skipped, suite.Skipped = outcome, suite.Skipped+1
		case s.SuiteFault:
			outcome.Type = string(SuiteFault)
			c.Error, suite.Errors = outcome, suite.Errors+1
		case s.Provisional:
			outcome.Message = fmt.Sprintf("provisional, binds nobody yet: %s: %s", s.State, outcome.Message)
			c.Skipped, suite.Skipped = outcome, suite.Skipped+1
		case s.State == Failed:
			outcome.Type = string(NotConformant)
			c.Failure, suite.Failures = outcome, suite.Failures+1
		default:
			outcome.Type = string(s.State)
			c.Error, suite.Errors = outcome, suite.Errors+1
		}
		suite.Tests++
		suite.seconds += s.DurationSeconds
		suite.Cases = append(suite.Cases, c)
	}
	return suite
}

func (r *Report) properties() []junitProperty {
	return []junitProperty{
		{"provider", r.Environment.Provider},
		{"kubernetesVersion", r.Environment.KubernetesVersion},
		{"subject", r.Environment.Subject.text()},
		{"suiteVersion", r.Environment.Suite.Version},
		{"run", r.Run.ID},
		{"verdict", string(r.Summary.Verdict)},
	}
}

func (s Subject) text() string {
	return strings.Join(strings.Fields(s.Kind+" "+s.Name+" "+s.Version+" "+s.Identity), " ")
}

func seconds(s float64) string { return fmt.Sprintf("%.3f", s) }

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
