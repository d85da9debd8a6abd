package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/clusters/sim"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/internal/exit"
)

// releaseEnv is the environment variable with the default of --release-url.
const releaseEnv = "DSCONFORM_RELEASE_URL"

// simFlags say, beside what they share with clusterFlags, which cluster of
// simulated nodes is wanted.
type simFlags struct {
	nodes       int
	binariesDir string
	releaseURL  string
	set         *pflag.FlagSet
}

func (f *simFlags) register(fs *pflag.FlagSet) {
	f.set = fs
	fs.IntVar(&f.nodes, "nodes", sim.DefaultWorkers, "how many simulated workers a cluster of simulated nodes has, beside its control-plane node")
	fs.StringVar(&f.binariesDir, "binaries-dir", "", "a folder with the programs of a control plane for simulated nodes (kube-apiserver, kube-controller-manager, kube-scheduler, and etcd and kwok if they are there) instead of building them")
	fs.StringVar(&f.releaseURL, "release-url", os.Getenv(releaseEnv), "where the official release files of Kubernetes lie, as https://HOST/PATH with VERSION/bin/OS/ARCH/PROGRAM below it; they are taken, checksums verified, instead of building them. The default is what the environment has as "+releaseEnv)
}

// check refuses what cannot be meant for a cluster of simulated nodes. That an
// engine may be started (--private-engine, which make passes) does no harm.
func (f *simFlags) check(shared *clusterFlags) error {
	if f.nodes < 1 {
		return exit.Usagef("--nodes is %d; it must be 1 or more", f.nodes)
	}
	for flag, instead := range map[string]string{"workers": "say --nodes", "control-planes": "there is one", "node-image": "there is none"} {
		if f.set.Changed(flag) {
			return exit.Usagef("--%s is for clusters of kind: for simulated nodes, %s", flag, instead)
		}
	}
	return f.options(shared, nil).Check()
}

// options are the flags as sim takes them.
func (f *simFlags) options(shared *clusterFlags, log *steps.Log) sim.Options {
	o := sim.Options{
		Name: shared.name, Workers: f.nodes, KubernetesVersion: shared.version, BinariesDir: f.binariesDir, ReleaseURL: f.releaseURL,
		Controllers: shared.controllers, Retain: shared.retain, KubeconfigPath: shared.kubeconfig, Log: log,
	}
	if shared.plain {
		o.Topology = []clusters.NodeSpec{}
	}
	return o
}

// get makes the cluster, or gives the one there is if --reuse allows it, and
// tells whether it was made just now. An attached one ends with this process.
func (f *simFlags) get(ctx context.Context, shared *clusterFlags, attached bool, log *steps.Log) (c *sim.Cluster, made bool, err error) {
	o := f.options(shared, log)
	o.Attached = attached
	if shared.reuse {
		infos, unreadable := sim.List(ctx, sim.Options{})
		if unreadable != nil {
			return nil, false, unreadable
		}
		for _, info := range infos {
			if info.Name == shared.name && info.Phase == "ready" {
				c, err = f.use(ctx, shared, info, log)
				return c, false, err
			}
		}
	}
	c, err = sim.Create(ctx, o)
	return c, true, err
}

// use opens a cluster there is and makes sure it is the one wanted and works.
func (f *simFlags) use(ctx context.Context, shared *clusterFlags, info sim.Info, log *steps.Log) (*sim.Cluster, error) {
	var not []string
	differs := func(flag, want, have string) {
		if f.set.Changed(flag) && want != have {
			not = append(not, "--"+flag+" "+want+" (it has "+or(have, "none")+")")
		}
	}
	differs("kubernetes-version", "v"+strings.TrimPrefix(shared.version, "v"), info.KubernetesVersion)
	differs("controllers", shared.controllers, info.Controllers)
	differs("nodes", fmt.Sprint(f.nodes), fmt.Sprint(info.Workers))
	if len(not) > 0 {
		return nil, exit.Environmentf("simulated cluster %q was not made with %s: remove it with `dsconform cluster delete --name %s`, or choose another --name", info.Name, strings.Join(not, ", "), info.Name)
	}
	c, err := sim.Open(ctx, info.Name, func(o *sim.Options) { o.Log = log })
	if err != nil {
		return nil, err
	}
	if err := log.Do(ctx, "cluster "+info.Name+" is healthy", 0, c.Healthy); err != nil {
		return nil, err
	}
	return c, nil
}
