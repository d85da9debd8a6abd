package catalogue

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// template are defects in what of the template reaches the pods.
func template() []Mutant {
	const verbatim = "DS-PLC-022"
	return append(slices.Concat(lostFields(verbatim), lostContainerFields(verbatim)), []Mutant{
		{
			ID:         "drops-template-annotations",
			Notice:     "Annotations of the template are missing from the pods: no restartedAt, no scraping, no injection.",
			Clauses:    []string{verbatim},
			Injection:  "writes: pods lose their annotations",
			ModelledOn: "Building the pod from spec.template.spec and copying only the labels of its metadata.",
			Inject:     creating(func(p *corev1.Pod) { p.Annotations = nil }),
		},
		{
			ID:         "drops-template-finalizers",
			Notice:     "Finalizers of the template are missing from the pods.",
			Clauses:    []string{verbatim},
			Injection:  "writes: pods lose their finalizers",
			ModelledOn: "Copying labels and annotations by hand, and stopping there.",
			Inject:     creating(func(p *corev1.Pod) { p.Finalizers = nil }),
		},
		{
			ID:         "labels-of-selector-only",
			Notice:     "Pods carry the labels of the selector alone: services and policies that ask for others of the template do not find them.",
			Clauses:    []string{verbatim},
			Injection:  "writes: labels of the template that the selector does not ask for are dropped",
			ModelledOn: "Labelling pods by spec.selector.matchLabels, as replication controllers of old did by default.",
			Inject: withOwner(func(ds *daemonSetObject, p *corev1.Pod) {
				for k := range ds.Spec.Template.Labels {
					if _, asked := ds.Spec.Selector.MatchLabels[k]; !asked {
						delete(p.Labels, k)
					}
				}
			}),
		},
		{
			ID:         "pods-inherit-set-labels",
			Notice:     "Labels of the DaemonSet itself appear on its pods.",
			Clauses:    []string{verbatim},
			Injection:  "writes: pods get the DaemonSet's labels as well",
			ModelledOn: "Merging the metadata of owner and template.",
			Inject: withOwner(func(ds *daemonSetObject, p *corev1.Pod) {
				for k, v := range ds.Labels {
					if _, have := p.Labels[k]; !have {
						p.Labels[k] = v
					}
				}
			}),
		},
		{
			ID:         "pods-inherit-set-annotations",
			Notice:     "Annotations of the DaemonSet itself, as that of kubectl apply, appear on its pods.",
			Clauses:    []string{verbatim},
			Injection:  "writes: pods get the DaemonSet's annotations as well",
			ModelledOn: "What Deployments do with ReplicaSets, done with pods.",
			Inject: withOwner(func(ds *daemonSetObject, p *corev1.Pod) {
				for k, v := range ds.Annotations {
					if p.Annotations == nil {
						p.Annotations = map[string]string{}
					}
					p.Annotations[k] = v
				}
			}),
		},
		{
			ID:         "names-pods-after-nodes",
			Notice:     "Pods are named after DaemonSet and node: the successor cannot be made before the old pod's object is gone, with surge never.",
			Clauses:    []string{verbatim, "DS-RUS-001"},
			Injection:  "writes: a name in place of generateName",
			ModelledOn: "Names that can be foretold, to be sure that no node gets two.",
			Inject: creating(func(p *corev1.Pod) {
				if node := target(p); node != "" {
					p.Name, p.GenerateName = p.GenerateName+node, ""
				}
			}),
		},
	}...)
}

