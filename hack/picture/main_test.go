package main

import (
	"strings"
	"testing"
)

func TestDraw(t *testing.T) {
	t.Parallel()
	svg, err := draw(strings.NewReader("-- working\rok \x1b[32mdone\x1b[0m <1s>\r\n" + strings.Repeat("x", 2*widest) + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`>ok <tspan fill="#6cc36c">done</tspan> &lt;1s&gt;</text>`, strings.Repeat("x", widest-1) + "…</text>"} {
		if !strings.Contains(string(svg), want) {
			t.Errorf("the picture lacks %q:\n%s", want, svg)
		}
	}
	if strings.Contains(string(svg), "working") {
		t.Error("the line's earlier state is drawn as well")
	}
	if _, err := draw(strings.NewReader("")); err == nil {
		t.Error("a picture of nothing is no error")
	}
}
