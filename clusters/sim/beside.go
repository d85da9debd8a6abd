package sim

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/clusters/await"
	"github.com/dsconform/dsconform/clusters/binaries"
	"github.com/dsconform/dsconform/clusters/sim/controlplane"
	"github.com/dsconform/dsconform/clusters/sim/kubelet"
	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/internal/supervisor"
)

// BesideTaint keeps everything that does not ask for it off the simulated nodes
// beside real ones.
const BesideTaint = "dsconform.dev/simulated"

// besideLabel marks the nodes of one Beside, so that those a killed run left are found.
const besideLabel = "dsconform.dev/simulated"

// MaxBeside is how many simulated nodes can stand beside real ones: a cluster's
// usual pod network, a /16, has room for 256 nodes in all, and real ones that
// join later need theirs.
const MaxBeside = 200

// Beside is a set of simulated nodes in a cluster of real ones.
type Beside struct {
	cs      kubernetes.Interface
	options Options
	cluster clusters.Cluster
	folder  string
	control *supervisor.Client
	process *supervisor.Process
}

// CheckBeside refuses a number of simulated nodes that cannot be, with class Usage.
func CheckBeside(n int) error {
	if n < 0 || n > MaxBeside {
		return exit.Usagef("--simulated-nodes is %d; it must be 0 to %d: a cluster's pod network has room for 256 nodes in all", n, MaxBeside)
	}
	return nil
}

// JoinBeside lets simulated nodes join a running cluster and returns when they
// are Ready. They carry BesideTaint with effect NoSchedule. Of the options it
// reads Workers (their number), BinariesDir (for kwok), Executable, Timeouts and
// Log; their kubelets say they are of the API server's version. They are gone
// again with Leave; their kubelets end with this process in any case.
//
// Their kubelets act by the administrator's credentials as the user
// controlplane.KWOKUser, with the role of simulated kubelets alone.
func JoinBeside(ctx context.Context, c clusters.Cluster, o Options) (*Beside, error) {
	if err := CheckBeside(o.Workers); err != nil {
		return nil, err
	}
	o, err := o.paths()
	if err != nil {
		return nil, err
	}
	config, err := c.RESTConfig()
	if err != nil {
		return nil, exit.Environmentf("reading the client configuration of cluster %s: %w", c.Name(), err)
	}
	config.QPS = -1
	b := &Beside{options: o, cluster: c}
	if b.cs, err = kubernetes.NewForConfig(config); err != nil {
		return nil, exit.Environmentf("making a client for cluster %s: %w", c.Name(), err)
	}
	version, err := b.cs.Discovery().ServerVersion()
	if err != nil {
		return nil, exit.Environmentf("asking cluster %s for its version: %w", c.Name(), err)
	}
	b.options.KubernetesVersion = version.GitVersion
	limited, cancel := bound(ctx, o.Timeouts.Create)
	defer cancel()
	if err = b.join(limited); err != nil {
		clean, stop := afterwards(ctx, o.Timeouts.Delete)
		defer stop()
		return nil, environment(errors.Join(fmt.Errorf("adding simulated nodes to cluster %s: %w", c.Name(), err), b.Leave(clean)))
	}
	return b, nil
}

func (b *Beside) join(ctx context.Context) error {
	kwok, err := b.program(ctx)
	if err != nil {
		return err
	}
	if b.folder, err = os.MkdirTemp("", "dsconform-beside-"); err != nil {
		return fmt.Errorf("making a folder for the simulated kubelets: %w", err)
	}
	plan := controlplane.Plan{
		Name: b.cluster.Name(), Folder: b.folder, Programs: map[string]string{controlplane.KWOK: kwok},
		Stages: filepath.Join(b.folder, "stages.yaml"), NodeSelector: kubelet.StateLabel + "=" + kubelet.StateRunning,
	}
	stages, err := kubelet.Stages()
	if err != nil {
		return exit.Internalf("%w", err)
	}
	if err = os.WriteFile(plan.Stages, stages, 0o600); err != nil {
		return fmt.Errorf("writing the stages: %w", err)
	}
	if err = impersonating(b.cluster.KubeconfigPath(), plan.KWOKKubeconfig(), controlplane.KWOKUser); err != nil {
		return err
	}
	if err = controlplane.GrantRoles(ctx, b.cs); err != nil {
		return err
	}
	b.control = supervisor.NewClient(b.folder)
	b.process, err = supervisor.Spawn(ctx, b.options.Executable, b.folder, supervisor.Config{
		Attached: true, Scrap: true, Components: []supervisor.Component{plan.Component(controlplane.KWOK)},
	})
	if err != nil {
		return err
	}
	if _, err = b.control.Do(ctx, controlplane.KWOK, supervisor.Start); err != nil {
		return err
	}
	return b.register(ctx)
}

