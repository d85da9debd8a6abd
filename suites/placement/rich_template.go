package placement

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/dsconform/dsconform/framework"
)

// rich fills the template with what a plain one lacks, and with values that are
// not what the API server would fill in: a field that is lost must show.
func rich(ds *appsv1.DaemonSet) {
	ds.Labels["of"], ds.Annotations = "the-daemonset", map[string]string{"of": "the DaemonSet", "its-own": "the DaemonSet's"}
	ds.Labels["its-own"] = "the-daemonset"
	t := &ds.Spec.Template
	t.Labels["of"], t.Annotations, t.Finalizers = "the-template", map[string]string{"note": "of the template"}, []string{framework.HoldFinalizer}
	yes, no, user, grace := true, false, int64(65534), int64(7)
	s := &t.Spec
	s.TerminationGracePeriodSeconds = &grace
	s.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
		MaxSkew: 2, TopologyKey: corev1.LabelHostname, WhenUnsatisfiable: corev1.ScheduleAnyway, LabelSelector: ds.Spec.Selector.DeepCopy(),
	}}
	s.Volumes = volumes()
	s.HostAliases = []corev1.HostAlias{{IP: "127.0.0.9", Hostnames: []string{"agent.local"}}}
	s.SecurityContext = &corev1.PodSecurityContext{RunAsNonRoot: &yes, RunAsUser: &user, FSGroup: &user}
	s.ServiceAccountName, s.AutomountServiceAccountToken, s.EnableServiceLinks = "agent", &no, &no
	s.PriorityClassName = "system-node-critical"
	s.DNSPolicy = corev1.DNSNone
	s.DNSConfig = &corev1.PodDNSConfig{Nameservers: []string{"127.0.0.10"}, Searches: []string{"agent.local"}}
	s.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "pull"}}
	s.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "dsconform.dev/open"}}
	s.ShareProcessNamespace = &yes
	s.Hostname, s.Subdomain, s.SetHostnameAsFQDN = "agent", "agents", &yes
	image := s.Containers[0].Image
	container(&s.Containers[0])
	always := corev1.ContainerRestartPolicyAlways
	s.InitContainers = []corev1.Container{
		{Name: "prepare", Image: image, Args: []string{"--version"}},
		{Name: "sidecar", Image: image, RestartPolicy: &always},
	}
	s.Containers = append(s.Containers, corev1.Container{Name: "second", Image: image, Args: []string{"--port=8081"}})
}

// volumes are one of each kind that needs nothing from the cluster.
func volumes() []corev1.Volume {
	size, mode, seconds, yes, directory := resource.MustParse("1Mi"), int32(0o400), int64(3600), true, corev1.HostPathDirectory
	name := corev1.LocalObjectReference{Name: "settings"}
	return []corev1.Volume{
		{Name: "scratch", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{Medium: corev1.StorageMediumMemory, SizeLimit: &size}}},
		{Name: "settings", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: name, DefaultMode: &mode, Optional: &yes}}},
		{Name: "secrets", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: name.Name, DefaultMode: &mode, Optional: &yes}}},
		{Name: "node", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/var/log", Type: &directory}}},
		{Name: "self", VolumeSource: corev1.VolumeSource{DownwardAPI: &corev1.DownwardAPIVolumeSource{DefaultMode: &mode, Items: []corev1.DownwardAPIVolumeFile{
			{Path: "labels", FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.labels"}},
		}}}},
		{Name: "together", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{DefaultMode: &mode, Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Audience: "agents", ExpirationSeconds: &seconds, Path: "token"}},
			{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: name, Optional: &yes}},
		}}}},
		{Name: "claim", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "disk", ReadOnly: true}}},
		{Name: "remote", VolumeSource: corev1.VolumeSource{NFS: &corev1.NFSVolumeSource{Server: "127.0.0.11", Path: "/share", ReadOnly: true}}},
		{Name: "driven", VolumeSource: corev1.VolumeSource{CSI: &corev1.CSIVolumeSource{Driver: "none.dsconform.dev", VolumeAttributes: map[string]string{"of": "the-template"}}}},
	}
}

