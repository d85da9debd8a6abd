package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// mutation is one changed place, as gremlins lists it.
type mutation struct {
	// Type says what was changed, as CONDITIONALS_BOUNDARY.
	Type string `json:"type"`
	// Status is KILLED, LIVED, NOT COVERED, TIMED OUT, NOT VIABLE or SKIPPED.
	Status string `json:"status"`
	// Line and Column are where, from 1 on.
	Line   int `json:"line"`
	Column int `json:"column"`
}

// found is the file that gremlins writes for a package.
type found struct {
	Files []struct {
		Name      string     `json:"file_name"`
		Mutations []mutation `json:"mutations"`
	} `json:"files"`
	// Elapsed is in seconds.
	Elapsed float64 `json:"elapsed_time"`
}

// The states of a mutation that are told apart here.
const (
	killed     = "KILLED"
	lived      = "LIVED"
	notCovered = "NOT COVERED"
	timedOut   = "TIMED OUT"
	notViable  = "NOT VIABLE"
	skipped    = "SKIPPED"
	// notTried is ours: gremlins takes no condition of a case for covered, for Go's
	// coverage counts the clause's body alone, and so does not change it.
	notTried = "NOT TRIED"
)

// alive is a mutation that no test tells from the right program.
type alive struct {
	// Package and File say where, File relative to the package.
	Package, File string
	mutation
	// Text is the source line, without its indent.
	Text string
	// Reason is why it may live; empty where nobody has said.
	Reason string
}

func (a alive) String() string {
	return fmt.Sprintf("%s/%s:%d:%d %s (%s): %s", a.Package, a.File, a.Line, a.Column, a.Type, strings.ToLower(a.Status), a.Text)
}

// tally counts a package's mutations.
type tally struct {
	Package string
	Counts  map[string]int
	Seconds float64
	Alive   []alive
}

// score is the share of the mutations that tests tell from the right program: a
// test that hangs tells it, too.
func (t tally) score() string {
	told := t.Counts[killed] + t.Counts[timedOut]
	all := told + t.Counts[lived] + t.Counts[notCovered]
	if all == 0 {
		return "-"
	}
	return fmt.Sprintf("%d/%d = %.1f %%", told, all, 100*float64(told)/float64(all))
}

// read reads what gremlins found out about a package, whose sources are below root.
func read(root, pkg, file string) (tally, error) {
	out := tally{Package: pkg, Counts: map[string]int{}}
	raw, err := os.ReadFile(file)
	if err != nil {
		return out, fmt.Errorf("read what gremlins found out: %w", err)
	}
	var f found
	if err = json.Unmarshal(raw, &f); err != nil {
		return out, fmt.Errorf("decode %s: %w", file, err)
	}
	out.Seconds = f.Elapsed
	for _, source := range f.Files {
		// Some releases of gremlins name files from the module's root.
		name := strings.TrimPrefix(source.Name, pkg+"/")
		lines, err := linesOf(filepath.Join(root, pkg, name))
		if err != nil {
			return out, err
		}
		for _, m := range source.Mutations {
			switch m.Status {
			case killed, timedOut, notViable, skipped:
			case lived, notCovered:
				if m.Line < 1 || m.Line > len(lines) {
					return out, fmt.Errorf("%s has no line %d: gremlins looked at another version of it", name, m.Line)
				}
				text := lines[m.Line-1]
				if m.Status == notCovered && strings.HasPrefix(text, "case ") {
					m.Status = notTried
					break
				}
				out.Alive = append(out.Alive, alive{Package: pkg, File: name, mutation: m, Text: text})
			default:
				return out, fmt.Errorf("%s: nobody knows the status %q", file, m.Status)
			}
			out.Counts[m.Status]++
		}
	}
	slices.SortFunc(out.Alive, func(a, b alive) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, a.Column-b.Column, strings.Compare(a.Type, b.Type))
	})
	if len(f.Files) == 0 {
		return out, fmt.Errorf("%s: gremlins found nothing to change", file)
	}
	return out, nil
}

func linesOf(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the source: %w", err)
	}
	defer f.Close()
	var out []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		out = append(out, strings.TrimSpace(lines.Text()))
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the source %s: %w", path, err)
	}
	return out, nil
}