// program gives kwok: that of BinariesDir, or one built.
func (b *Beside) program(ctx context.Context) (string, error) {
	if path := filepath.Join(b.options.BinariesDir, controlplane.KWOK); b.options.BinariesDir != "" && isProgram(path) {
		return path, nil
	}
	builder, err := binaries.New(binaries.Options{Log: b.options.Log})
	if err != nil {
		return "", err
	}
	built, err := builder.Build(ctx, binaries.KWOK()...)
	return built[controlplane.KWOK], err
}

// register makes the nodes and waits until they are Ready; KWOK's own end is
// noticed meanwhile.
func (b *Beside) register(ctx context.Context) error {
	if err := b.removeNodes(ctx); err != nil { // those of a run that was killed
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		if status, err := b.control.AwaitEnd(ctx, controlplane.KWOK, 1); err == nil {
			cancel(&startError{status})
		}
	}()
	return b.options.Log.Do(ctx, fmt.Sprintf("%d simulated nodes beside the real ones Ready", b.options.Workers), 0, func(ctx context.Context) error {
		work, inner := errgroup.WithContext(ctx)
		work.SetLimit(registering)
		var names []string
		for i := range b.options.Workers {
			spec := clusters.NodeSpec{
				Name: fmt.Sprintf("%s-simulated-%d", b.cluster.Name(), i+1), Role: clusters.RoleWorker,
				Labels: map[string]string{besideLabel: "true"},
				Taints: []corev1.Taint{{Key: BesideTaint, Value: "true", Effect: corev1.TaintEffectNoSchedule}},
			}
			names = append(names, spec.Name)
			work.Go(func() error {
				machine := kubelet.Machine{Spec: spec, Address: kubelet.Address(i + 1), Version: b.options.KubernetesVersion}
				if _, err := b.cs.CoreV1().Nodes().Create(inner, machine.Node(), metav1.CreateOptions{}); err != nil {
					return fmt.Errorf("registering node %s: %w", spec.Name, err)
				}
				return nil
			})
		}
		err := work.Wait()
		if err == nil {
			err = await.Nodes(ctx, await.AllNodes(b.cs), "the simulated nodes to be Ready", names, await.Settled)
		}
		var early *startError
		if err != nil && errors.As(context.Cause(ctx), &early) {
			return early
		}
		return err
	})
}

// removeNodes deletes every simulated node that stands beside real ones.
func (b *Beside) removeNodes(ctx context.Context) error {
	err := b.cs.CoreV1().Nodes().DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: besideLabel + "=true"})
	if err != nil {
		return fmt.Errorf("removing the simulated nodes of cluster %s: %w", b.cluster.Name(), err)
	}
	return nil
}

// Leave removes the nodes and ends their kubelets. The cluster's pod garbage
// collector removes the pods that were on them.
func (b *Beside) Leave(ctx context.Context) error {
	ctx, cancel := bound(ctx, b.options.Timeouts.Delete)
	defer cancel()
	errs := []error{b.removeNodes(ctx)}
	for _, forget := range []func(context.Context, string, metav1.DeleteOptions) error{
		b.cs.RbacV1().ClusterRoleBindings().Delete, b.cs.RbacV1().ClusterRoles().Delete,
	} {
		if err := forget(ctx, controlplane.KWOKUser, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			errs = append(errs, fmt.Errorf("removing the role of the simulated kubelets: %w", err))
		}
	}
	if b.process != nil {
		err := b.control.Shutdown(ctx)
		if err == nil {
			b.process.Wait()
		}
		errs = append(errs, err)
	}
	if b.folder != "" {
		errs = append(errs, os.RemoveAll(b.folder))
	}
	if err := errors.Join(errs...); err != nil {
		return exit.Environmentf("removing the simulated nodes of cluster %s: %w", b.cluster.Name(), err)
	}
	return nil
}

// impersonating writes the current context of a kubeconfig, with all it needs
// within, such that requests are made as user.
func impersonating(from, to, user string) error {
	config, err := clientcmd.LoadFromFile(from)
	if err != nil {
		return fmt.Errorf("reading the kubeconfig %s: %w", from, err)
	}
	if err = clientcmdapi.MinifyConfig(config); err == nil {
		err = clientcmdapi.FlattenConfig(config)
	}
	if err != nil {
		return fmt.Errorf("reading the kubeconfig %s: %w", from, err)
	}
	for _, auth := range config.AuthInfos {
		auth.Impersonate, auth.ImpersonateUID, auth.ImpersonateGroups, auth.ImpersonateUserExtra = user, "", nil, nil
	}
	if err = clientcmd.WriteToFile(*config, to); err != nil {
		return fmt.Errorf("writing the simulated kubelets' kubeconfig: %w", err)
	}
	return nil
}
