package histories

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dsconform/dsconform/internal/exit"
)

// ReportVersion is the version of the report's form.
const ReportVersion = 1

// Subject is the controller that was judged.
type Subject struct {
	Kind     string `json:"kind"`
	Name     string `json:"name"`
	Version  string `json:"version,omitempty"`
	Identity string `json:"identity,omitempty"`
	// Restarts is how often it ended unasked and was started again.
	Restarts int `json:"restarts,omitempty"`
}

// Report is what a campaign came to, for readers and for programs.
type Report struct {
	ReportVersion int `json:"reportVersion"`
	// Suite is the version of dsconform, Kubernetes that of the API server.
	Suite      string  `json:"suite"`
	Kubernetes string  `json:"kubernetes"`
	Subject    Subject `json:"subject"`
	// Seed drew the sequences; zero for a sequence that was replayed.
	Seed     int64     `json:"seed,omitempty"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	// Lanes is how many sequences were played at once.
	Lanes int `json:"lanes"`
	// Planned is how many sequences were to be played; the rest is what became of them.
	Planned int `json:"planned"`
	Passed  int `json:"passed"`
	Failed  int `json:"failed"`
	Unknown int `json:"unknown"`
	NotRun  int `json:"notRun"`
	// Edits counts the edits of the sequences that passed, by what they do.
	Edits map[Do]int `json:"edits"`
	// Deviations counts the known deviations of released Kubernetes that were met.
	Deviations int `json:"deviations"`
	// Outcomes are those of the sequences that did not pass, or met a deviation.
	Outcomes []Outcome `json:"outcomes,omitempty"`
	// Minimal is the smallest sequence that was found to fail alike; Tried is how
	// many were played for it, and Least tells that no smaller one is left to try.
	Minimal *Outcome `json:"minimal,omitempty"`
	Tried   int      `json:"tried,omitempty"`
	Least   bool     `json:"least,omitempty"`
}

// Fill enters what became of a campaign of so many sequences.
func (r *Report) Fill(planned int, result Result) {
	r.ReportVersion, r.Planned, r.Edits = ReportVersion, planned, map[Do]int{}
	for _, o := range result.Outcomes {
		switch o.Verdict {
		case Passed:
			r.Passed++
			for _, e := range o.Sequence.Edits {
				r.Edits[e.Do]++
			}
		case Failed:
			r.Failed++
		case Unknown:
			r.Unknown++
		case Stopped:
		}
		r.Deviations += len(o.Deviations)
		if o.Verdict == Failed || o.Verdict == Unknown || len(o.Deviations) > 0 {
			r.Outcomes = append(r.Outcomes, o)
		}
	}
	r.NotRun = planned - r.Passed - r.Failed - r.Unknown
	r.Minimal, r.Tried, r.Least = result.Minimal, result.Tried, result.Least
}

// Err is the verdict: nil if every sequence passed. That none was played, or not
// all were, is no pass.
func (r *Report) Err() error {
	switch {
	case r.Failed > 0:
		return exit.NotConformantf("not conformant: %d of %d histories failed", r.Failed, r.Planned)
	case r.Unknown > 0:
		return exit.Environmentf("no verdict: %d of %d histories could not be judged", r.Unknown, r.Planned)
	case r.NotRun > 0 || r.Planned == 0:
		return exit.Environmentf("no verdict: %d of %d histories were not played", r.NotRun, r.Planned)
	}
	return nil
}

// WriteJSON writes the report for programs.
func (r *Report) WriteJSON(w io.Writer) error {
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the report: %w", err)
	}
	_, err = w.Write(append(raw, '\n'))
	return err
}

// WriteText writes the report for readers.
func (r *Report) WriteText(w io.Writer) error {
	var b bytes.Buffer
	for _, o := range r.Outcomes {
		b.WriteString(o.Text())
	}
	if r.Minimal != nil {
		b.WriteString(r.minimal())
	}
	fmt.Fprintf(&b, "histories: %d of %d passed, %d failed, %d unknown, %d not played; seed %d, %d at a time, %s\n",
		r.Passed, r.Planned, r.Failed, r.Unknown, r.NotRun, r.Seed, r.Lanes, r.Finished.Sub(r.Started).Round(time.Second))
	fmt.Fprintf(&b, "  subject    %s\n", r.Subject)
	if words := r.edits(); words != "" {
		fmt.Fprintf(&b, "  edits      %s\n", words)
	}
	if r.Deviations > 0 {
		fmt.Fprintf(&b, "  deviations %d, known of released Kubernetes\n", r.Deviations)
	}
	verdict := "conformant: every history ended where a fresh DaemonSet does"
	if err := r.Err(); err != nil {
		verdict = err.Error()
	}
	fmt.Fprintf(&b, "  verdict    %s\n", verdict)
	_, err := w.Write(b.Bytes())
	return err
}

// String names the subject in one line.
func (s Subject) String() string {
	words := []string{s.Kind, s.Name, s.Version, s.Identity}
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " ")
}

func (r *Report) edits() string {
	var words []string
	for _, d := range slices.Sorted(maps.Keys(r.Edits)) {
		words = append(words, fmt.Sprintf("%s %d", d, r.Edits[d]))
	}
	return strings.Join(words, ", ")
}

// minimal says what the search for a smaller sequence came to.
func (r *Report) minimal() string {
	var b strings.Builder
	least := "no smaller one fails"
	if !r.Least {
		least = "the time ran out before all smaller ones were tried"
	}
	fmt.Fprintf(&b, "MINIMAL history, of %d edits (%d others were tried; %s)\n", len(r.Minimal.Sequence.Edits), r.Tried, least)
	if r.Minimal.Verdict != Failed {
		fmt.Fprintf(&b, "  played once more it %s: what fails hangs on the moment, so play it several times\n", r.Minimal.Verdict)
	}
	b.WriteString(r.Minimal.body())
	return b.String()
}

// Text explains an outcome to a reader.
func (o Outcome) Text() string {
	head := strings.ToUpper(string(o.Verdict))
	if o.Verdict == Passed {
		head = "DEVIATION"
	}
	return fmt.Sprintf("%s history, %s\n%s", head, o.Sequence.Name, o.body())
}

func (o Outcome) body() string {
	var b strings.Builder
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, "  %-9s %s\n", name, strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n            "))
		}
	}
	if f := o.Failure; f != nil {
		line("expected", f.Expected)
		line("seen", f.Seen)
		line("when", o.At)
		line("cause", f.Cause)
		line("evidence", strings.Join(f.Evidence, "\n"))
		line("look at", strings.Join(f.Look, "\n"))
		line("bundle", f.Bundle)
	}
	line("deviation", strings.Join(o.Deviations, "\n"))
	line("edits", strings.Join(o.Notes, "\n"))
	raw, err := o.Sequence.YAML()
	if err != nil {
		raw = []byte(err.Error())
	}
	line("sequence", "save it as a file, and play it by dsconform histories --replay FILE")
	line("", "")
	for l := range strings.Lines(string(raw)) {
		b.WriteString("    " + l)
	}
	return b.String()
}