// container fills every field of a container, with the volumes of volumes.
func container(c *corev1.Container) {
	yes, no, one, settings := true, false, int64(1), corev1.LocalObjectReference{Name: "settings"}
	get := &corev1.HTTPGetAction{
		Path: "/healthz", Port: intstr.FromString("http"), Scheme: corev1.URISchemeHTTP, HTTPHeaders: []corev1.HTTPHeader{{Name: "Of", Value: "the-template"}},
	}
	probe := func(seconds int32, handler corev1.ProbeHandler) *corev1.Probe {
		return &corev1.Probe{
			ProbeHandler:        handler,
			InitialDelaySeconds: seconds, TimeoutSeconds: seconds + 1, PeriodSeconds: seconds + 2, SuccessThreshold: 1, FailureThreshold: seconds + 3,
		}
	}
	c.Command, c.Args, c.WorkingDir = []string{"/agent"}, []string{"--port=8080"}, "/tmp"
	c.Ports = []corev1.ContainerPort{{Name: "http", ContainerPort: 8080, Protocol: corev1.ProtocolTCP}, {Name: "udp", ContainerPort: 8080, Protocol: corev1.ProtocolUDP}}
	c.Resources.Limits = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("32Mi")}
	c.Env = []corev1.EnvVar{
		{Name: "LEVEL", Value: "high"},
		{Name: "NODE", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "spec.nodeName"}}},
		{Name: "MEMORY", ValueFrom: &corev1.EnvVarSource{ResourceFieldRef: &corev1.ResourceFieldSelector{Resource: "limits.memory", Divisor: resource.MustParse("1Mi")}}},
		{Name: "SET", ValueFrom: &corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: settings, Key: "set", Optional: &yes}}},
		{Name: "SECRET", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: settings, Key: "secret", Optional: &yes}}},
	}
	c.EnvFrom = []corev1.EnvFromSource{
		{Prefix: "SET_", ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: settings, Optional: &yes}},
		{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: settings, Optional: &yes}},
	}
	propagation := corev1.MountPropagationHostToContainer
	c.VolumeMounts = []corev1.VolumeMount{
		{Name: "scratch", MountPath: "/scratch"},
		{Name: "settings", MountPath: "/etc/agent.conf", SubPath: "agent.conf", ReadOnly: true},
		{Name: "node", MountPath: "/host", ReadOnly: true, MountPropagation: &propagation},
		{Name: "together", MountPath: "/own", SubPathExpr: "$(NODE)"},
	}
	c.SecurityContext = &corev1.SecurityContext{
		ReadOnlyRootFilesystem: &yes, AllowPrivilegeEscalation: &no, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}
	c.StartupProbe = probe(2, corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"/agent", "--version"}}})
	c.LivenessProbe = probe(3, corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(8080)}})
	c.ReadinessProbe = probe(4, corev1.ProbeHandler{HTTPGet: get})
	c.LivenessProbe.TerminationGracePeriodSeconds = &one
	c.Lifecycle = &corev1.Lifecycle{
		PostStart: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"/agent", "--version"}}},
		PreStop:   &corev1.LifecycleHandler{HTTPGet: get.DeepCopy()},
	}
	c.ImagePullPolicy = corev1.PullAlways
	c.TerminationMessagePath, c.TerminationMessagePolicy = "/scratch/last-words", corev1.TerminationMessageFallbackToLogsOnError
	c.Stdin, c.StdinOnce, c.TTY = true, true, true
}

// ofTheNode puts the pods into the node's own namespaces.
func ofTheNode(ds *appsv1.DaemonSet) {
	s := &ds.Spec.Template.Spec
	s.HostNetwork, s.HostPID, s.HostIPC = true, true, true
	s.DNSPolicy = corev1.DNSClusterFirstWithHostNet
	s.SchedulingGates = []corev1.PodSchedulingGate{{Name: "dsconform.dev/held"}}
}
