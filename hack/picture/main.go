// Command picture turns what a terminal showed, read from standard input, into
// an SVG on standard output, for the README. It knows the colours dsconform
// uses, and what a live line does: a carriage return starts the line anew.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"html"
	"io"
	"os"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Sizes in pixels of one character cell, and the margin around the text.
const (
	cellWidth, cellHeight = 8, 18
	margin                = 16
)

// widest is where a line is cut, in characters.
const widest = 132

func main() {
	svg, err := draw(os.Stdin)
	if err == nil {
		_, err = os.Stdout.Write(svg)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "picture: %v\n", err)
		os.Exit(1)
	}
}

// draw reads the text and gives the picture.
func draw(r io.Reader) ([]byte, error) {
	var lines []string
	in := bufio.NewScanner(r)
	for in.Scan() {
		lines = append(lines, lastState(in.Text()))
	}
	if err := in.Err(); err != nil {
		return nil, fmt.Errorf("read the terminal's text: %w", err)
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("there is no text on standard input")
	}
	var out bytes.Buffer
	height := 2*margin + len(lines)*cellHeight
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="monospace" font-size="13">`+"\n", 2*margin+widest*cellWidth, height)
	fmt.Fprintf(&out, `<rect width="100%%" height="100%%" rx="8" fill="#16181d"/>`+"\n")
	for i, line := range lines {
		fmt.Fprintf(&out, `<text x="%d" y="%d" fill="#d6d9e0" xml:space="preserve">%s</text>`+"\n", margin, margin+(i+1)*cellHeight-5, spans(line))
	}
	out.WriteString("</svg>\n")
	return out.Bytes(), nil
}

// lastState is what is left of a line that was drawn several times.
func lastState(line string) string {
	line = strings.TrimRight(line, "\r")
	return line[strings.LastIndex(line, "\r")+1:]
}

// spans parts a line by its colours and cuts it at the right edge.
func spans(line string) string {
	escape := regexp.MustCompile("\x1b\\[([0-9;]*)([A-Za-z])")
	var out strings.Builder
	style, room := "", widest
	put := func(text string) {
		if n := utf8.RuneCountInString(text); n > room {
			text = string([]rune(text)[:max(room-1, 0)]) + "…"
		}
		room -= utf8.RuneCountInString(text)
		switch {
		case text == "" || room < 0:
		case style == "":
			out.WriteString(html.EscapeString(text))
		default:
			fmt.Fprintf(&out, `<tspan %s>%s</tspan>`, style, html.EscapeString(text))
		}
	}
	rest := line
	for {
		at := escape.FindStringSubmatchIndex(rest)
		if at == nil {
			put(rest)
			return out.String()
		}
		put(rest[:at[0]])
		if rest[at[4]:at[5]] == "m" {
			style = styleOf(rest[at[2]:at[3]])
		}
		rest = rest[at[1]:]
	}
}

// styleOf gives the SVG attributes of an SGR parameter.
func styleOf(sgr string) string {
	switch sgr {
	case "1":
		return `font-weight="bold" fill="#ffffff"`
	case "2":
		return `fill="#8a90a0"`
	case "31":
		return `fill="#ff6b68"`
	case "32":
		return `fill="#6cc36c"`
	case "33":
		return `fill="#e0b34f"`
	}
	return ""
}
