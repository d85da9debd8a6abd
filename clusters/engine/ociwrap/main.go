package ociwrap

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Main runs the wrapper with runc's command line, args[0] being the program's
// own name. It returns only when runc could not be started, with the exit code
// for the process; the reason stands on standard error and, as a line a
// containerd shim understands, in the file given by --log.
func Main(args []string) int {
	if err := run(args); err != nil {
		report(args, err)
		return 1
	}
	return 0
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("oci runtime wrapper: started without its own name")
	}
	runc, err := findRuntime()
	if err != nil {
		return err
	}
	if path := settingsFile(args[1:]); path != "" {
		host, err := thisHost()
		if err != nil {
			return fmt.Errorf("oci runtime wrapper: read what the host grants: %w", err)
		}
		if err := lowerFile(path, host); err != nil {
			return fmt.Errorf("oci runtime wrapper: lower %s to what the host grants: %w", path, err)
		}
	}
	argv := append([]string{runc}, args[1:]...)
	return fmt.Errorf("oci runtime wrapper: become %s: %w", runc, syscall.Exec(runc, argv, os.Environ()))
}

func findRuntime() (string, error) {
	for _, name := range []string{"runc", "/usr/sbin/runc", "/usr/bin/runc", "/usr/local/sbin/runc", "/usr/local/bin/runc"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("oci runtime wrapper: runc is neither in PATH (%s) nor in its usual places; install the package runc", os.Getenv("PATH"))
}

// lowerFile rewrites the bundle's config.json or the process file of an exec,
// and leaves it alone where nothing has to be lowered.
func lowerFile(path string, host Host) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	lower := LowerProcess
	if filepath.Base(path) == bundleConfig {
		lower = LowerBundle
	}
	fresh, changed, err := lower(old, host)
	if err != nil || !changed {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	// The file is replaced in one move: whoever reads it meanwhile sees the old or the new one, whole.
	tmp := path + ".lowered"
	if err := os.WriteFile(tmp, fresh, info.Mode().Perm()); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// report tells the caller why there is no runc. A shim reads the last line of
// the --log file whose level is error, and shows its msg to the user.
func report(args []string, err error) {
	line, marshalErr := json.Marshal(map[string]string{
		"level": "error", "msg": err.Error(), "time": time.Now().UTC().Format(time.RFC3339),
	})
	if path := flagValue(args, "--log"); path != "" && marshalErr == nil {
		f, openErr := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if openErr == nil {
			_, writeErr := f.Write(append(line, '\n'))
			err = errors.Join(err, writeErr, f.Close())
		}
	}
	_, _ = fmt.Fprintln(os.Stderr, strings.ReplaceAll(err.Error(), "\n", "; "))
}
