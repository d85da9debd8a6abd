package main

import (
	"context"
	"strings"

	"github.com/spf13/pflag"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/clusters/binaries"
	"github.com/dsconform/dsconform/clusters/engine"
	"github.com/dsconform/dsconform/clusters/kind"
	"github.com/dsconform/dsconform/clusters/nodeimage"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/internal/exit"
)

// clusterFlags say which kind cluster is wanted and how it may be got.
type clusterFlags struct {
	name            string
	controlPlanes   int
	workers         int
	plain           bool
	version         string
	nodeImage       string
	privateEngine   bool
	installPackages bool
	pull            bool
	retain          bool
	reuse           bool
	controllers     string
	// kubeconfig is where the kubeconfig is written; commands that have a flag
	// for it set it.
	kubeconfig string
	// onPrivate tells that the engine found is a private one, which may have been
	// started for this and is to be stopped when nothing runs on it any more.
	onPrivate bool
	set       *pflag.FlagSet
}

// register adds the flags that every command which makes a cluster has.
func (f *clusterFlags) register(fs *pflag.FlagSet) {
	f.set = fs
	registerName(fs, &f.name)
	registerEngine(fs, &f.privateEngine)
	fs.IntVar(&f.controlPlanes, "control-planes", 1, "how many control-plane nodes (more than one needs kind's load balancer image)")
	fs.IntVar(&f.workers, "workers", 3, "how many worker nodes")
	fs.BoolVar(&f.plain, "plain", false, "give the workers no labels and taints; by default they get those the specs and examples ask for")
	fs.StringVar(&f.version, "kubernetes-version", "", "the Kubernetes version, as "+binaries.DefaultKubernetes+" (default "+binaries.DefaultKubernetes+", or that of --node-image)")
	fs.StringVar(&f.nodeImage, "node-image", "", "a kind node image to use instead of finding, pulling or composing one")
	fs.BoolVar(&f.installPackages, "install-packages", false, "allow Debian packages needed for composing a node image to be installed (implied by --private-engine)")
	fs.BoolVar(&f.pull, "pull", true, "allow images to be pulled from a registry")
	fs.BoolVar(&f.retain, "retain", false, "keep a cluster whose making failed, for a look at it")
	fs.BoolVar(&f.reuse, "reuse", false, "use the cluster of that name if dsconform made one before")
	fs.StringVar(&f.controllers, "controllers", "", "run kube-controller-manager with these --controllers once the cluster is up, as *,-daemonset-controller")
}

func registerName(fs *pflag.FlagSet, name *string) {
	fs.StringVar(name, "name", kind.DefaultName, "the cluster's name")
}

func registerEngine(fs *pflag.FlagSet, private *bool) {
	fs.BoolVar(private, "private-engine", false, "allow a container engine of dsconform's own, if the system has none that will do (root on Debian or Ubuntu; installs docker.io if it is missing)")
}

// find gives the engine that clusters are made on. A private one is started if
// need be, which onPrivate tells from then on.
func (f *clusterFlags) find(ctx context.Context, log *steps.Log) (*engine.Engine, error) {
	e, err := engine.Find(ctx, engine.Options{Private: f.privateEngine, System: true, Log: log})
	if err == nil && e.Private() {
		f.onPrivate = true
	}
	return e, err
}

// stopEngine stops the private engine that was found, unless another cluster
// runs on it. It does so once: an engine that is there a moment later is another
// process's, which may be about to make its cluster.
func (f *clusterFlags) stopEngine(ctx context.Context, log *steps.Log) error {
	if !f.onPrivate {
		return nil
	}
	f.onPrivate = false
	e, err := engine.Open(ctx, "")
	if err != nil {
		return nil //nolint:nilerr // No private engine runs: there is nothing to stop.
	}
	left, err := kind.List(ctx, kind.Options{Engine: e})
	if err != nil || len(left) > 0 {
		return err
	}
	return log.Do(ctx, "stopping the private engine", 0, e.Stop)
}

