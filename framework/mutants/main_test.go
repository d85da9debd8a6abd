package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestCommandLine(t *testing.T) {
	t.Setenv("KUBECONFIG", "/nonexistent")
	for _, tc := range []struct {
		args   []string
		mutant string
		code   int
		out    string
		errs   string
	}{
		{args: []string{"--list"}, out: "ignores-node-selector"},
		{args: []string{"--list", "--json"}, out: `"id": "ignores-node-selector"`},
		{args: []string{"--json"}, code: exitUsage, errs: "--json goes with --list"},
		{args: []string{"x"}, code: exitUsage, errs: `unexpected argument "x"`},
		{code: exitUsage, errs: "--mutant=ID"},
		{args: []string{"--mutant=ignores-node-selecter"}, code: exitUsage, errs: `the nearest is "ignores-node-selector"`},
		{mutant: "ignores-node-selecter", code: exitUsage, errs: `the nearest is "ignores-node-selector"`},
		{mutant: "none", code: exitEnvironment, errs: "/nonexistent"},
	} {
		var out, errs bytes.Buffer
		code := run(t.Context(), tc.args, tc.mutant, &out, &errs)
		if code != tc.code || !strings.Contains(out.String(), tc.out) || !strings.Contains(errs.String(), tc.errs) {
			t.Errorf("%q with %q: exit code %d, want %d\n%s\n%s", tc.args, tc.mutant, code, tc.code, out.String(), errs.String())
		}
		if tc.code == exitUsage && strings.Count(strings.TrimSpace(errs.String()), "\n") > 0 {
			t.Errorf("%q: more than a line: %s", tc.args, errs.String())
		}
	}
}
