package ociwrap

import (
	"path/filepath"
	"strings"
)

const bundleConfig = "config.json"

// takesNone tells whether a global flag of runc takes no value (runc --help);
// every other one is followed by its value.
func takesNone(flag string) bool {
	switch flag {
	case "--debug", "--systemd-cgroup", "--version", "-v", "--help", "-h":
		return true
	default:
		return false
	}
}

// settingsFile names the file that holds the settings of the process which the
// command line is about to start: the bundle's config.json for create and run,
// the file given by --process for exec. It is empty for every other command.
func settingsFile(args []string) string {
	command, rest := splitCommand(args)
	switch command {
	case "create", "run":
		bundle := flagValue(rest, "--bundle", "-b")
		return filepath.Join(bundle, bundleConfig)
	case "exec":
		return flagValue(rest, "--process", "-p")
	default:
		return ""
	}
}

// splitCommand skips runc's global flags and gives the command with its own arguments.
func splitCommand(args []string) (string, []string) {
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case !strings.HasPrefix(a, "-"):
			return a, args[i+1:]
		case strings.Contains(a, "=") || takesNone(a):
		default:
			i++
		}
	}
	return "", nil
}

// flagValue gives the value of the first of the named flags, written as
// "--flag value" or "--flag=value"; empty where none is given.
func flagValue(args []string, names ...string) string {
	for i, a := range args {
		for _, name := range names {
			if a == name && i+1 < len(args) {
				return args[i+1]
			}
			if value, ok := strings.CutPrefix(a, name+"="); ok {
				return value
			}
		}
	}
	return ""
}
