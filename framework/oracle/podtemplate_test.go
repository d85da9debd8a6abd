package oracle

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// rich is a DaemonSet with something in every part that is compared.
func rich() *appsv1.DaemonSet {
	return daemonSet(selector("disk", "ssd"), require(labelTerm(is("zone", "Exists"))), tolerate(corev1.Toleration{Key: "a", Operator: "Exists"}), func(d *appsv1.DaemonSet) {
		d.Labels = map[string]string{"team": "blue"}
		d.Annotations["note"] = "of the DaemonSet"
		d.Spec.Template.Annotations = map[string]string{"checksum": "1"}
		d.Spec.Template.Finalizers = []string{"example.com/hold"}
		s := &d.Spec.Template.Spec
		s.Affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution = []corev1.PreferredSchedulingTerm{{Weight: 1, Preference: labelTerm(is("fast", "Exists"))}}
		s.Affinity.PodAntiAffinity = &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{TopologyKey: "kubernetes.io/hostname"}}}
		s.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
		s.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "data", MountPath: "/data"}}
		s.Containers[0].Resources.Limits = corev1.ResourceList{"cpu": resource.MustParse("1000m"), "memory": resource.MustParse("1Gi")}
		s.Containers[0].Resources.Requests = corev1.ResourceList{"cpu": resource.MustParse("1")}
	})
}

// stored is the pod for it as a real cluster stores it once it runs: bound,
// with service account, token volume, priority and all that is defaulted.
func stored() *corev1.Pod {
	ds := rich()
	p := podOn("n", "agent-x")
	p.Labels["pod-template-generation"] = "1"
	p.Labels["topology.kubernetes.io/zone"] = "z1"
	p.Annotations = map[string]string{"checksum": "1", "cni.example.com/ip": "10.0.0.1"}
	p.Finalizers = []string{"example.com/hold"}
	pin := p.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	p.Spec = *ds.Spec.Template.Spec.DeepCopy()
	p.Spec.NodeName = "n"
	p.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = pin
	p.Spec.Tolerations = Tolerations(ds)
	p.Spec.ServiceAccountName, p.Spec.DeprecatedServiceAccount = "default", "default"
	p.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "pull"}}
	zero, links, never := int32(0), true, corev1.PreemptLowerPriority
	p.Spec.Priority, p.Spec.EnableServiceLinks, p.Spec.PreemptionPolicy = &zero, &links, &never
	p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: "kube-api-access-abcde"})
	c := &p.Spec.Containers[0]
	c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: "kube-api-access-abcde", MountPath: "/var/run/secrets/kubernetes.io/serviceaccount"})
	c.Resources.Requests["memory"] = resource.MustParse("1024Mi")
	c.Resources.Limits["cpu"] = resource.MustParse("1")
	return p
}

