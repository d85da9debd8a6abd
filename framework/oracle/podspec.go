package oracle

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// bare strips from a pod's spec what is judged elsewhere (affinity,
// tolerations) and what others than the controller fill in where the template
// leaves it open: the scheduler the node, admission plug-ins service account,
// token volume, priority, pull secrets and overhead, API defaulting requests and service links.
func bare(spec, template corev1.PodSpec) corev1.PodSpec {
	out := *spec.DeepCopy()
	out.Affinity, out.Tolerations = nil, nil
	out.EphemeralContainers = nil
	if template.NodeName == "" {
		out.NodeName = ""
	}
	if template.ServiceAccountName == "" {
		out.ServiceAccountName = ""
	}
	// An alias of serviceAccountName that the API keeps equal to it.
	out.DeprecatedServiceAccount = ""
	if template.Priority == nil {
		out.Priority = nil
	}
	if template.PriorityClassName == "" {
		// A cluster may have a default class.
		out.PriorityClassName = ""
	}
	if template.PreemptionPolicy == nil {
		out.PreemptionPolicy = nil
	}
	if template.EnableServiceLinks == nil {
		out.EnableServiceLinks = nil
	}
	if len(template.ImagePullSecrets) == 0 {
		out.ImagePullSecrets = nil
	}
	if template.Overhead == nil {
		out.Overhead = nil
	}
	out.Volumes = slices.DeleteFunc(out.Volumes, func(v corev1.Volume) bool {
		return isTokenVolume(v.Name) && !slices.ContainsFunc(template.Volumes, func(t corev1.Volume) bool { return t.Name == v.Name })
	})
	out.InitContainers = bareContainers(out.InitContainers, template.InitContainers, template.HostNetwork)
	out.Containers = bareContainers(out.Containers, template.Containers, template.HostNetwork)
	return out
}

// isTokenVolume knows the volume that the ServiceAccount admission plug-in projects.
func isTokenVolume(name string) bool { return strings.HasPrefix(name, "kube-api-access-") }

func bareContainers(got, template []corev1.Container, hostNetwork bool) []corev1.Container {
	for i := range got {
		c := &got[i]
		var t corev1.Container
		if i < len(template) {
			t = template[i]
		}
		c.VolumeMounts = slices.DeleteFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool {
			return isTokenVolume(m.Name) && !slices.ContainsFunc(t.VolumeMounts, func(o corev1.VolumeMount) bool { return o.Name == m.Name })
		})
		// Pods default requests to limits; templates do not. Quotas' defaults (LimitRange) fill what is left open.
		for _, list := range []struct{ got, template corev1.ResourceList }{
			{c.Resources.Requests, t.Resources.Requests}, {c.Resources.Limits, t.Resources.Limits},
		} {
			for name := range list.got {
				if _, ok := list.template[name]; !ok {
					delete(list.got, name)
				}
			}
		}
		// On the node's network a pod's port is the node's; templates stopped saying so with 1.28.
		for j := range c.Ports {
			if p := &c.Ports[j]; hostNetwork && p.HostPort == p.ContainerPort && j < len(t.Ports) && t.Ports[j].HostPort == 0 {
				p.HostPort = 0
			}
		}
	}
	return got
}

// plain turns a value into what JSON makes of it, so that quantities compare
// by their canonical form and unset equals empty.
func plain(v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		return err.Error()
	}
	return out
}

// diff says, path by path, where got differs from want.
func diff(path string, want, got any) []string {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok && got != nil {
			break
		}
		keys := maps.Clone(w)
		if keys == nil {
			keys = map[string]any{}
		}
		maps.Copy(keys, g)
		var out []string
		for _, k := range slices.Sorted(maps.Keys(keys)) {
			out = append(out, diff(path+"."+k, w[k], g[k])...)
		}
		return out
	case []any:
		g, ok := got.([]any)
		if !ok && got != nil || len(g) != len(w) {
			break
		}
		var out []string
		for i := range w {
			out = append(out, diff(fmt.Sprintf("%s[%d]", path, i), w[i], g[i])...)
		}
		return out
	}
	if empty(want) && empty(got) {
		return nil
	}
	if a, b := Short(want), Short(got); a != b {
		return []string{fmt.Sprintf("%s is %s, must be %s", path, b, a)}
	}
	return nil
}

func empty(v any) bool {
	switch x := v.(type) {
	case nil:
		return true
	case map[string]any:
		return len(x) == 0
	case []any:
		return len(x) == 0
	}
	return false
}

// Short words a value of a JSON document as JSON; one that is missing is "unset".
func Short(v any) string {
	if v == nil {
		return "unset"
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(raw)
}
