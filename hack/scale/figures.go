package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// controllerUser is who the DaemonSet controller is to the API server.
const controllerUser = "system:serviceaccount:kube-system:daemon-set-controller"

// written is how often the controller wrote one kind of thing.
type written struct {
	what  string
	count int
}

// writesSince counts the controller's writes in the audit log, which the API
// server may have begun anew once.
func writesSince(path string, since time.Time) ([]written, error) {
	counts := map[string]int{}
	older, err := rotated(path)
	if err != nil {
		return nil, err
	}
	for _, file := range append(older, path) {
		if err := countWrites(file, since, counts); err != nil {
			return nil, err
		}
	}
	out := make([]written, 0, len(counts))
	for what, count := range counts {
		out = append(out, written{what, count})
	}
	slices.SortFunc(out, func(a, b written) int { return strings.Compare(a.what, b.what) })
	return out, nil
}

// rotated lists the older audit logs: audit-TIME.log beside audit.log.
func rotated(path string) ([]string, error) {
	dir := path[:strings.LastIndex(path, "/")]
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("looking for audit logs: %w", err)
	}
	var out []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "audit-") && strings.HasSuffix(e.Name(), ".log") {
			out = append(out, dir+"/"+e.Name())
		}
	}
	return out, nil
}

func countWrites(path string, since time.Time, counts map[string]int) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the audit log: %w", err)
	}
	defer f.Close()
	for r := bufio.NewReader(f); ; {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil // a line without an end is still being written
		}
		if err != nil {
			return fmt.Errorf("reading the audit log: %w", err)
		}
		var e struct {
			Verb      string
			User      struct{ Username string }
			ObjectRef struct{ Resource, Subresource string }
			Received  time.Time `json:"requestReceivedTimestamp"`
		}
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("reading the audit log: %w", err)
		}
		if e.User.Username != controllerUser || e.Received.Before(since) || !slices.Contains([]string{"create", "update", "patch", "delete"}, e.Verb) {
			continue
		}
		what := e.Verb + " " + e.ObjectRef.Resource
		if e.ObjectRef.Subresource != "" {
			what += "/" + e.ObjectRef.Subresource
		}
		counts[what]++
	}
}

// resident is the memory a process has in use, in MiB.
func resident(pid int) (int, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("reading the memory of process %d: %w", pid, err)
	}
	for line := range strings.Lines(string(raw)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.Atoi(strings.Fields(value)[0])
			if err != nil {
				return 0, fmt.Errorf("reading the memory of process %d: %w", pid, err)
			}
			return kib / 1024, nil
		}
	}
	return 0, fmt.Errorf("process %d tells no memory", pid)
}
