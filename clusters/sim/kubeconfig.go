package sim

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/dsconform/dsconform/clusters/sim/controlplane"
)

// exportKubeconfig merges the cluster's own kubeconfig into another file.
func exportKubeconfig(own, path string) error {
	mine, err := clientcmd.LoadFromFile(own)
	if err != nil {
		return fmt.Errorf("reading the kubeconfig %s: %w", own, err)
	}
	all, err := clientcmd.LoadFromFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		all, err = clientcmdapi.NewConfig(), nil
	}
	if err != nil {
		return fmt.Errorf("reading the kubeconfig %s: %w", path, err)
	}
	maps.Copy(all.Clusters, mine.Clusters)
	maps.Copy(all.AuthInfos, mine.AuthInfos)
	maps.Copy(all.Contexts, mine.Contexts)
	all.CurrentContext = mine.CurrentContext
	if err := clientcmd.WriteToFile(*all, path); err != nil {
		return fmt.Errorf("writing the kubeconfig %s: %w", path, err)
	}
	return nil
}

// dropKubeconfig takes the cluster's entries out of a file that may hold others.
func dropKubeconfig(path, cluster string) error {
	all, err := clientcmd.LoadFromFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the kubeconfig %s: %w", path, err)
	}
	name := controlplane.ContextName(cluster)
	if c := all.Contexts[name]; c != nil {
		delete(all.AuthInfos, c.AuthInfo)
	}
	delete(all.Contexts, name)
	delete(all.Clusters, name)
	if all.CurrentContext == name {
		all.CurrentContext = ""
	}
	if len(all.Clusters)+len(all.Contexts)+len(all.AuthInfos) == 0 {
		err = os.Remove(path)
	} else {
		err = clientcmd.WriteToFile(*all, path)
	}
	if err != nil {
		return fmt.Errorf("taking cluster %s out of the kubeconfig %s: %w", cluster, path, err)
	}
	return nil
}
