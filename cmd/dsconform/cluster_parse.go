package main

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/dsconform/dsconform/internal/exit"
)

// parseLabels reads labels given as key=value.
func parseLabels(given []string) (map[string]string, error) {
	labels := make(map[string]string, len(given))
	for _, g := range given {
		key, value, found := strings.Cut(g, "=")
		if !found {
			return nil, exit.Usagef("--label %q is no label: it looks like key=value", g)
		}
		if err := checkPair("--label", g, key, value); err != nil {
			return nil, err
		}
		if old, twice := labels[key]; twice && old != value {
			return nil, exit.Usagef("--label %s is given with two values, %q and %q", key, old, value)
		}
		labels[key] = value
	}
	return labels, nil
}

// parseTaints reads taints given as key=value:Effect or key:Effect.
func parseTaints(given []string) ([]corev1.Taint, error) {
	var taints []corev1.Taint
	for _, g := range given {
		pair, effect, found := strings.Cut(g, ":")
		if !found {
			return nil, exit.Usagef("--taint %q is no taint: it looks like key=value:NoSchedule", g)
		}
		key, value, _ := strings.Cut(pair, "=")
		if err := checkPair("--taint", g, key, value); err != nil {
			return nil, err
		}
		switch e := corev1.TaintEffect(effect); e {
		case corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute:
			taints = append(taints, corev1.Taint{Key: key, Value: value, Effect: e})
		default:
			return nil, exit.Usagef("--taint %q has the effect %q: it must be NoSchedule, PreferNoSchedule or NoExecute", g, effect)
		}
	}
	return taints, nil
}

func checkPair(flag, given, key, value string) error {
	if wrong := validation.IsQualifiedName(key); len(wrong) > 0 {
		return exit.Usagef("%s %q: the key %q cannot be used: %s", flag, given, key, wrong[0])
	}
	if wrong := validation.IsValidLabelValue(value); len(wrong) > 0 {
		return exit.Usagef("%s %q: the value %q cannot be used: %s", flag, given, value, wrong[0])
	}
	return nil
}
