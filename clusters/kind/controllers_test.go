package kind

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

func TestControllersFlag(t *testing.T) {
	t.Parallel()
	for wish, want := range map[string]string{
		"*,-daemonset-controller":            "*,-daemonset-controller,bootstrapsigner,tokencleaner",
		"*, -daemonset-controller":           "*,-daemonset-controller,bootstrapsigner,tokencleaner",
		"*,-bootstrapsigner,tokencleaner":    "*,-bootstrapsigner,tokencleaner",
		"daemonset-controller":               "daemonset-controller,bootstrapsigner,tokencleaner",
		"*,tokencleaner,-disruption-control": "*,tokencleaner,-disruption-control,bootstrapsigner",
	} {
		if got, err := controllersFlag(wish); err != nil || got != want {
			t.Errorf("%q gave %q, %v; want %q", wish, got, err, want)
		}
	}
	for _, wish := range []string{",", "*,-", "a b", "a,\"b"} {
		if got, err := controllersFlag(wish); err == nil {
			t.Errorf("%q was taken for %q", wish, got)
		}
	}
}

const kcmPod = `apiVersion: v1
kind: Pod
metadata: {name: kube-controller-manager, namespace: kube-system, labels: {tier: control-plane}}
spec:
  hostNetwork: true
  containers:
  - name: kube-controller-manager
    image: registry.k8s.io/kube-controller-manager:v1.37.2
    command: [kube-controller-manager, "--controllers=*,bootstrapsigner,tokencleaner", --leader-elect=true]
    startupProbe: {httpGet: {host: 127.0.0.1, path: /healthz, port: probe-port, scheme: HTTPS}, failureThreshold: 24}
  securityContext: {seccompProfile: {type: RuntimeDefault}}
`

func TestWithControllersChangesTheFlagAlone(t *testing.T) {
	t.Parallel()
	edited, err := withControllers(kcmPod, "*,-x")
	if err != nil {
		t.Fatal(err)
	}
	var before, after corev1.Pod
	if err := yaml.UnmarshalStrict([]byte(kcmPod), &before); err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict([]byte(edited), &after); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(after.Spec.Containers[0].Command, " "); got != "kube-controller-manager --leader-elect=true --controllers=*,-x" {
		t.Errorf("command %q", got)
	}
	after.Spec.Containers[0].Command = before.Spec.Containers[0].Command
	if got, want := after.String(), before.String(); got != want {
		t.Errorf("more than the command changed:\n%s\nwas:\n%s", got, want)
	}
	for _, wrong := range []string{"kind: Pod\nspec: {nonsense: 1}", "kind: Pod\nspec: {containers: []}", "{"} {
		if _, err := withControllers(wrong, "*"); err == nil {
			t.Errorf("manifest %q was accepted", wrong)
		}
	}
}

func TestRunsWith(t *testing.T) {
	t.Parallel()
	pod := func(flag string, ready corev1.ConditionStatus) *corev1.Pod {
		return &corev1.Pod{
			Spec:   corev1.PodSpec{Containers: []corev1.Container{{Command: []string{"x", flag}}}},
			Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}},
		}
	}
	if ok, why := runsWith(pod("--a", corev1.ConditionTrue), "--a"); !ok {
		t.Error(why)
	}
	if ok, _ := runsWith(pod("--b", corev1.ConditionTrue), "--a"); ok {
		t.Error("a pod with the old flag was taken for the new one")
	}
	if ok, _ := runsWith(pod("--a", corev1.ConditionFalse), "--a"); ok {
		t.Error("a pod that is not ready was taken for one that is")
	}
}
