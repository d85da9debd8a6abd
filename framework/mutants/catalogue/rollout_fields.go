package catalogue

import (
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework/mutants/rig"
)

// overlooked are the parts of a template of which a controller may overlook a change.
func overlooked() []Mutant {
	containers := func(keep func(now, first *corev1.Container)) func(now, first *corev1.PodTemplateSpec) {
		return func(now, first *corev1.PodTemplateSpec) {
			for i := range min(len(now.Spec.Containers), len(first.Spec.Containers)) {
				keep(&now.Spec.Containers[i], &first.Spec.Containers[i])
			}
		}
	}
	var out []Mutant
	for _, f := range []struct {
		id, what string
		keep     func(now, first *corev1.PodTemplateSpec)
	}{
		{"template-labels", "its labels", func(now, first *corev1.PodTemplateSpec) { now.Labels = first.Labels }},
		{"template-annotations", "its annotations", func(now, first *corev1.PodTemplateSpec) { now.Annotations = first.Annotations }},
		{"all-but-images", "anything but the containers' images", func(now, first *corev1.PodTemplateSpec) {
			changed := now.DeepCopy()
			first.DeepCopyInto(now)
			containers(func(now, changed *corev1.Container) { now.Image = changed.Image })(now, changed)
		}},
		{"all-but-containers", "anything but the containers", func(now, first *corev1.PodTemplateSpec) {
			changed := now.Spec.Containers
			first.DeepCopyInto(now)
			now.Spec.Containers = changed
		}},
		{"pull-policy", "imagePullPolicy", containers(func(now, first *corev1.Container) { now.ImagePullPolicy = first.ImagePullPolicy })},
		{"arguments", "command and arguments", containers(func(now, first *corev1.Container) { now.Command, now.Args = first.Command, first.Args })},
		{"environment", "the environment", containers(func(now, first *corev1.Container) { now.Env, now.EnvFrom = first.Env, first.EnvFrom })},
		{"variables-taken-away", "variables that are taken away", containers(func(now, first *corev1.Container) {
			if len(first.Env) < len(now.Env) {
				first.Env = now.Env
			}
			if len(now.Env) < len(first.Env) {
				now.Env = first.Env
			}
		})},
		{"resources", "requests and limits", containers(func(now, first *corev1.Container) { now.Resources = first.Resources })},
		{"ports", "ports", containers(func(now, first *corev1.Container) { now.Ports = first.Ports })},
		{"probes", "probes", containers(func(now, first *corev1.Container) {
			now.LivenessProbe, now.ReadinessProbe, now.StartupProbe = first.LivenessProbe, first.ReadinessProbe, first.StartupProbe
		})},
		{"hooks", "hooks", containers(func(now, first *corev1.Container) { now.Lifecycle = first.Lifecycle })},
		{"security-contexts", "security contexts of containers", containers(func(now, first *corev1.Container) { now.SecurityContext = first.SecurityContext })},
		{"volumes", "volumes and mounts", func(now, first *corev1.PodTemplateSpec) {
			now.Spec.Volumes = first.Spec.Volumes
			containers(func(now, first *corev1.Container) { now.VolumeMounts = first.VolumeMounts })(now, first)
		}},
		{"grace-period", "the grace period", func(now, first *corev1.PodTemplateSpec) {
			now.Spec.TerminationGracePeriodSeconds = first.Spec.TerminationGracePeriodSeconds
		}},
		{"tolerations", "tolerations", func(now, first *corev1.PodTemplateSpec) { now.Spec.Tolerations = first.Spec.Tolerations }},
		{"service-account", "the service account", func(now, first *corev1.PodTemplateSpec) {
			now.Spec.ServiceAccountName, now.Spec.DeprecatedServiceAccount = first.Spec.ServiceAccountName, first.Spec.DeprecatedServiceAccount
		}},
		{"priority-class", "the priority class", func(now, first *corev1.PodTemplateSpec) { now.Spec.PriorityClassName = first.Spec.PriorityClassName }},
		{"init-containers", "init containers", func(now, first *corev1.PodTemplateSpec) { now.Spec.InitContainers = first.Spec.InitContainers }},
		{"further-containers", "containers but the first", func(now, first *corev1.PodTemplateSpec) {
			now.Spec.Containers = append(now.Spec.Containers[:1:1], first.Spec.Containers[1:]...)
		}},
	} {
		out = append(out, Mutant{
			ID:         "overlooks-" + f.id,
			Notice:     "A change of the template in " + f.what + " reaches no pod, and the status says that all are up to date.",
			Clauses:    []string{"DS-RUM-023"},
			Injection:  "view: templates keep what they first said of it",
			ModelledOn: "Comparing or hashing the parts of a template that one knows.",
			Inject:     remembering(f.keep),
		})
	}
	return out
}

// remembering shows each DaemonSet with the template that keep makes of its own and
// the first one, which keep may change, too.
func remembering(keep func(now, first *corev1.PodTemplateSpec)) inject {
	return func(s *rig.Setup) {
		var mu sync.Mutex
		first := map[string]*corev1.PodTemplateSpec{}
		s.Wire.DaemonSets.See(func(ds *appsv1.DaemonSet) bool {
			mu.Lock()
			defer mu.Unlock()
			uid := string(ds.UID)
			if first[uid] == nil {
				first[uid] = ds.Spec.Template.DeepCopy()
			}
			keep(&ds.Spec.Template, first[uid])
			return true
		})
	}
}
