// Program crictl answers, on a node, the questions kind and people looking for
// the cause of something put to the container runtime: images, inspecti, ps and
// pods. It bears the name of the usual tool for that, which cannot be built from
// the Go module proxy, because kind calls it: without it kind loads images it
// already has, and its export of logs ends in an error.
//
// What may not live here: anything that changes what the runtime holds.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
)

const (
	// endpoint is where containerd listens on a node.
	endpoint = "unix:///run/containerd/containerd.sock"
	// limit bounds a question.
	limit = 30 * time.Second
)

// errUsage is the error of a command line that is not understood.
var errUsage = errors.New("usage: crictl images | inspecti [-o json] IMAGE... | ps [-a] | pods")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, limit)
	err := run(ctx, os.Args[1:], os.Stdout)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "crictl: %v\n", err)
		os.Exit(1)
	}
}

// run answers one command line.
func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errUsage
	}
	conn, err := grpc.NewClient(endpoint, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("connecting to containerd: %w", err)
	}
	defer func() { _ = conn.Close() }()
	images, containers := runtimeapi.NewImageServiceClient(conn), runtimeapi.NewRuntimeServiceClient(conn)

	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	all := flags.Bool("a", false, "containers that have ended too")
	output := flags.String("o", "json", "form of the answer")
	if err := flags.Parse(args[1:]); err != nil || *output != "json" {
		return errUsage
	}
	switch args[0] {
	case "images":
		return listImages(ctx, images, out)
	case "inspecti":
		return inspectImages(ctx, images, flags.Args(), out)
	case "ps":
		return listContainers(ctx, containers, *all, out)
	case "pods":
		return listPods(ctx, containers, out)
	}
	return errUsage
}
