package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dsconform/dsconform/hack/internal/trial"
	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/reports"
)

// TestMain lets the test's own program be a busy loop, as the real one is.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == busyWord {
		burn(context.Background())
		return
	}
	os.Exit(m.Run())
}

// TestUpper: against figures that exact sums of the binomial distribution give.
func TestUpper(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		k, n int
		want float64
	}{{0, 10, 0.2589}, {0, 100, 0.02951}, {1, 10, 0.3942}, {1, 100, 0.04656}, {2, 20, 0.2826}, {5, 50, 0.1988}, {0, 0, 1}, {3, 3, 1}} {
		if got := upper(tc.k, tc.n); math.Abs(got-tc.want) > 0.0001 {
			t.Errorf("%d of %d: %.5f, want %.4f", tc.k, tc.n, got, tc.want)
		}
	}
	if got := upper(0, 23500) * 23500; math.Abs(got-2.9957) > 0.001 {
		t.Errorf("of many it is %.4f/n, want 3/n", got)
	}
}

type world struct {
	t   *testing.T
	dir string
	// runs are what the next runs give: the IDs of specs that are wrong, each with its state.
	runs   []map[string]reports.State
	trials []trial.Trial
	cancel func()
	// meet, where it is set, has each run wait for another one.
	meet chan struct{}
	mu   sync.Mutex
}

func newWorld(t *testing.T, runs ...map[string]reports.State) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), runs: runs}
	w.program("")
	return w
}

// program writes the fake dsconform; another comment makes another program of it.
func (w *world) program(comment string) {
	w.t.Helper()
	body := "#!/bin/sh\necho '[{\"id\":\"A\"},{\"id\":\"B\"},{\"id\":\"C\"}]'\n#" + comment
	if err := os.WriteFile(filepath.Join(w.dir, "dsconform"), []byte(body), 0o755); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) do(ctx context.Context, tr trial.Trial) (*reports.Report, error) {
	if w.meet != nil {
		select {
		case w.meet <- struct{}{}:
		case <-w.meet:
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trials = append(w.trials, tr)
	if len(w.runs) == 0 {
		w.cancel()
		return nil, ctx.Err()
	}
	wrong := w.runs[0]
	w.runs = w.runs[1:]
	if wrong["none"] != "" {
		return nil, errors.New("the disk\nis full")
	}
	var specs []reports.Spec
	for _, id := range []string{"A", "B", "C"} {
		s := reports.Spec{ID: id, State: reports.Passed}
		if state, ok := wrong[id]; ok {
			s.State, s.Reason = state, "because|of "+id
		}
		specs = append(specs, s)
	}
	specs = append(specs, reports.Spec{ID: "D", State: reports.Skipped, Reason: "r"})
	return reports.New(reports.Environment{KubernetesVersion: "v1.37.2"}, reports.Run{}, specs), nil
}

func (w *world) soak(args ...string) (shown, page string, err error) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	w.cancel = cancel
	var b bytes.Buffer
	o, err := parse(append([]string{
		"--dsconform=" + w.dir + "/dsconform", "--lines=" + w.dir + "/soak.jsonl", "--out=" + w.dir + "/soak.json",
		"--doc=" + w.dir + "/page.md", "--trials=" + w.dir + "/trials", "--load=1", "--budget=0.7", "--jobs=1", "--apart=0",
	}, args...), &b)
	if err != nil {
		return "", "", err
	}
	err = o.run(ctx, &b, w.do)
	raw, readErr := os.ReadFile(filepath.Join(w.dir, "page.md"))
	if readErr != nil && !errors.Is(readErr, os.ErrNotExist) {
		w.t.Fatal(readErr)
	}
	return b.String(), string(raw), err
}

func TestAllPassed(t *testing.T) {
	w := newWorld(t, nil, nil)
	shown, page, err := w.soak("--runs=2")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| Runs in which everything passed | 2 |", "| Verdicts | 6, of them 0 failed and 0 unknown |", "kept |", "always passed (3)", "at most 77.6 % of the runs"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %q:\n%s", want, page)
		}
	}
	if !strings.Contains(shown, "3 passed [2/2]") || w.trials[0].Seed == w.trials[1].Seed || !w.trials[0].Faults || w.trials[0].Subject != "release" {
		t.Errorf("%s\n%+v", shown, w.trials)
	}
	// Hardly any verdicts prove hardly anything.
	if _, _, err = w.soak("--runs=2", "--budget=0.3"); exit.Of(err) != exit.NotConformant || !strings.Contains(err.Error(), "too few runs to tell") {
		t.Errorf("%v", err)
	}
}

func TestTheGate(t *testing.T) {
	for says, wrong := range map[string]map[string]reports.State{
		"1 verdicts accuse":     {"B": reports.Failed},
		"verdicts may be wrong": {"A": reports.Unknown, "B": reports.Unknown},
		"1 runs have no report": {"none": reports.Unknown},
	} {
		w := newWorld(t, nil, wrong)
		_, page, err := w.soak("--runs=2")
		if exit.Of(err) != exit.NotConformant || !strings.Contains(err.Error(), says) || !strings.Contains(page, "exceeded: ") {
			t.Errorf("%s: class %d: %v\n%s", says, exit.Of(err), err, page)
		}
		if wrong["B"] == reports.Failed && !strings.Contains(page, `| B | 2 | 1 | 0 | 50 % | 97.5 % | because\|of B |`) {
			t.Errorf("the spec that failed is not told:\n%s", page)
		}
	}
	// One verdict that is unknown, of six, is within the budget that was given.
	if _, _, err := newWorld(t, nil, map[string]reports.State{"C": reports.Unknown}).soak("--runs=2"); err != nil {
		t.Error(err)
	}
}

