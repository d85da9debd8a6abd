package existing

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/internal/exit"
)

// ProviderName is the name of this provider on the command line.
const ProviderName = "existing"

// answerWithin is how long the cluster has to answer when it is opened.
const answerWithin = 8 * time.Second

// Cluster is a cluster somebody else made.
type Cluster struct {
	name string
	path string
	temp string // folder of a kubeconfig of our own, empty if none was needed
	rest *rest.Config
}

var _ clusters.Cluster = (*Cluster)(nil)

// Open reads the kubeconfig at path and makes sure the cluster of the context
// (empty: the current one) answers within ten seconds. An empty path stands for
// KUBECONFIG, if that names one file. The error is of class Usage if the file is
// missing or malformed or lacks the context, and of class Environment if the
// cluster does not answer or does not let us in. Close it after use.
func Open(ctx context.Context, path, contextName string) (*Cluster, error) {
	if path == "" {
		path = os.Getenv(clientcmd.RecommendedConfigPathEnvVar)
	}
	if path == "" {
		return nil, exit.Usagef("no kubeconfig given: pass --kubeconfig FILE or set KUBECONFIG")
	}
	file, name, err := read(path, contextName)
	if err != nil {
		return nil, err
	}
	cfg, err := clientcmd.NewNonInteractiveClientConfig(*file, name, &clientcmd.ConfigOverrides{}, nil).ClientConfig()
	if err != nil {
		return nil, exit.Usagef("kubeconfig %s, context %s, cannot be used: %s", path, name, oneLine(err))
	}
	cfg.UserAgent = "dsconform/clusters-existing"
	c := &Cluster{name: name, path: path, rest: cfg}
	if err := c.answers(ctx); err != nil {
		return nil, err
	}
	if name != file.CurrentContext {
		if err := c.ownKubeconfig(file); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// ownKubeconfig writes a kubeconfig with the chosen context alone: programs that
// are handed the path know of no other choice than its current context.
func (c *Cluster) ownKubeconfig(file *clientcmdapi.Config) error {
	only := file.DeepCopy()
	only.CurrentContext = c.name
	err := errors.Join(clientcmdapi.MinifyConfig(only), clientcmdapi.FlattenConfig(only))
	if err == nil {
		c.temp, err = os.MkdirTemp("", "dsconform-existing-")
	}
	if err == nil {
		c.path = filepath.Join(c.temp, "kubeconfig")
		err = clientcmd.WriteToFile(*only, c.path)
	}
	if err != nil {
		return exit.Environmentf("writing a kubeconfig for context %s: %w", c.name, errors.Join(err, c.Close()))
	}
	return nil
}

// Close removes the kubeconfig that was written for a context that is not the
// current one of its file; otherwise it does nothing.
func (c *Cluster) Close() error {
	if c.temp == "" {
		return nil
	}
	if err := os.RemoveAll(c.temp); err != nil {
		return exit.Environmentf("removing the kubeconfig of cluster %s: %w", c.name, err)
	}
	return nil
}

// read parses the kubeconfig and gives it with the name of the context wanted.
func read(path, contextName string) (*clientcmdapi.Config, string, error) {
	file, err := clientcmd.LoadFromFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", exit.Usagef("kubeconfig %s does not exist", path)
	}
	if err != nil {
		return nil, "", exit.Usagef("kubeconfig %s cannot be read: %s", path, oneLine(err))
	}
	if contextName == "" {
		contextName = file.CurrentContext
	}
	if contextName == "" {
		return nil, "", exit.Usagef("kubeconfig %s has no current context: choose one with --context; it has: %s", path, contexts(file))
	}
	if _, ok := file.Contexts[contextName]; !ok {
		return nil, "", exit.Usagef("kubeconfig %s has no context %q; it has: %s", path, contextName, contexts(file))
	}
	return file, contextName, nil
}

func contexts(file *clientcmdapi.Config) string {
	names := make([]string, 0, len(file.Contexts))
	for name := range file.Contexts {
		names = append(names, name)
	}
	if len(names) == 0 {
		return "none"
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// answers asks for one node: that needs the server, our credentials and the right to see nodes.
func (c *Cluster) answers(ctx context.Context) error {
	cfg := rest.CopyConfig(c.rest)
	cfg.Timeout = 0 // The context bounds it, and knows what to say.
	cs, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return exit.Usagef("kubeconfig %s, context %s, cannot be used: %s", c.path, c.name, oneLine(err))
	}
	ctx, cancel := context.WithTimeoutCause(ctx, answerWithin, fmt.Errorf("no answer within %s: %w", answerWithin, context.DeadlineExceeded))
	defer cancel()
	nodes, err := cs.CoreV1().Nodes().List(ctx, metav1.ListOptions{Limit: 1})
	switch {
	case err == nil && len(nodes.Items) == 0:
		return exit.Environmentf("cluster %s at %s has no nodes", c.name, cfg.Host)
	case err == nil:
		return nil
	case apierrors.IsUnauthorized(err), apierrors.IsForbidden(err):
		return exit.Environmentf("cluster %s at %s does not let us list nodes, administrator's rights are needed: %s", c.name, cfg.Host, oneLine(err))
	case ctx.Err() != nil:
		return exit.Environmentf("cluster %s at %s cannot be reached: %w", c.name, cfg.Host, context.Cause(ctx))
	default:
		return exit.Environmentf("cluster %s at %s cannot be reached: %s", c.name, cfg.Host, oneLine(err))
	}
}

func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}

// Name implements clusters.Cluster: it is the context's name.
func (c *Cluster) Name() string { return c.name }

// Provider implements clusters.Cluster.
func (c *Cluster) Provider() string { return ProviderName }

// KubeconfigPath implements clusters.Cluster.
func (c *Cluster) KubeconfigPath() string { return c.path }

// RESTConfig implements clusters.Cluster.
func (c *Cluster) RESTConfig() (*rest.Config, error) { return rest.CopyConfig(c.rest), nil }

// RealKubelets implements clusters.Cluster. It is assumed: whoever points us to
// a cluster of simulated nodes learns of it from the specs that need real ones.
func (c *Cluster) RealKubelets() bool { return true }

// Images implements clusters.Cluster: an existing cluster's are not known.
func (c *Cluster) Images() map[string]string { return map[string]string{} }