func TestPodFromTemplate(t *testing.T) {
	seconds := int64(300)
	for name, tc := range map[string]struct {
		edit func(*corev1.Pod)
		want string
	}{
		"as a cluster stores it":        {func(*corev1.Pod) {}, ""},
		"as created":                    {func(p *corev1.Pod) { p.Spec.NodeName = "" }, ""},
		"without generation label":      {func(p *corev1.Pod) { delete(p.Labels, "pod-template-generation") }, ""},
		"generateName":                  {func(p *corev1.Pod) { p.GenerateName = "" }, `generateName is "", must be "agent-"`},
		"namespace":                     {func(p *corev1.Pod) { p.Namespace = "other" }, "it is in namespace other"},
		"no hash":                       {func(p *corev1.Pod) { delete(p.Labels, appsv1.ControllerRevisionHashLabelKey) }, "label controller-revision-hash"},
		"another hash":                  {hashed("x"), `must be "new"`},
		"generation of an earlier time": {func(p *corev1.Pod) { p.Labels["pod-template-generation"] = "1" }, ""},
		"a generation yet to come":      {func(p *corev1.Pod) { p.Labels["pod-template-generation"] = "9" }, "label pod-template-generation"},
		"template label missing":        {func(p *corev1.Pod) { delete(p.Labels, "app") }, `label app is ""`},
		"label of the DaemonSet":        {func(p *corev1.Pod) { p.Labels["team"] = "blue" }, "label team=blue is neither"},
		"annotation missing":            {func(p *corev1.Pod) { p.Annotations = nil }, "annotation checksum"},
		"annotation of the set":         {func(p *corev1.Pod) { p.Annotations["note"] = "of the DaemonSet" }, "annotation note was copied"},
		"finalizers":                    {func(p *corev1.Pod) { p.Finalizers = nil }, "its finalizers are"},
		"finalizers, terminating":       {func(p *corev1.Pod) { p.Finalizers = nil; terminating(p) }, ""},
		"no owner":                      {func(p *corev1.Pod) { p.OwnerReferences = nil }, "0 owner references"},
		"no affinity":                   {func(p *corev1.Pod) { p.Spec.Affinity = nil }, "spec.affinity is missing"},
		"another node":                  {func(p *corev1.Pod) { *p = *stored(); pinned(p)[0].MatchFields[0].Values[0] = "m" }, `values[0] is "m", must be "n"`},
		"terms of the template left":    {func(p *corev1.Pod) { add(p, labelTerm(is("zone", "Exists"))) }, "does not pin the pod"},
		"preferred terms lost": {func(p *corev1.Pod) {
			p.Spec.Affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution = nil
		}, "preferredDuringScheduling"},
		"anti-affinity lost":      {func(p *corev1.Pod) { p.Spec.Affinity.PodAntiAffinity = nil }, "podAntiAffinity"},
		"toleration missing":      {func(p *corev1.Pod) { p.Spec.Tolerations = p.Spec.Tolerations[:6] }, "toleration node.kubernetes.io/unschedulable Exists:NoSchedule is missing"},
		"toleration with seconds": {func(p *corev1.Pod) { p.Spec.Tolerations[1].TolerationSeconds = &seconds }, "for 300 s is neither"},
		"toleration for everything": {func(p *corev1.Pod) {
			p.Spec.Tolerations = append(p.Spec.Tolerations, corev1.Toleration{Operator: "Exists"})
		}, "toleration Exists: is neither"},
		"tolerations reordered": {func(p *corev1.Pod) { x := p.Spec.Tolerations; x[0], x[1] = x[1], x[0] }, "in another order"},
		"image":                 {func(p *corev1.Pod) { p.Spec.Containers[0].Image = "evil" }, `spec.containers[0].image is "evil", must be "agent:v1"`},
		"nodeSelector":          {func(p *corev1.Pod) { p.Spec.NodeSelector = nil }, `spec.nodeSelector.disk is unset, must be "ssd"`},
		"host network":          {func(p *corev1.Pod) { p.Spec.HostNetwork = true }, "spec.hostNetwork is true, must be unset"},
		"a container more":      {func(p *corev1.Pod) { p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: "x"}) }, "spec.containers is"},
		"volume lost":           {func(p *corev1.Pod) { p.Spec.Volumes = p.Spec.Volumes[1:] }, "spec.volumes is"},
		"limit changed":         {func(p *corev1.Pod) { p.Spec.Containers[0].Resources.Limits["memory"] = resource.MustParse("2Gi") }, `limits.memory is "2Gi", must be "1Gi"`},
		"scheduler":             {func(p *corev1.Pod) { p.Spec.SchedulerName = "mine" }, "spec.schedulerName"},
	} {
		t.Run(name, func(t *testing.T) {
			p := stored()
			tc.edit(p)
			wantErr(t, PodFromTemplate(rich(), p, "n", "new"), tc.want)
		})
	}
}

func pinned(p *corev1.Pod) []corev1.NodeSelectorTerm {
	return p.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
}

func add(p *corev1.Pod, term corev1.NodeSelectorTerm) {
	r := p.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	r.NodeSelectorTerms = append(r.NodeSelectorTerms, term)
}

func TestPodFromTemplateKeepsWhatTheTemplateSets(t *testing.T) {
	ds, p := rich(), stored()
	ds.Spec.Template.Spec.ServiceAccountName = "agent"
	wantErr(t, PodFromTemplate(ds, p, "n", "new"), `spec.serviceAccountName is "default", must be "agent"`)
	ds, p = rich(), stored()
	high := int32(1000)
	ds.Spec.Template.Spec.Priority = &high
	wantErr(t, PodFromTemplate(ds, p, "n", "new"), "spec.priority is 0, must be 1000")
	ds, p = rich(), stored()
	ds.Spec.Template.Spec.NodeName = "n"
	p.Spec.NodeName = ""
	wantErr(t, PodFromTemplate(ds, p, "n", "new"), `spec.nodeName is unset, must be "n"`)
}

// TestHostNetworkPorts: the API server gives a pod on its node's network the
// container's ports as host ports; any other host port is the controller's doing.
func TestHostNetworkPorts(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		hostNetwork bool
		hostPort    int32
		ok          bool
	}{{true, 0, true}, {true, 9400, true}, {true, 9401, false}, {false, 9400, false}} {
		template := corev1.PodSpec{HostNetwork: tc.hostNetwork, Containers: []corev1.Container{{Name: "c", Ports: []corev1.ContainerPort{{ContainerPort: 9400}}}}}
		pod := *template.DeepCopy()
		pod.Containers[0].Ports[0].HostPort = tc.hostPort
		wrong := diff("spec", plain(bare(template, template)), plain(bare(pod, template)))
		if (len(wrong) == 0) != tc.ok {
			t.Errorf("%+v: %v", tc, wrong)
		}
	}
}