// lostFields are the fields of a pod's spec that a controller may lose.
func lostFields(clause string) []Mutant {
	var out []Mutant
	for _, f := range []struct {
		id, what string
		lose     func(*corev1.PodSpec)
	}{
		{"init-containers", "init containers", func(s *corev1.PodSpec) { s.InitContainers = nil }},
		{"further-containers", "all containers but the first", func(s *corev1.PodSpec) { s.Containers = s.Containers[:1] }},
		{"volumes-of-memory", "the medium and the size limit of emptyDir volumes", func(s *corev1.PodSpec) {
			for i := range s.Volumes {
				if s.Volumes[i].EmptyDir != nil {
					s.Volumes[i].EmptyDir = &corev1.EmptyDirVolumeSource{}
				}
			}
		}},
		{"projected-volumes", "projected volumes", otherVolumes(func(v *corev1.Volume) bool { return v.Projected != nil })},
		{"claims", "the claims of its volumes", otherVolumes(func(v *corev1.Volume) bool { return v.PersistentVolumeClaim != nil })},
		{"drivers-volumes", "volumes by CSI and NFS", otherVolumes(func(v *corev1.Volume) bool { return v.CSI != nil || v.NFS != nil })},
		{"termination-grace-period", "terminationGracePeriodSeconds", func(s *corev1.PodSpec) { s.TerminationGracePeriodSeconds = nil }},
		{"pod-security-context", "the pod's securityContext", func(s *corev1.PodSpec) { s.SecurityContext = nil }},
		{"host-namespaces", "hostNetwork, hostPID and hostIPC", func(s *corev1.PodSpec) { s.HostNetwork, s.HostPID, s.HostIPC = false, false, false }},
		{"service-account", "serviceAccountName", func(s *corev1.PodSpec) { s.ServiceAccountName, s.DeprecatedServiceAccount = "", "" }},
		{"priority-class", "priorityClassName", func(s *corev1.PodSpec) { s.PriorityClassName = "" }},
		{"dns-settings", "dnsPolicy and dnsConfig", func(s *corev1.PodSpec) { s.DNSPolicy, s.DNSConfig = "", nil }},
		{"image-pull-secrets", "imagePullSecrets", func(s *corev1.PodSpec) { s.ImagePullSecrets = nil }},
		{"pod-node-selector", "the nodeSelector", func(s *corev1.PodSpec) { s.NodeSelector = nil }},
		{"host-aliases", "hostAliases", func(s *corev1.PodSpec) { s.HostAliases = nil }},
		{"spread-constraints", "topologySpreadConstraints", func(s *corev1.PodSpec) { s.TopologySpreadConstraints = nil }},
		{"readiness-gates", "readinessGates", func(s *corev1.PodSpec) { s.ReadinessGates = nil }},
		{"shared-process-namespace", "shareProcessNamespace", func(s *corev1.PodSpec) { s.ShareProcessNamespace = nil }},
		{"hostname", "hostname and subdomain", func(s *corev1.PodSpec) { s.Hostname, s.Subdomain, s.SetHostnameAsFQDN = "", "", nil }},
		{"service-links", "enableServiceLinks and automountServiceAccountToken", func(s *corev1.PodSpec) { s.EnableServiceLinks, s.AutomountServiceAccountToken = nil, nil }},
	} {
		out = append(out, losing(clause, f.id, f.what, func(p *corev1.Pod) { f.lose(&p.Spec) }))
	}
	return out
}

