package rollout

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
	"github.com/dsconform/dsconform/suites/internal/unbound"
)

// edit is one change of a template.
type edit struct {
	what   string
	change fleet.Change
}

// ofPod and ofContainer are changes of a part of the template.
func ofPod(what string, change func(*corev1.PodSpec)) edit {
	return edit{what, func(ds *appsv1.DaemonSet) { change(&ds.Spec.Template.Spec) }}
}

func ofContainer(what string, change func(*corev1.Container)) edit {
	return ofPod(what, func(s *corev1.PodSpec) { change(&s.Containers[0]) })
}

// edits change the template part by part, one upon the other.
func edits() []edit {
	user, grace, readOnly := int64(65534), int64(7), true
	return []edit{
		{"a label of the template", func(ds *appsv1.DaemonSet) { ds.Spec.Template.Labels["team"] = "blue" }},
		{"an annotation of the template", fleet.Template("2")},
		ofContainer("the image", func(c *corev1.Container) { c.Image += "-other" }),
		ofContainer("the pull policy", func(c *corev1.Container) { c.ImagePullPolicy = corev1.PullAlways }),
		ofContainer("the command", func(c *corev1.Container) { c.Command = []string{"/agent"} }),
		ofContainer("the arguments", func(c *corev1.Container) { c.Args = []string{"--port=8080"} }),
		ofContainer("a variable", func(c *corev1.Container) { c.Env = []corev1.EnvVar{{Name: "LEVEL", Value: "low"}} }),
		ofContainer("the value of a variable", func(c *corev1.Container) { c.Env[0].Value = "high" }),
		ofContainer("a variable that is taken away", func(c *corev1.Container) { c.Env = nil }),
		ofContainer("a port", func(c *corev1.Container) {
			c.Ports = []corev1.ContainerPort{{Name: "http", ContainerPort: 8080, Protocol: corev1.ProtocolTCP}}
		}),
		ofContainer("what is requested", func(c *corev1.Container) { c.Resources.Requests[corev1.ResourceCPU] = resource.MustParse("2m") }),
		ofContainer("a limit", func(c *corev1.Container) {
			c.Resources.Limits = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("32Mi")}
		}),
		ofContainer("a probe", func(c *corev1.Container) {
			c.ReadinessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/readyz", Port: intstr.FromInt32(8080)}}}
		}),
		ofContainer("the period of a probe", func(c *corev1.Container) { c.ReadinessProbe.PeriodSeconds = 7 }),
		ofContainer("a hook", func(c *corev1.Container) {
			c.Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 1}}}
		}),
		ofContainer("the container's security context", func(c *corev1.Container) {
			c.SecurityContext = &corev1.SecurityContext{ReadOnlyRootFilesystem: &readOnly}
		}),
		ofPod("the pod's security context", func(s *corev1.PodSpec) { s.SecurityContext = &corev1.PodSecurityContext{RunAsUser: &user} }),
		ofPod("a volume", func(s *corev1.PodSpec) {
			s.Volumes = []corev1.Volume{{Name: "scratch", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
		}),
		ofContainer("a mount", func(c *corev1.Container) {
			c.VolumeMounts = []corev1.VolumeMount{{Name: "scratch", MountPath: "/scratch"}}
		}),
		ofPod("the grace period", func(s *corev1.PodSpec) { s.TerminationGracePeriodSeconds = &grace }),
		ofPod("a toleration", func(s *corev1.PodSpec) {
			s.Tolerations = append(s.Tolerations, corev1.Toleration{Key: "dsconform.dev/other", Operator: corev1.TolerationOpExists})
		}),
		ofPod("a preference for nodes", func(s *corev1.PodSpec) {
			s.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{
				Weight: 1, Preference: corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: "dsconform.dev/other", Operator: corev1.NodeSelectorOpExists}}},
			}}}}
		}),
		ofPod("the service account", func(s *corev1.PodSpec) { s.ServiceAccountName = "agent" }),
		ofPod("the priority class", func(s *corev1.PodSpec) { s.PriorityClassName = "system-node-critical" }),
		ofPod("the DNS policy", func(s *corev1.PodSpec) { s.DNSPolicy = corev1.DNSDefault }),
		ofPod("the host's network", func(s *corev1.PodSpec) { s.HostNetwork, s.Containers[0].Ports[0].HostPort = true, 8080 }),
		ofPod("an init container", func(s *corev1.PodSpec) {
			s.InitContainers = []corev1.Container{{Name: "prepare", Image: s.Containers[0].Image}}
		}),
		ofPod("a further container", func(s *corev1.PodSpec) {
			s.Containers = append(s.Containers, corev1.Container{Name: "second", Image: s.Containers[0].Image})
		}),
	}
}

func everyField() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUM-023",
		Area:      framework.RollingUpdate,
		Title:     "every part of the template counts",
		Behaviour: "A change of any part of the template, metadata or spec, by which something is added, changed or taken away, MUST make a revision and replace every pod by one that has it.",
		Clauses:   []string{docUpdate, "API: DaemonSet spec.template", sourcePatch},
		Level:     framework.Core,
		Why: "A controller that compares the parts which it knows, the images before all, takes the rest of an edit for none: " +
			"the new limit, the new variable, the probe that was mended reach no pod, and the status says that all are up to date. One part is changed after the other; no container is started.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			site.ServiceAccount(ctx, e, "agent")
			ds := e.CreateDaemonSet(ctx, e.DaemonSet(name, unbound.Scheduler, fleet.MaxUnavailable("1")))
			old := unbound.Await(ctx, e, ds, e.Nodes[0])
			for _, row := range edits() {
				ds := fleet.Update(ctx, e, name, row.change)
				e.BecomesFor(ctx, name, e.Timeouts.Placement, "after a change of "+row.what+" the node has another pod, of the template as it is now",
					fleet.Every(fleet.Observed(ds), site.Gone(old), site.Pods(ds, e.Nodes...), asTemplate(ds, e.Nodes[0])))
				old = site.One(e.History.State(), ds, e.Nodes[0])
			}
		},
	}
}

// asTemplate judges that the node's pod is what the template says, and of a
// revision that holds it.
func asTemplate(ds *appsv1.DaemonSet, node string) site.Condition {
	return func(s *history.State) error {
		pod := site.One(s, ds, node)
		if pod == nil {
			return fmt.Errorf("node %s has no pod of DaemonSet %s", node, ds.Name)
		}
		current, err := oracle.CurrentRevision(s, ds)
		if err != nil {
			return fmt.Errorf("the revision of the template: %w", err)
		}
		return oracle.PodFromTemplate(s.DaemonSet(ds.Name), pod, node, oracle.Hash(current))
	}
}