// TestGoingOn: an interrupted soak goes on, a cut line is taken away, and another
// dsconform begins anew.
func TestGoingOn(t *testing.T) {
	w := newWorld(t, nil)
	if _, _, err := w.soak("--runs=3"); exit.Of(err) != exit.Environment || !strings.Contains(err.Error(), "1 of 3 runs") {
		t.Fatalf("class %d: %v", exit.Of(err), err)
	}
	lines := filepath.Join(w.dir, "soak.jsonl")
	f, err := os.OpenFile(lines, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = f.WriteString(`{"key":"cut sh`); err != nil {
		t.Fatal(err)
	}
	if err = f.Close(); err != nil {
		t.Fatal(err)
	}
	w.runs = []map[string]reports.State{nil, nil}
	shown, _, err := w.soak("--runs=3")
	if err != nil || !strings.Contains(shown, "1 runs of") || !strings.Contains(shown, "[3/3]") {
		t.Errorf("%v\n%s", err, shown)
	}
	w.program(" another")
	w.runs = []map[string]reports.State{nil}
	if shown, _, err = w.soak("--runs=1", "--budget=0.9"); err != nil || !strings.Contains(shown, "[1/1]") {
		t.Errorf("another dsconform: %v\n%s", err, shown)
	}
	w.runs = []map[string]reports.State{nil}
	if shown, _, err = w.soak("--runs=1", "--budget=0.9", "--fresh"); err != nil || strings.Contains(shown, "are counted") {
		t.Errorf("fresh: %v\n%s", err, shown)
	}
	if err = os.WriteFile(lines, []byte("nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err = w.soak(); exit.Of(err) != exit.Environment || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("class %d: %v", exit.Of(err), err)
	}
}

// TestABrokenMachine: runs without a report do not go on for hours.
func TestABrokenMachine(t *testing.T) {
	none := map[string]reports.State{"none": reports.Unknown}
	w := newWorld(t, none, none, none, none)
	_, _, err := w.soak()
	if exit.Of(err) != exit.Environment || !strings.Contains(err.Error(), "the disk is full") || len(w.trials) != errorsInARow {
		t.Errorf("%d trials, class %d: %v", len(w.trials), exit.Of(err), err)
	}
}

// TestJobs: two runs at once have clusters of their own.
func TestJobs(t *testing.T) {
	w := newWorld(t, nil, nil, nil, nil)
	w.meet = make(chan struct{})
	shown, page, err := w.soak("--runs=4", "--jobs=2")
	if err != nil || !strings.Contains(shown, "[4/4]") || !strings.Contains(page, "2 such runs at once") {
		t.Errorf("%v\n%s\n%s", err, shown, page)
	}
	names := map[string]bool{}
	for _, tr := range w.trials {
		names[tr.Name] = true
	}
	if len(names) != 2 {
		t.Errorf("the clusters are %v", names)
	}
	w.meet, w.runs = nil, []map[string]reports.State{nil}
	if _, page, err = w.soak("--runs=5"); err != nil || !strings.Contains(page, "1 to 2 such runs at once") {
		t.Errorf("%v\n%s", err, page)
	}
}

// TestApart: the first runs of the jobs begin one after another.
func TestApart(t *testing.T) {
	w := newWorld(t, nil, nil, nil)
	var begun []time.Duration
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		o := options{executable: w.dir + "/dsconform", lines: w.dir + "/soak.jsonl", file: w.dir + "/soak.json", doc: w.dir + "/page.md", trials: w.dir, runs: 3, jobs: 2, apart: time.Minute, budget: 0.7}
		err := o.run(t.Context(), io.Discard, func(ctx context.Context, tr trial.Trial) (*reports.Report, error) {
			w.mu.Lock()
			begun = append(begun, time.Since(start))
			w.mu.Unlock()
			<-time.After(90 * time.Second)
			return w.do(ctx, tr)
		})
		if err != nil {
			t.Error(err)
		}
	})
	if want := []time.Duration{0, time.Minute, 90 * time.Second}; !slices.Equal(begun, want) {
		t.Errorf("they began after %v, want %v", begun, want)
	}
}

func TestASample(t *testing.T) {
	w := newWorld(t, nil)
	_, page, err := w.soak("--runs=1", "--sample=2", "--budget=0.9")
	if err != nil || len(w.trials[0].Focus) != 2 || !strings.Contains(page, "each of 2 specs") {
		t.Errorf("%v, %v", err, w.trials[0].Focus)
	}
}

// TestBusy: the loops run, and are gone when they were stopped.
func TestBusy(t *testing.T) {
	stop, err := busy(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	count := func() int {
		n := 0
		paths, err := filepath.Glob("/proc/[0-9]*/cmdline")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if raw, err := os.ReadFile(path); err == nil && strings.Contains(string(raw), "\x00"+busyWord+"\x00") {
				n++
			}
		}
		return n
	}
	if n := count(); n < 2 {
		t.Errorf("%d busy loops run, want 2", n)
	}
	before := count()
	stop()
	if n := count(); n > before-2 {
		t.Errorf("%d busy loops are left of %d", n, before)
	}
}

func TestWrongUsage(t *testing.T) {
	w := newWorld(t)
	for arg, says := range map[string]string{
		"--runs=0": "1 or more", "--jobs=0": "1 or more", "--sample=-1": "0 or more", "--apart=-1s": "0 or more", "--budget=2": "between 0 and 1", "--nonsense": "nonsense", "more": `"more"`,
	} {
		if _, _, err := w.soak(arg); exit.Of(err) != exit.Usage || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: class %d: %v", arg, exit.Of(err), err)
		}
	}
}
