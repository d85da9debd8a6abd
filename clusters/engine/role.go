package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/dsconform/dsconform/clusters/engine/ociwrap"
	"github.com/dsconform/dsconform/clusters/engine/probe"
	"github.com/dsconform/dsconform/internal/exit"
)

const (
	// wrapperName is the name under which this program is an OCI runtime.
	wrapperName = "dsconform-oci-runtime"
	// askRole makes a program that plays roles say so, and do nothing else.
	askRole = "--dsconform-role"
	// roleEnv stands in the environment of a program asked for its roles. One
	// that plays none runs as what it is instead; it must then not ask in turn.
	roleEnv = "DSCONFORM_ROLE_ASKED"
	// roleLimit is what a program may take to answer. Cap: 30 s.
	roleLimit = 15 * time.Second
)

// MaybeRunWrapper plays the part that the program's name, args[0], asks for:
// OCI runtime or probe. ran is false for every other name; else main must exit
// with code at once. Every main that may start a private engine begins with
//
//	if code, ran := engine.MaybeRunWrapper(os.Args); ran {
//		os.Exit(code)
//	}
func MaybeRunWrapper(args []string) (code int, ran bool) {
	if len(args) == 0 {
		return 0, false
	}
	role := filepath.Base(args[0])
	switch {
	case role != wrapperName && role != probe.Name:
		return 0, false
	case len(args) == 2 && args[1] == askRole:
		_, _ = fmt.Fprintln(os.Stdout, role)
		return 0, true
	case role == wrapperName:
		return ociwrap.Main(args), true
	default:
		return probe.Main(args, os.Stdout, os.Stderr), true
	}
}

// actor gives the path of this program, once it has shown that it plays the role.
func actor(ctx context.Context, role string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", exit.Environmentf("find this program's own file: %w", err)
	}
	if os.Getenv(roleEnv) != "" {
		return "", exit.Internalf("%s does not call engine.MaybeRunWrapper first thing in its main", self)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, roleLimit, fmt.Errorf("no answer within %s", roleLimit))
	defer cancel()
	cmd := exec.CommandContext(ctx, self, askRole)
	cmd.Args[0] = role
	cmd.Env = append(os.Environ(), roleEnv+"=1")
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return "", exit.Environmentf("ask %s to run as %s: %w", self, role, context.Cause(ctx))
	}
	if err != nil || string(out) != role+"\n" {
		return "", exit.Internalf("%s does not run as %s: does its main begin with engine.MaybeRunWrapper? It said %.80q (%w)", self, role, out, orNone(err))
	}
	return self, nil
}

func orNone(err error) error {
	if err == nil {
		return errors.New("and ended well")
	}
	return err
}
