package kind

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	kindcluster "sigs.k8s.io/kind/pkg/cluster"

	"github.com/dsconform/dsconform/clusters"
)

// scrapPoll is how often scrap looks again for what is still being made.
const scrapPoll = 250 * time.Millisecond

// scrap removes every trace of the cluster: containers, volumes, network,
// kubeconfig, state. lib is the run of kind's library that may still be at
// work: its containers are taken away from it until it gives up. A container
// can also come up after that, by a call of the engine kind has forgotten or
// that an interrupt has cut off from us; scrap goes on until none can.
func (c *Cluster) scrap(ctx context.Context, lib *library) error {
	ticker := time.NewTicker(scrapPoll)
	defer ticker.Stop()
	for {
		quiet, err := c.sweep(ctx, lib)
		if err == nil && quiet {
			break
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("removing cluster %s: %w", c.name, errors.Join(err, context.Cause(ctx)))
		case <-ticker.C:
		}
	}
	errs := []error{c.dropNetwork(ctx), c.dropKubeconfig()}
	if err := os.RemoveAll(c.store.folder()); err != nil {
		errs = append(errs, fmt.Errorf("removing the state of cluster %s: %w", c.name, err))
	}
	return errors.Join(errs...)
}

// sweep removes the containers there are and tells whether none can come any more.
func (c *Cluster) sweep(ctx context.Context, lib *library) (quiet bool, err error) {
	over := lib.finished() // asked before the look: what was made until then is seen
	ms, err := c.containers.machines(ctx, c.name)
	if err != nil {
		return false, err
	}
	names := make([]string, 0, len(ms))
	for _, m := range ms {
		names = append(names, m.Name)
	}
	if len(names) > 0 {
		return false, c.containers.remove(ctx, names...)
	}
	if !over {
		return false, nil
	}
	if lib == nil {
		return true, nil
	}
	if runningFor(c.name) {
		return false, nil
	}
	return c.namesFree(ctx)
}

// runningFor tells whether a child of this process is a call of the engine that
// makes a container of the cluster.
func runningFor(cluster string) bool {
	mark := clusterLabel + "=" + cluster
	self := strconv.Itoa(os.Getpid())
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // none where there is no /proc
	for _, stat := range stats {
		raw, err := os.ReadFile(stat)
		if err != nil {
			continue // it has ended
		}
		// "PID (COMMAND) STATE PPID ...", the command free to hold spaces.
		_, rest, _ := strings.Cut(string(raw), ") ")
		fields := strings.Fields(rest)
		if len(fields) < 2 || fields[1] != self || fields[0] == "Z" {
			continue
		}
		cmdline, err := os.ReadFile(filepath.Join(filepath.Dir(stat), "cmdline"))
		if err == nil && strings.Contains(string(cmdline), "\x00"+mark+"\x00") {
			return true
		}
	}
	return false
}

// namesFree tells whether the engine would give out every name kind uses. A
// container whose making is under way is in no list yet (its volume is being
// filled), but its name is taken: an attempt to use it shows that.
func (c *Cluster) namesFree(ctx context.Context) (bool, error) {
	st, err := c.store.read()
	if err != nil {
		return false, err
	}
	for _, name := range c.plannedNames(st) {
		id, err := c.containers.output(ctx, "create", "--pull", "never", "--network", "none", "--name", name, st.Image, "true")
		var ce *commandError
		switch {
		case err == nil:
			if err = c.containers.remove(ctx, lastLine(id)); err != nil {
				return false, err
			}
		case errors.As(err, &ce) && strings.Contains(ce.output, "already in use"):
			return false, nil
		case ctx.Err() != nil:
			return false, err
		default:
			// No such image: nothing can have been made of it.
		}
	}
	return true, nil
}

// plannedNames are the names of the containers kind makes for the cluster.
func (c *Cluster) plannedNames(st state) []string {
	controlPlanes := max(st.ControlPlanes, 1)
	var names []string
	for i := range controlPlanes {
		names = append(names, clusters.NodeName(c.name, clusters.RoleControlPlane, i))
	}
	if controlPlanes > 1 {
		names = append(names, clusters.NodeName(c.name, "external-load-balancer", 0))
	}
	for i := range st.Workers {
		names = append(names, clusters.NodeName(c.name, clusters.RoleWorker, i))
	}
	return names
}

func lastLine(text string) string {
	return text[strings.LastIndex(text, "\n")+1:]
}

// networkPatience is how long another process's hold on the network is waited for.
const networkPatience = 200 * time.Millisecond

// dropNetwork removes the network kind clusters share, unless one is there or
// in the making. An engine that lacks it, or has it in use by somebody else's
// containers, is no error.
func (c *Cluster) dropNetwork(ctx context.Context) error {
	try, cancel := context.WithTimeout(ctx, networkPatience)
	defer cancel()
	unlock, err := c.store.lockNetwork(try, true)
	if err != nil {
		if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
			return nil // a cluster is in the making; the last to go removes it
		}
		return err
	}
	defer unlock()
	others, err := c.containers.clusters(ctx)
	if err != nil || len(others) > 0 {
		return err
	}
	err = c.containers.run(ctx, nil, nil, "network", "rm", network)
	var ce *commandError
	if errors.As(err, &ce) {
		said := strings.ToLower(ce.output)
		if strings.Contains(said, "not found") || strings.Contains(said, "no such network") || strings.Contains(said, "active endpoints") {
			return nil
		}
	}
	if err != nil {
		return fmt.Errorf("removing the network %s: %w", network, err)
	}
	return nil
}

// dropKubeconfig removes the kubeconfig, or, from a file that holds other
// clusters too, the cluster's entries.
func (c *Cluster) dropKubeconfig() error {
	path := c.kubeconfig
	if path == c.store.defaultKubeconfig() {
		return errors.Join(removeIfThere(path), removeIfThere(path+".lock"))
	}
	if _, err := os.Stat(path); err != nil {
		return nil //nolint:nilerr // nothing to remove
	}
	provider := kindcluster.NewProvider(providerOption(c.engine))
	if err := provider.Delete(c.name, path); err != nil {
		return fmt.Errorf("taking cluster %s out of the kubeconfig %s: %w", c.name, path, wordKindError(err))
	}
	left, err := clientcmd.LoadFromFile(path)
	if err != nil {
		return fmt.Errorf("reading the kubeconfig %s: %w", path, err)
	}
	if len(left.Clusters)+len(left.Contexts)+len(left.AuthInfos) == 0 {
		return removeIfThere(path)
	}
	return nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing %s: %w", path, err)
	}
	return nil
}
