package kind

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestTheManifestIsMovedOnlyIfItIsThere(t *testing.T) {
	t.Parallel()
	c, e := fakeCluster(t)
	e.put(t, "out", "yes\n")
	if err := c.moveManifest(t.Context(), "c-control-plane", kcmManifest, kcmParked); err != nil {
		t.Fatal(err)
	}
	if want := "if [ -e " + kcmManifest + " ]; then mv " + kcmManifest + " " + kcmParked; !strings.Contains(e.calls(t), want) {
		t.Errorf("no %q in\n%s", want, e.calls(t))
	}
	if has, err := c.exists(t.Context(), "c-control-plane", kcmParked); err != nil || !has {
		t.Errorf("a file that is there: %v, %v", has, err)
	}
	e.put(t, "out", "")
	if has, err := c.exists(t.Context(), "c-control-plane", kcmParked); err != nil || has {
		t.Errorf("a file that is not there: %v, %v", has, err)
	}
	e.put(t, "code", "1")
	if err := c.moveManifest(t.Context(), "c-control-plane", kcmManifest, kcmParked); err == nil {
		t.Error("a move that fails is none")
	}
}

func TestStoppedAndStartedPods(t *testing.T) {
	t.Parallel()
	pod := &corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodRunning}}
	if ok, _ := podGone([]*corev1.Pod{pod}); ok {
		t.Error("a pod that is there is gone")
	}
	if ok, _ := podGone(nil); !ok {
		t.Error("no pod is there, and it is not gone")
	}
	if ok, why := podReady(nil); ok || why == "" {
		t.Errorf("no pod: %v %s", ok, why)
	}
	if ok, why := podReady([]*corev1.Pod{pod}); ok || !strings.Contains(why, "not ready") {
		t.Errorf("a pod that starts: %v %s", ok, why)
	}
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	if ok, _ := podReady([]*corev1.Pod{pod}); !ok {
		t.Error("a pod that is ready is not")
	}
}
