package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/dsconform/dsconform/internal/exit"
)

// WriteJSON writes the grid.
func (g *Grid) WriteJSON(w io.Writer) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(g); err != nil {
		return exit.Internalf("encode the matrix: %w", err)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return exit.Environmentf("write the matrix: %w", err)
	}
	return nil
}

// WriteText writes the grid for a reader: the totals of each row, the specs on
// which the rows differ, and what each row comes to.
func (g *Grid) WriteText(w io.Writer) error {
	var b bytes.Buffer
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ROW\tKUBERNETES\tCONTROLLER\tPASSED\tFAILED\tUNKNOWN\tSKIPPED\tEXIT")
	for _, r := range g.Rows {
		controller := r.Controller
		if controller == "" {
			controller = "its own"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\n", clean(r.Name), r.Kubernetes, controller, r.Passed, r.Failed, r.Unknown, r.Skipped, r.ExitCode)
	}
	_ = t.Flush() // a bytes.Buffer takes all that is written to it
	g.writeDifferences(&b)
	fmt.Fprintln(&b)
	for _, r := range g.Rows {
		fmt.Fprintf(&b, "%s: %s\n", clean(r.Name), clean(firstLine(r.Reason)))
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return exit.Environmentf("write the matrix: %w", err)
	}
	return nil
}

// writeDifferences gives one line a spec and one column a row.
func (g *Grid) writeDifferences(b *bytes.Buffer) {
	if len(g.Differences) == 0 {
		fmt.Fprintln(b, "\nThe rows agree on every spec.")
		return
	}
	fmt.Fprintln(b, "\nWHERE THE ROWS DIFFER")
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	head := []string{"SPEC"}
	for _, r := range g.Rows {
		head = append(head, clean(r.Name))
	}
	fmt.Fprintln(t, strings.Join(head, "\t"))
	for _, s := range g.Differences {
		cells := []string{s.ID}
		for _, r := range g.Rows {
			state := string(s.States[r.Name])
			if state == "" {
				state = "-"
			}
			cells = append(cells, state)
		}
		fmt.Fprintf(t, "%s\n", strings.Join(append(cells, clean(s.Name)), "\t"))
	}
	_ = t.Flush() // a bytes.Buffer takes all that is written to it
}
