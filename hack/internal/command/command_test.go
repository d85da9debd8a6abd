package command

import (
	"bytes"
	"errors"
	"flag"
	"slices"
	"strings"
	"testing"

	"github.com/dsconform/dsconform/internal/exit"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args string
		says string
	}{
		{"--jobs 2", ""},
		{"--jobs two", "(--help lists the flags)"},
		{"--job 2", "(--help lists the flags)"},
		{"--jobs 2 more", `unexpected argument "more"`},
	} {
		flags := flag.NewFlagSet("program", flag.ContinueOnError)
		jobs := flags.Int("jobs", 1, "how many at once")
		err := ParseAll(flags, strings.Fields(c.args), &bytes.Buffer{})
		switch {
		case c.says == "" && (err != nil || *jobs != 2):
			t.Errorf("%s: got %d and %v, want 2 and no error", c.args, *jobs, err)
		case c.says != "" && (exit.Of(err) != exit.Usage || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n")):
			t.Errorf("%s: got %v, want one line of class Usage with %q", c.args, err, c.says)
		}
	}
}

func TestHelpListsTheFlags(t *testing.T) {
	t.Parallel()
	flags := flag.NewFlagSet("program", flag.ContinueOnError)
	flags.Int("jobs", 1, "how many at once")
	var out bytes.Buffer
	if err := Parse(flags, []string{"--help"}, &out); !errors.Is(err, flag.ErrHelp) || !strings.Contains(out.String(), "how many at once") {
		t.Errorf("got %v and %q, want flag.ErrHelp and the flags", err, out.String())
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	if got := Words(" a,b c,,d "); !slices.Equal(got, []string{"a", "b", "c", "d"}) {
		t.Errorf("got %q", got)
	}
}
