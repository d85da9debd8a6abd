package rig

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/meta"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/flowcontrol"
	"k8s.io/kubernetes/pkg/controller/daemon"

	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// UserAgent is how the controller names itself to the API server.
const UserAgent = "dsconform-mutants"

// Run runs the controller until the context ends; inject puts a defect into a
// setup, and is called once for each instance, so that each has its own.
func Run(ctx context.Context, config *rest.Config, inject func(*Setup), log *slog.Logger) error {
	first, err := prepare(config, inject)
	if err != nil {
		return err
	}
	if err = utilfeature.DefaultMutableFeatureGate.SetFromMap(first.Options.Gates); err != nil {
		return fmt.Errorf("setting the feature gates: %w", err)
	}
	if !wait(ctx, first.Options.StartAfter) {
		return nil // it is told to end before it has begun
	}
	running, ctx := errgroup.WithContext(ctx)
	for i := range first.Options.Instances {
		s := first
		if i > 0 {
			if s, err = prepare(config, inject); err != nil {
				return err
			}
		}
		running.Go(func() error { return s.run(ctx, config) })
	}
	log.Info("the controller is started", "instances", first.Options.Instances, "off", first.Options.Off)
	return running.Wait()
}

// prepare makes a setup with its defect.
func prepare(config *rest.Config, inject func(*Setup)) (*Setup, error) {
	plain := rest.CopyConfig(config)
	plain.UserAgent, plain.QPS = UserAgent, -1
	client, err := kubernetes.NewForConfig(plain)
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	s := New(client)
	inject(s)
	return s, nil
}

// run starts one instance, and ends with the context.
func (s *Setup) run(ctx context.Context, config *rest.Config) error {
	s.Context = ctx
	c := wire.Config(config, s.Wire)
	c.UserAgent, c.QPS, c.Burst = UserAgent, s.Options.QPS, s.Options.Burst
	client, err := kubernetes.NewForConfig(c)
	if err != nil {
		return fmt.Errorf("making the controller's client: %w", err)
	}
	factory := informers.NewSharedInformerFactoryWithOptions(client, s.Options.Resync, informers.WithTransform(trim))
	apps, core := factory.Apps().V1(), factory.Core().V1()
	controller, err := daemon.NewDaemonSetsController(ctx, apps.DaemonSets(), apps.ControllerRevisions(), core.Pods(), core.Nodes(),
		client, flowcontrol.NewFakeBackOff(s.Options.Backoff, s.Options.MaxBackoff, s.Options.Clock))
	if err != nil {
		return fmt.Errorf("making the controller: %w", err)
	}
	inside := &Insides{controller: controller}
	for _, f := range s.insides {
		f(inside)
	}
	if inside.err != nil {
		return inside.err
	}
	factory.Start(ctx.Done())
	var running sync.WaitGroup
	if !s.Options.Off {
		running.Go(func() { controller.Run(ctx, s.Options.Workers) })
	}
	factory.WaitForCacheSync(ctx.Done())
	for _, act := range s.actors {
		running.Go(func() { act(ctx, s) })
	}
	running.Wait()
	<-ctx.Done()
	factory.Shutdown()
	return nil
}

// trim drops what the controller does not read, as kube-controller-manager does.
func trim(o any) (any, error) {
	if m, err := meta.Accessor(o); err == nil {
		m.SetManagedFields(nil)
	}
	return o, nil
}

// wait waits so long, and tells whether the context has not ended meanwhile.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}
