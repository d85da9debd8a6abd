package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/go-logr/logr"
	"k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

func main() {
	ctrl.SetLogger(logr.FromSlogHandler(slog.NewTextHandler(os.Stderr, nil)))
	if err := run(ctrl.SetupSignalHandler()); err != nil {
		slog.Error("the controller ended", "error", err)
		os.Exit(1)
	}
}

// run reconciles until ctx ends. The cluster is that of KUBECONFIG.
func run(ctx context.Context) error {
	config, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("find the cluster: %w", err)
	}
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:  scheme.Scheme,
		Metrics: server.Options{BindAddress: "0"}, // nobody scrapes it
	})
	if err != nil {
		return fmt.Errorf("make the manager: %w", err)
	}
	if err := (&reconciler{Client: manager.GetClient()}).register(manager); err != nil {
		return fmt.Errorf("register the controller: %w", err)
	}
	return manager.Start(ctx)
}
