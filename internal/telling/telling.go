// Package telling finds, in what a program has printed, the one line that says
// why it gave up.
//
// What may not live here: what any one program's lines look like; its callers know.
package telling

import (
	"iter"
	"regexp"
	"strings"
)

// most is how many bytes of a line are told.
const most = 400

// Line gives the last line that looks like a reason, else the last that is no
// noise, without the space around it and cut to 400 bytes. It is empty if there
// is nothing but noise.
func Line(lines iter.Seq[string], reason, noise *regexp.Regexp) string {
	last, told := "", ""
	for line := range lines {
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) == "" || noise.MatchString(line) {
			continue
		}
		last = strings.TrimSpace(line)
		if reason.MatchString(line) {
			told = last
		}
	}
	if told == "" {
		told = last
	}
	if len(told) > most {
		told = told[:most] + "…"
	}
	return told
}
