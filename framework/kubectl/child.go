package kubectl

import (
	"io"
	"os"
	"strconv"

	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/rest"
	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"
	cmdutil "k8s.io/kubectl/pkg/cmd/util"
)

// Word is the first argument by which an executable is told to be kubectl.
const Word = "kubectl"

// The environment by which a Runner speaks to its child.
const (
	leashEnv     = "DSCONFORM_KUBECTL_LEASH"
	userAgentEnv = "DSCONFORM_KUBECTL_USER_AGENT"
)

// IsChild tells whether the process, started with these arguments (os.Args), is
// to be kubectl. An executable that calls Self, and the TestMain of a test
// binary that does, asks it first and ends with Main's code.
func IsChild(args []string) bool { return len(args) > 1 && args[1] == Word }

// Main is kubectl: it runs the command line args, without the program's name,
// and gives the exit code. Like kubectl itself it may end the process instead
// of returning.
func Main(args []string) int {
	holdLeash()
	streams := genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}
	// The figures are kubectl's own, so that the API server sees the same pace.
	flags := genericclioptions.NewConfigFlags(true).
		WithDiscoveryBurst(300).WithDiscoveryQPS(50).
		WithWarningPrinter(streams).
		WithWrapConfigFn(nameUserAgent)
	// No plugin handler: what runs must not depend on what is installed.
	root := cmd.NewKubectlCommand(cmd.KubectlOptions{
		Arguments:   append([]string{Word}, args...),
		ConfigFlags: flags,
		IOStreams:   streams,
	})
	root.SetArgs(args)
	if err := cli.RunNoErrOutput(root); err != nil {
		cmdutil.CheckErr(err)
	}
	return 0
}

// nameUserAgent keeps the leading "kubectl" of the real one, for the API server
// derives the default field manager from it.
func nameUserAgent(c *rest.Config) *rest.Config {
	c.UserAgent = Word + "/" + Version()
	if who := os.Getenv(userAgentEnv); who != "" {
		c.UserAgent += " (" + who + ")"
	}
	return c
}

// holdLeash ends this process when the Runner's process is gone, so that a
// killed run leaves no "logs -f" behind: the kernel closes the other end.
func holdLeash() {
	fd, err := strconv.ParseUint(os.Getenv(leashEnv), 10, 16)
	if err != nil {
		return
	}
	leash := os.NewFile(uintptr(fd), "leash")
	go func() {
		// Nothing is ever written to it: the read ends when the writer is gone.
		_, err := io.Copy(io.Discard, leash)
		if err == nil {
			os.Exit(codeOrphaned)
		}
	}()
}

// codeOrphaned is the exit code of a child whose parent is gone; nobody reads it.
const codeOrphaned = 125
