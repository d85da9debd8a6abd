package histories

import (
	"fmt"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// gate is the readiness gate that a stuck template has and nobody opens.
const gate = "history.dsconform.dev/never"

// The marks of a template.
const (
	versionMark = "history.dsconform.dev/version"
	labelMark   = "history.dsconform.dev/label"
)

// daemonSet gives the suite's plain DaemonSet with the template, on the nodes of
// the history alone.
func (p *player) daemonSet(called string, t Template) *appsv1.DaemonSet {
	return p.e.DaemonSet(called, func(ds *appsv1.DaemonSet) {
		template := &ds.Spec.Template
		template.Spec.NodeSelector[p.e.Key("node")] = "true"
		if t.Version != 0 {
			version := strconv.Itoa(t.Version)
			template.Annotations = map[string]string{versionMark: version}
			template.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "HISTORY_VERSION", Value: version}}
		}
		if t.Label != "" {
			template.Labels[labelMark] = t.Label
		}
		if t.Tier != "" {
			template.Spec.NodeSelector[p.e.Key("tier")] = t.Tier
		}
		if t.Tolerates {
			template.Spec.Tolerations = []corev1.Toleration{{Key: p.e.Key("taint"), Operator: corev1.TolerationOpExists}}
		}
		if t.Stuck {
			template.Spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: gate}}
		}
	})
}

// stuck tells whether no pod of the template becomes ready.
func stuck(t corev1.PodTemplateSpec) bool { return len(t.Spec.ReadinessGates) > 0 }

func (s Strategy) object() appsv1.DaemonSetUpdateStrategy {
	if s.OnDelete {
		return appsv1.DaemonSetUpdateStrategy{Type: appsv1.OnDeleteDaemonSetStrategyType}
	}
	unavailable, surge := intstr.Parse(s.MaxUnavailable), intstr.Parse(s.MaxSurge)
	return appsv1.DaemonSetUpdateStrategy{
		Type:          appsv1.RollingUpdateDaemonSetStrategyType,
		RollingUpdate: &appsv1.RollingUpdateDaemonSet{MaxUnavailable: &unavailable, MaxSurge: &surge},
	}
}

// String says the edit in words.
func (e Edit) String() string {
	words := string(e.Do)
	switch {
	case e.Template != nil:
		words += " " + e.Template.String()
	case e.Strategy != nil:
		words += " " + e.Strategy.String()
	case e.MinReadySeconds != nil:
		words += fmt.Sprintf(" %d", *e.MinReadySeconds)
	case e.Do == Undo:
		words += fmt.Sprintf(" %d back", e.Back)
	}
	if e.Node != 0 {
		words += fmt.Sprintf(" %d", e.Node)
	}
	switch {
	case e.Tier != "":
		words += " tier " + e.Tier
	case e.Do == LabelNode:
		words += " no tier"
	}
	if e.Effect != "" {
		words += " " + e.Effect
	}
	if e.Force {
		words += " without grace"
	}
	return words + ", then " + string(e.Then)
}

// String says the template in words.
func (t Template) String() string {
	words := []string{fmt.Sprintf("version %d", t.Version)}
	add := func(is bool, word string) {
		if is {
			words = append(words, word)
		}
	}
	add(t.Label != "", "label "+t.Label)
	add(t.Tier != "", "tier "+t.Tier)
	add(t.Tolerates, "tolerates")
	add(t.Stuck, "stuck")
	return strings.Join(words, " ")
}

// String says the strategy in words.
func (s Strategy) String() string {
	if s.OnDelete {
		return "OnDelete"
	}
	return "maxUnavailable " + s.MaxUnavailable + " maxSurge " + s.MaxSurge
}
