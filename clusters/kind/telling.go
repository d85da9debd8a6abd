package kind

import (
	"regexp"
	"strings"

	"github.com/dsconform/dsconform/internal/telling"
)

// blame finds lines in which a program says why it gave up.
var blame = regexp.MustCompile(`(?i)^\s*(error\b|fatal\b|docker: |\[error|failed\b)|error response from daemon|error execution phase|\[ERROR `)

// stack marks the beginning of the stack trace kubeadm prints below its reason.
var stack = regexp.MustCompile(`^(k8s\.io/|main\.|runtime\.|\t/|To see the stack trace)`)

// tellingLine picks the one line of a program's output that says why it
// failed: the last that looks like a reason, else the last at all.
func tellingLine(output string) string { return telling.Line(strings.Lines(output), blame, stack) }
