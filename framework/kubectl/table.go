package kubectl

import (
	"fmt"
	"slices"
	"strings"
)

// Table is what kubectl prints for people: a header and rows.
type Table struct {
	// Header holds the names of the columns, as printed.
	Header []string
	// Rows hold the cells, each row as long as Header.
	Rows [][]string
}

// Column gives the cells of the named column, or nil if there is none.
func (t Table) Column(name string) []string {
	i := slices.Index(t.Header, name)
	if i < 0 {
		return nil
	}
	cells := make([]string, 0, len(t.Rows))
	for _, row := range t.Rows {
		cells = append(cells, row[i])
	}
	return cells
}

// Row gives the first row whose NAME cell is name, by column; nil if there is none.
func (t Table) Row(name string) map[string]string {
	at := slices.Index(t.Header, "NAME")
	for _, row := range t.Rows {
		if at < 0 || row[at] != name {
			continue
		}
		cells := map[string]string{}
		for i, h := range t.Header {
			cells[h] = row[i]
		}
		return cells
	}
	return nil
}

// Table reads the last table on standard output, as "get", "top" and
// "rollout history" print it. A command that failed or printed no table gives
// an error that quotes what there was.
func (r Result) Table() (Table, error) {
	if r.Err != nil {
		return Table{}, r.Err
	}
	lines := r.Lines()
	head := -1
	for i, line := range lines {
		if isHeader(line) {
			head = i
		}
	}
	if head < 0 {
		return Table{}, fmt.Errorf("%s: printed no table: %q", r.CommandLine(), r.Stdout+r.Stderr)
	}
	names, starts := columns(lines[head])
	t := Table{Header: names}
	for _, line := range lines[head+1:] {
		t.Rows = append(t.Rows, cells(line, starts))
	}
	return t, nil
}

// isHeader tells a header from a row: its first word is in capitals ("NAME",
// "LAST"), which no object's name, number or age is.
func isHeader(line string) bool {
	word, _, _ := strings.Cut(line, " ")
	return word != "" && strings.Trim(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") == ""
}

// columns finds the columns of a header. Names are apart by two spaces or more;
// a single space is part of a name ("NODE SELECTOR").
func columns(header string) (names []string, starts []int) {
	runes := []rune(header)
	for i := 0; i < len(runes); {
		start := i
		for i < len(runes) && (runes[i] != ' ' || i+1 < len(runes) && runes[i+1] != ' ') {
			i++
		}
		names, starts = append(names, string(runes[start:i])), append(starts, start)
		for i < len(runes) && runes[i] == ' ' {
			i++
		}
	}
	return names, starts
}

// cells cuts a row where the columns start; an aligned cell may hold spaces.
func cells(line string, starts []int) []string {
	runes := []rune(line)
	out := make([]string, len(starts))
	for i, from := range starts {
		to := len(runes)
		if i+1 < len(starts) {
			to = min(starts[i+1], len(runes))
		}
		if from < to {
			out[i] = strings.TrimSpace(string(runes[from:to]))
		}
	}
	return out
}
