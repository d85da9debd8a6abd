package supervisor

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/dsconform/dsconform/internal/telling"
)

// tailBytes is how much of a log's end is looked at.
const tailBytes = 16 << 10

// tailLines is how many lines a Status holds.
const tailLines = 20

// tail gives the last lines of a file, fewer if there are fewer.
func tail(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the end of a log: %w", err)
	}
	defer f.Close()
	if _, err = f.Seek(-tailBytes, io.SeekEnd); err != nil {
		if _, err = f.Seek(0, io.SeekStart); err != nil {
			return nil, fmt.Errorf("reading the end of the log %s: %w", path, err)
		}
	}
	raw, err := io.ReadAll(f)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading the end of the log %s: %w", path, err)
	}
	text := strings.TrimRight(string(raw), "\n")
	if text == "" {
		return nil, nil
	}
	lines := strings.Split(text, "\n")
	if len(lines) > tailLines {
		lines = lines[len(lines)-tailLines:]
	}
	return lines, nil
}

// blame finds lines in which a program of Kubernetes, or etcd, says why it gave up.
var blame = regexp.MustCompile(`^[EF]\d{4} |"level":"(fatal|error|panic)"|(?i)^(error|fatal|panic)\b|(?i)level=(ERROR|FATAL)`)

// noise marks lines that follow a reason and do not tell it.
var noise = regexp.MustCompile(`^(goroutine |\s|Usage:|See |\[signal )|^$`)

// Telling picks the line of a log's end that says why the program ended: the
// last that looks like a reason, else the last that is not noise.
func Telling(lines []string) string { return telling.Line(slices.Values(lines), blame, noise) }
