package kind

import (
	"regexp"
	"strings"
)

// blame finds lines in which a program says why it gave up.
var blame = regexp.MustCompile(`(?i)^(error\b|fatal\b|docker: |\[error|failed\b)|error response from daemon|error execution phase|\[ERROR `)

// stack marks the beginning of the stack trace kubeadm prints below its reason.
var stack = regexp.MustCompile(`^(k8s\.io/|main\.|runtime\.|\t/|To see the stack trace)`)

// tellingLine picks the one line of a program's output that says why it
// failed: the last that looks like a reason, else the last at all.
func tellingLine(output string) string {
	var last, reason string
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) == "" || stack.MatchString(line) {
			continue
		}
		last = strings.TrimSpace(line)
		if blame.MatchString(last) {
			reason = last
		}
	}
	if reason == "" {
		reason = last
	}
	const most = 400
	if len(reason) > most {
		reason = reason[:most] + "…"
	}
	return reason
}
