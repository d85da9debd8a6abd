package workloads

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/fixtures"
	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

// running is an example that is rolled out.
type running struct {
	e       *framework.Env
	fixture *fixtures.Fixture
	ds      *appsv1.DaemonSet
	pods    []*corev1.Pod
}

// systemNodeCritical is the value of the built-in priority class, of
// concepts/scheduling-eviction/pod-priority-preemption.
const systemNodeCritical = 2000001000

// judge runs the example and judges what all of them have in common, and then
// what is special about it.
func judge(ctx context.Context, e *framework.Env, ex example) {
	f, err := fixtures.Load(ex.fixture)
	e.Must(err, "load fixture %s", ex.fixture)
	f, err = f.In(e.Namespace).WithImages(fixtures.FromNames(e.Images()))
	e.Must(err, "give fixture %s its images", ex.fixture)
	e.Apply(ctx, f.Objects...)
	name := f.DaemonSet.Name
	nodes := len(e.History.State().Nodes())
	e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(nodes), "DaemonSet "+name+" is rolled out", func(s *history.State) error {
		ds := s.DaemonSet(name)
		if ds == nil {
			return fmt.Errorf("DaemonSet %s is not there", name)
		}
		return oracle.RolledOut(s, ds)
	})
	s := e.History.State()
	r := &running{e: e, fixture: f, ds: s.DaemonSet(name), pods: s.PodsOf(s.DaemonSet(name))}
	e.That(len(r.pods) > 0, "the default cluster has a node for the example", "no node is eligible for %s", name)
	r.asTemplate(s)
	r.onItsNode(s)
	if !ex.foreign {
		for _, p := range r.pods {
			for _, c := range p.Spec.Containers {
				r.inside(ctx, p, c)
			}
		}
	}
	if ex.extra != nil {
		ex.extra(ctx, r)
	}
}

// asTemplate judges that each pod is what the template says, security context included.
func (r *running) asTemplate(s *history.State) {
	hash, err := oracle.CurrentHash(s, r.ds)
	r.e.Check(err, "the hash of the DaemonSet's template is known")
	for _, p := range r.pods {
		r.e.Check(oracle.PodFromTemplate(r.ds, p, p.Spec.NodeName, hash), "pod %s is what the template says", p.Name)
	}
}

// onItsNode judges host network and priority, which the API server and the
// kubelet make of the template.
func (r *running) onItsNode(s *history.State) {
	for _, p := range r.pods {
		ip := ""
		for _, a := range s.Node(p.Spec.NodeName).Status.Addresses {
			if a.Type == corev1.NodeInternalIP && ip == "" {
				ip = a.Address
			}
		}
		same := p.Status.PodIP == ip
		r.e.That(same == p.Spec.HostNetwork, fmt.Sprintf("pod %s has its node's address exactly if it asks for hostNetwork (%v)", p.Name, p.Spec.HostNetwork),
			"the pod has %s, the node %s", p.Status.PodIP, ip)
		if p.Spec.PriorityClassName == "system-node-critical" {
			r.e.That(p.Spec.Priority != nil && *p.Spec.Priority == systemNodeCritical, "the priority class becomes the pod's priority", "it is %v", p.Spec.Priority)
		}
	}
}

// info is what the test program tells of itself (fixtures/agent).
type info struct {
	Settings struct {
		Node string `json:"node"`
	} `json:"settings"`
	UID   int `json:"uid"`
	Reads []struct {
		Path  string `json:"path"`
		OK    bool   `json:"ok"`
		Error string `json:"error"`
	} `json:"reads"`
}

// inside asks the program in the container: where it is, as whom it runs, what
// it can read, and whether the kubelet has probed it.
func (r *running) inside(ctx context.Context, p *corev1.Pod, c corev1.Container) {
	var got info
	raw := r.get(ctx, p, c.Name, "/info")
	r.e.Must(json.Unmarshal([]byte(raw), &got), "read what the program in %s/%s says of itself", p.Name, c.Name)
	where := p.Name + "/" + c.Name
	r.e.That(got.Settings.Node == p.Spec.NodeName, where+" is told its node by the downward API", "it says %q, and runs on %s", got.Settings.Node, p.Spec.NodeName)
	if uid := userOf(p, c); uid >= 0 {
		r.e.That(got.UID == uid, fmt.Sprintf("%s runs as user %d", where, uid), "it runs as %d", got.UID)
	}
	var paths []string
	for _, read := range got.Reads {
		r.e.That(read.OK, where+" can read the host path at "+read.Path, "%s", read.Error)
		paths = append(paths, read.Path)
	}
	for _, m := range c.VolumeMounts {
		if hostPath(p, m.Name) {
			r.e.That(slices.Contains(paths, m.MountPath), where+" looks at the host path at "+m.MountPath, "it looked at %v", paths)
		}
	}
	r.probed(ctx, p, c)
}

// probed judges, by the program's own count, that the kubelet asked its probes.
func (r *running) probed(ctx context.Context, p *corev1.Pod, c corev1.Container) {
	metrics := ""
	for _, probe := range []*corev1.Probe{c.StartupProbe, c.ReadinessProbe} {
		if probe == nil || probe.HTTPGet == nil {
			continue
		}
		if metrics == "" {
			metrics = r.get(ctx, p, c.Name, "/metrics")
		}
		counter := fmt.Sprintf("agent_requests_total{path=%q} ", probe.HTTPGet.Path)
		r.e.That(strings.Contains(metrics, counter), fmt.Sprintf("the kubelet has asked %s of %s/%s", probe.HTTPGet.Path, p.Name, c.Name), "the program counted:\n%s", metrics)
	}
}

// get asks the program in the container through its socket, by kubectl exec.
func (r *running) get(ctx context.Context, p *corev1.Pod, container, path string) string {
	return r.exec(ctx, p, container, "/bin/agent", "get", path)
}

func (r *running) exec(ctx context.Context, p *corev1.Pod, container string, command ...string) string {
	res := r.e.Kubectl.Exec(ctx, p.Name, container, command...)
	r.e.Must(res.Err, "run %s in %s/%s", strings.Join(command, " "), p.Name, container)
	return res.Stdout
}

// userOf is the user the template asks for, or -1.
func userOf(p *corev1.Pod, c corev1.Container) int {
	if s := c.SecurityContext; s != nil && s.RunAsUser != nil {
		return int(*s.RunAsUser)
	}
	if s := p.Spec.SecurityContext; s != nil && s.RunAsUser != nil {
		return int(*s.RunAsUser)
	}
	return -1
}

func hostPath(p *corev1.Pod, volume string) bool {
	return slices.ContainsFunc(p.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == volume && v.HostPath != nil })
}
