package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/dsconform/dsconform/internal/exit"
)

// suite is the program of Kubernetes' specs.
type suite struct {
	executable string
	selection  selection
}

// verdict is what became of one spec.
type verdict struct {
	// Name is the spec's, without its containers'.
	Name string
	// Full is its full name, as ginkgo prints it.
	Full string
	// State is ginkgo's.
	State types.SpecState
	// Message is the failure's, if it failed.
	Message string
	// Took is how long it took.
	Took time.Duration
}

// list gives the names of the specs without running them.
func (s suite) list(ctx context.Context, dir string) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the folder of the specs: %w", err)
	}
	verdicts, err := s.call(ctx, dir, "--ginkgo.dry-run", "--ginkgo.focus="+s.selection.Focus)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, v := range verdicts {
		out = append(out, v.Name)
	}
	return out, nil
}

// run judges the cluster by the specs that can be judged on simulated nodes.
func (s suite) run(ctx context.Context, kubeconfig, dir string, failFast bool) ([]verdict, error) {
	var names []string
	for _, name := range s.selection.judged() {
		names = append(names, regexp.QuoteMeta(name))
	}
	args := against(kubeconfig, dir, s.selection.Focus+".*("+strings.Join(names, "|")+")")
	if failFast {
		args = append(args, "--ginkgo.fail-fast")
	}
	return s.call(ctx, dir, args...)
}

// show runs all the specs against a cluster and prints what became of each.
func (s suite) show(ctx context.Context, kubeconfig, dir string, out io.Writer) error {
	verdicts, err := s.call(ctx, dir, against(kubeconfig, dir, s.selection.Focus)...)
	if err != nil {
		return exit.Environmentf("%w", err)
	}
	failed := 0
	for _, v := range verdicts {
		fmt.Fprintf(out, "   %-11s %5.1fs %s\n", v.State, v.Took.Seconds(), v.Full)
		if !isPass(v) {
			failed++
			fmt.Fprintf(out, "      %s\n", strings.ReplaceAll(v.Message, "\n", "\n      "))
		}
	}
	if failed > 0 {
		return exit.NotConformantf("%d of %d specs did not pass", failed, len(verdicts))
	}
	return nil
}

// against are the arguments by which the specs run against a cluster.
func against(kubeconfig, dir, focus string) []string {
	return []string{
		"--kubeconfig=" + kubeconfig, "--provider=skeleton", "--e2e-output-dir=" + dir, "--ginkgo.focus=" + focus, "--ginkgo.timeout=24h", "--ginkgo.v",
	}
}

// call runs the program and reads its report. That specs failed is no error.
func (s suite) call(ctx context.Context, dir string, args ...string) ([]verdict, error) {
	report := filepath.Join(dir, "ginkgo.json")
	args = append(args, "--ginkgo.json-report="+report, "--ginkgo.no-color")
	ended := await(child(ctx, filepath.Join(dir, "specs.log"), nil, s.executable, args...))
	raw, err := os.ReadFile(report)
	if err != nil {
		return nil, fmt.Errorf("the specs ended without a report (%w), see %s: %w", errors.Join(ended, context.Cause(ctx)), dir, err)
	}
	return readReport(raw)
}

// readReport gives the specs of a report of ginkgo's, those that were chosen. A
// step before or after all of them that failed is an error.
func readReport(raw []byte) ([]verdict, error) {
	var reports []types.Report
	if err := json.Unmarshal(raw, &reports); err != nil {
		return nil, fmt.Errorf("read the specs' report: %w", err)
	}
	var out []verdict
	for _, r := range reports {
		for _, s := range r.SpecReports {
			isSpec := s.LeafNodeType.Is(types.NodeTypeIt)
			if isSpec && s.State == types.SpecStateSkipped && s.Failure.IsZero() || !isSpec && !s.Failed() {
				continue
			}
			if !isSpec {
				return nil, fmt.Errorf("%s failed: %s", s.LeafNodeType, s.Failure.Message)
			}
			out = append(out, verdict{Name: s.LeafNodeText, Full: s.FullText(), State: s.State, Message: s.Failure.Message, Took: s.RunTime})
		}
	}
	return out, nil
}

// isKill tells whether the spec failed, and was not only stopped.
func isKill(v verdict) bool {
	return v.State.Is(types.SpecStateFailed | types.SpecStatePanicked | types.SpecStateTimedout)
}

// isPass tells whether the spec passed.
func isPass(v verdict) bool { return v.State.Is(types.SpecStatePassed) }