// get makes the cluster, or gives the one there is if --reuse allows it, and
// tells whether it was made just now.
func (f *clusterFlags) get(ctx context.Context, log *steps.Log) (c *kind.Cluster, made bool, err error) {
	if err = f.check(); err != nil {
		return nil, false, err
	}
	e, err := f.find(ctx, log)
	if err != nil {
		return nil, false, err
	}
	have, err := f.existing(ctx, e, log)
	if err != nil || have != nil {
		return have, false, err
	}
	image, err := nodeimage.Resolve(ctx, nodeimage.Options{
		Engine: e, Image: f.nodeImage, Version: f.version, Log: log,
		Compose: true, InstallPackages: f.installPackages || f.privateEngine, Pull: f.pull,
	})
	if err != nil {
		return nil, false, err
	}
	o := f.options(e, log)
	o.NodeImage, o.KubernetesVersion = image.Ref, image.Version
	if f.nodeImage != "" && f.version != "" && f.version != image.Version {
		return nil, false, exit.Usagef("--node-image %s holds Kubernetes %s, not --kubernetes-version %s: leave one of the two away", f.nodeImage, image.Version, f.version)
	}
	c, err = kind.Create(ctx, o)
	return c, true, err
}

// check refuses flags that cannot work before anything is done.
func (f *clusterFlags) check() error {
	if f.workers < 0 {
		return exit.Usagef("--workers is %d; it must be 0 or more", f.workers)
	}
	if f.controlPlanes < 1 {
		return exit.Usagef("--control-planes is %d; it must be 1 or more", f.controlPlanes)
	}
	if f.version != "" {
		v, err := binaries.NormalizeKubernetes(f.version)
		if err != nil {
			return err
		}
		f.version = v
	}
	return f.options(nil, nil).Check()
}

// options are the flags as kind takes them, without an image.
func (f *clusterFlags) options(e *engine.Engine, log *steps.Log) kind.Options {
	o := kind.Options{
		Name: f.name, ControlPlanes: f.controlPlanes, Workers: f.workers,
		Retain: f.retain, Controllers: f.controllers, KubeconfigPath: f.kubeconfig, Log: log,
	}
	if e != nil { // a nil *engine.Engine would be an Engine that is not nil
		o.Engine = e
	}
	if f.workers == 0 {
		o.Workers = kind.NoWorkers
	}
	if f.plain {
		o.Topology = []clusters.NodeSpec{}
	}
	return o
}

// existing gives the cluster of that name if there is one and --reuse allows
// it; what was asked for expressly it must be.
func (f *clusterFlags) existing(ctx context.Context, e *engine.Engine, log *steps.Log) (*kind.Cluster, error) {
	infos, err := kind.List(ctx, kind.Options{Engine: e})
	if err != nil {
		return nil, err
	}
	for _, info := range infos {
		if info.Name != f.name || (info.Ours && info.Phase == "creating") {
			continue // one that was cut short is cleared away by Create
		}
		if !f.reuse {
			return nil, taken(info)
		}
		return f.use(ctx, e, info, log)
	}
	return nil, nil
}

func taken(info kind.Info) error {
	if !info.Ours {
		return exit.Environmentf("a kind cluster named %q that dsconform did not make is there already: choose another --name", info.Name)
	}
	return exit.Environmentf("cluster %q is there already, made %s: pass --reuse to use it, choose another --name, or remove it with `dsconform cluster delete --name %s`", info.Name, info.Created.Format("2006-01-02 15:04"), info.Name)
}

// use opens a cluster there is and makes sure it is the one wanted and works.
func (f *clusterFlags) use(ctx context.Context, e *engine.Engine, info kind.Info, log *steps.Log) (*kind.Cluster, error) {
	c, err := kind.Open(ctx, e, info.Name, func(o *kind.Options) { o.Log = log })
	if err != nil {
		return nil, err
	}
	var not []string
	differs := func(flag, want, have string) {
		if f.set != nil && f.set.Changed(flag) && want != have {
			not = append(not, "--"+flag+" "+want+" (it has "+or(have, "none")+")")
		}
	}
	differs("kubernetes-version", f.version, info.KubernetesVersion)
	differs("node-image", f.nodeImage, info.Image)
	differs("controllers", f.controllers, info.Controllers)
	if len(not) > 0 {
		return nil, exit.Environmentf("cluster %q was not made with %s: remove it with `dsconform cluster delete --name %s`, or choose another --name", info.Name, strings.Join(not, ", "), info.Name)
	}
	if err := log.Do(ctx, "cluster "+info.Name+" is healthy", 0, c.Healthy); err != nil {
		return nil, err
	}
	return c, nil
}

func or(first, second string) string {
	if first != "" {
		return first
	}
	return second
}
