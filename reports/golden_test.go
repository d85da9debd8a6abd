package reports

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// renderings are all the forms a report is written in.
func renderings(t *testing.T, r *Report) map[string][]byte {
	t.Helper()
	var json, junit, summary, colour bytes.Buffer
	for _, err := range []error{r.WriteJSON(&json), r.WriteJUnit(&junit), r.WriteSummary(&summary, false), r.WriteSummary(&colour, true)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return map[string][]byte{"json": json.Bytes(), "xml": junit.Bytes(), "txt": summary.Bytes(), "colour.txt": colour.Bytes()}
}

func TestGolden(t *testing.T) {
	for name, s := range samples() {
		for ext, got := range renderings(t, s.report()) {
			if ext == "colour.txt" && name != "fail" {
				continue
			}
			path := filepath.Join("testdata", name+"."+ext+".golden")
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s differs (go test ./reports -update writes it anew); got:\n%s", path, got)
			}
		}
	}
}

// Results come from parallel workers in any order; the bytes must not tell.
func TestOrderDoesNotShow(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for name, s := range samples() {
		want := renderings(t, s.report())
		for range 10 {
			random.Shuffle(len(s.specs), func(i, j int) { s.specs[i], s.specs[j] = s.specs[j], s.specs[i] })
			r := s.report()
			random.Shuffle(len(r.Environment.Nodes), func(i, j int) {
				r.Environment.Nodes[i], r.Environment.Nodes[j] = r.Environment.Nodes[j], r.Environment.Nodes[i]
			})
			for ext, got := range renderings(t, r) {
				if !bytes.Equal(got, want[ext]) {
					t.Fatalf("%s.%s: another order gives other bytes", name, ext)
				}
			}
		}
	}
}

func TestNormalised(t *testing.T) {
	for name, s := range samples() {
		a, b := s.report(), s.report()
		b.Run.ID, b.Run.Seed = "another", 7
		b.Run.Started, b.Run.Finished = b.Run.Started.AddDate(0, 1, 0), b.Run.Finished.AddDate(0, 2, 0)
		b.Run.Steps = b.Run.Steps[:1]
		for i := range b.Specs {
			b.Specs[i].DurationSeconds += 0.5
			for j := range b.Specs[i].Measures {
				b.Specs[i].Measures[j].Value = "1.1"
			}
		}
		if len(s.specs) > 0 && bytes.Equal(renderings(t, a)["json"], renderings(t, b)["json"]) {
			t.Errorf("%s: the two runs do not differ at all; the test proves nothing", name)
		}
		wants := renderings(t, a.Normalised())
		for ext, got := range renderings(t, b.Normalised()) {
			if !bytes.Equal(got, wants[ext]) {
				t.Errorf("%s.%s: two runs of equal outcome differ when normalised", name, ext)
			}
		}
		// What is not volatile must stay: a different outcome must show.
		if len(b.Specs) > 0 {
			b.Specs[0].Reason += " differently"
			if bytes.Equal(renderings(t, b.Normalised())["json"], wants["json"]) {
				t.Errorf("%s: another outcome looks the same when normalised", name)
			}
		}
	}
}
