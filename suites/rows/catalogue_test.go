package rows_test

import (
	"strings"
	"testing"

	"github.com/dsconform/dsconform/suites"
	"github.com/dsconform/dsconform/suites/rows"
)

// TestCatalogue is the check of the real catalogue against the real specs.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	c, err := rows.Load()
	if err != nil {
		t.Fatal(err)
	}
	specs := suites.All().Specs()
	if len(c.Rows) == 0 || len(specs) == 0 {
		t.Fatalf("%d rows are held against %d specs", len(c.Rows), len(specs))
	}
	if err := c.Check(specs); err != nil {
		t.Error(err)
	}
	all := 0
	for _, levels := range c.Coverage(specs) {
		for _, n := range levels {
			all += n.All
		}
	}
	if all != len(c.Rows) {
		t.Errorf("the coverage counts %d of %d rows", all, len(c.Rows))
	}
}

// TestSentencesAreOwn holds the rows' sentences apart from those of the specs
// and from each other: a copy says nothing new, and rots.
func TestSentencesAreOwn(t *testing.T) {
	t.Parallel()
	c, err := rows.Load()
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for _, s := range suites.All().Specs() {
		said[strings.ToLower(s.Behaviour)] = "the spec " + s.ID
	}
	for _, r := range c.Rows {
		sentence := strings.ToLower(r.Behaviour)
		if by := said[sentence]; by != "" {
			t.Errorf("%s says what %s says", r.ID, by)
		}
		said[sentence] = "the row " + r.ID
	}
}