// lostContainerFields are the fields of a container that a controller may lose.
func lostContainerFields(clause string) []Mutant {
	var out []Mutant
	for _, f := range []struct {
		id, what string
		lose     func(*corev1.Container)
	}{
		{"probes", "the containers' probes", func(c *corev1.Container) { c.LivenessProbe, c.ReadinessProbe, c.StartupProbe = nil, nil, nil }},
		{"liveness-probe", "the containers' liveness probe", func(c *corev1.Container) { c.LivenessProbe = nil }},
		{"startup-probe", "the containers' start-up probe", func(c *corev1.Container) { c.StartupProbe = nil }},
		{"probes-by-command", "the containers' probes by exec", func(c *corev1.Container) { loseProbes(c, func(h corev1.ProbeHandler) bool { return h.Exec != nil }) }},
		{"probes-by-connection", "the containers' probes by tcpSocket", func(c *corev1.Container) {
			loseProbes(c, func(h corev1.ProbeHandler) bool { return h.TCPSocket != nil })
		}},
		{"probe-headers", "the HTTP headers of probes", func(c *corev1.Container) {
			for _, p := range []*corev1.Probe{c.StartupProbe, c.LivenessProbe, c.ReadinessProbe} {
				if p != nil && p.HTTPGet != nil {
					p.HTTPGet.HTTPHeaders = nil
				}
			}
		}},
		{"variables-of-secrets", "variables that come from Secrets and ConfigMaps", func(c *corev1.Container) {
			for i, v := range c.Env {
				if v.ValueFrom != nil && (v.ValueFrom.SecretKeyRef != nil || v.ValueFrom.ConfigMapKeyRef != nil) {
					c.Env[i].ValueFrom = nil
				}
			}
		}},
		{"lifecycle-hooks", "the containers' postStart and preStop hooks", func(c *corev1.Container) { c.Lifecycle = nil }},
		{"resource-limits", "the containers' limits", func(c *corev1.Container) { c.Resources.Limits = nil }},
		{"environment", "the containers' env and envFrom", func(c *corev1.Container) { c.Env, c.EnvFrom = nil, nil }},
		{"mount-options", "readOnly and subPath of volume mounts", func(c *corev1.Container) {
			for i := range c.VolumeMounts {
				c.VolumeMounts[i].ReadOnly, c.VolumeMounts[i].SubPath, c.VolumeMounts[i].MountPropagation = false, "", nil
			}
		}},
		{"container-security-context", "the containers' securityContext", func(c *corev1.Container) { c.SecurityContext = nil }},
		{"container-ports", "the containers' ports", func(c *corev1.Container) { c.Ports = nil }},
		{"commands", "the containers' command and working directory", func(c *corev1.Container) { c.Command, c.WorkingDir = nil, "" }},
		{"image-pull-policy", "imagePullPolicy", func(c *corev1.Container) { c.ImagePullPolicy = "" }},
		{"termination-message", "terminationMessagePath and terminationMessagePolicy", func(c *corev1.Container) {
			c.TerminationMessagePath, c.TerminationMessagePolicy = "", ""
		}},
	} {
		out = append(out, losing(clause, f.id, f.what, func(p *corev1.Pod) {
			for i := range p.Spec.Containers {
				f.lose(&p.Spec.Containers[i])
			}
		}))
	}
	return out
}

// otherVolumes has an empty folder in place of the volumes.
func otherVolumes(lost func(*corev1.Volume) bool) func(*corev1.PodSpec) {
	return func(s *corev1.PodSpec) {
		for i := range s.Volumes {
			if lost(&s.Volumes[i]) {
				s.Volumes[i].VolumeSource = corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}
			}
		}
	}
}

func loseProbes(c *corev1.Container, lost func(corev1.ProbeHandler) bool) {
	for _, p := range []**corev1.Probe{&c.StartupProbe, &c.LivenessProbe, &c.ReadinessProbe} {
		if *p != nil && lost((*p).ProbeHandler) {
			*p = nil
		}
	}
}

// losing is a defect by which something of the template is lost.
func losing(clause, id, what string, lose func(*corev1.Pod)) Mutant {
	return Mutant{
		ID:         "loses-" + id,
		Notice:     "Pods lack what the template says of " + what + ".",
		Clauses:    []string{clause},
		Injection:  "writes: pods lose it",
		ModelledOn: "A controller that builds pods field by field, or by types of an older API, and does not know this one.",
		Inject:     creating(lose),
	}
}

// withOwner has every pod be made as change leaves it, which is told of its
// DaemonSet as it is stored.
func withOwner(change func(*daemonSetObject, *corev1.Pod)) inject {
	return func(s *rig.Setup) {
		s.Wire.OnWrite("create", "pods", wire.Rewrite(func(p *corev1.Pod) {
			if ds := owner(s, p); ds != nil {
				change(ds, p)
			}
		}))
	}
}
