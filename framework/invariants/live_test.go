package invariants_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/retry"

	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/invariants"
	"github.com/dsconform/dsconform/framework/oracle"
)

// TestNoFalseAlarmOnAReleasedController drives the controller of a real cluster
// with a seeded sequence of edits, rollouts, broken images, deletions and label
// changes, and wants no invariant broken and every rest to be what the oracle
// says. It runs only with DSCONFORM_TEST_KUBECONFIG set; DSCONFORM_TEST_SECONDS
// (default 60) says for how long, DSCONFORM_TEST_SEED with which sequence,
// DSCONFORM_TEST_IMAGE what to run (default the pause image of the cluster's nodes).
func TestNoFalseAlarmOnAReleasedController(t *testing.T) {
	path := os.Getenv("DSCONFORM_TEST_KUBECONFIG")
	if path == "" {
		t.Skip("DSCONFORM_TEST_KUBECONFIG names no cluster")
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatal(err)
	}
	config.QPS, config.Burst = 100, 200
	s := &storm{t: t, client: kubernetes.NewForConfigOrDie(config), image: "registry.k8s.io/pause:3.10.2"}
	if image := os.Getenv("DSCONFORM_TEST_IMAGE"); image != "" {
		s.image = image
	}
	seed := number("DSCONFORM_TEST_SEED", uint64(time.Now().UnixNano()))
	t.Logf("DSCONFORM_TEST_SEED=%d", seed)
	s.random = rand.New(rand.NewPCG(seed, seed))
	s.open(seed)
	end := time.Now().Add(time.Duration(number("DSCONFORM_TEST_SECONDS", 60)) * time.Second)
	for time.Now().Before(end) && !t.Failed() {
		s.step()
	}
	s.rest()
	s.judge()
}

func number(name string, otherwise uint64) uint64 {
	if n, err := strconv.ParseUint(os.Getenv(name), 10, 64); err == nil {
		return n
	}
	return otherwise
}

// storm is one DaemonSet under seeded weather.
type storm struct {
	t       *testing.T
	client  *kubernetes.Clientset
	random  *rand.Rand
	image   string
	ns      string
	log     *history.Recorder
	nodes   []string
	version int
	rests   int
}

const name = "agent"

func (s *storm) open(seed uint64) {
	s.t.Helper()
	ctx := s.t.Context()
	s.ns = fmt.Sprintf("judge-%x", seed&0xffffff)
	_, err := s.client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.ns}}, metav1.CreateOptions{})
	s.must(err)
	s.t.Cleanup(func() {
		after, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		for _, n := range s.nodes {
			s.label(after, n, "null")
		}
		s.must(s.client.CoreV1().Namespaces().Delete(after, s.ns, metav1.DeleteOptions{}))
		s.log.Stop()
	})
	s.log, err = history.Start(ctx, s.client, history.Options{Namespaces: []string{s.ns}})
	s.must(err)
	for _, n := range s.log.State().Nodes() {
		if oracle.Decide(n, &appsv1.DaemonSet{}).Run {
			s.nodes = append(s.nodes, n.Name)
		}
	}
	grace := int64(1)
	ds := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: name}}
	ds.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}
	ds.Spec.Template.Labels = map[string]string{"app": name}
	ds.Spec.Template.Spec.TerminationGracePeriodSeconds = &grace
	ds.Spec.Template.Spec.Containers = []corev1.Container{{Name: name, Image: s.image, ImagePullPolicy: corev1.PullIfNotPresent}}
	_, err = s.client.AppsV1().DaemonSets(s.ns).Create(ctx, ds, metav1.CreateOptions{})
	s.must(err)
}

func (s *storm) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// step does one thing and then goes on at once, waits a moment, or waits for rest.
func (s *storm) step() {
	deeds := []func(){s.roll, s.roll, s.roll, s.back, s.breakImage, s.strategy, s.strategy, s.minReady, s.deletePod, s.deletePod, s.relabel}
	deeds[s.random.IntN(len(deeds))]()
	switch s.random.IntN(4) {
	case 0:
	case 1, 2:
		s.pause(time.Duration(s.random.IntN(3000)) * time.Millisecond)
	case 3:
		s.rest()
	}
}

func (s *storm) pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-s.t.Context().Done():
	}
}

// rest repairs the image and wants the rollout complete, as the oracle sees it.
func (s *storm) rest() {
	s.t.Helper()
	s.edit(func(ds *appsv1.DaemonSet) {
		ds.Spec.Template.Spec.Containers[0].Image = s.image
		if ds.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType {
			ds.Spec.UpdateStrategy = appsv1.DaemonSetUpdateStrategy{Type: appsv1.RollingUpdateDaemonSetStrategyType}
		}
	})
	ctx, cancel := context.WithTimeout(s.t.Context(), 3*time.Minute)
	defer cancel()
	err := s.log.Await(ctx, func(st *history.State) error { return oracle.RolledOut(st, st.DaemonSet(name)) })
	if err != nil {
		s.t.Errorf("after %d rests: %v", s.rests, err)
		s.judge()
		s.t.FailNow()
	}
	s.rests++
	st := s.log.State()
	ds := st.DaemonSet(name)
	cr, err := oracle.CurrentRevision(st, ds)
	s.must(err)
	for _, p := range st.PodsOf(ds) {
		if oracle.Terminating(p) {
			continue // on its way out, from a node that is no longer eligible
		}
		if err := oracle.PodFromTemplate(ds, p, oracle.TargetNode(p), oracle.Hash(cr)); err != nil {
			s.t.Error(err)
		}
	}
	for _, cr := range st.RevisionsOf(ds) {
		if err := oracle.RevisionWellFormed(cr, ds); err != nil {
			s.t.Error(err)
		}
	}
}

func (s *storm) edit(change func(*appsv1.DaemonSet)) {
	s.t.Helper()
	s.must(retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		ds, err := s.client.AppsV1().DaemonSets(s.ns).Get(s.t.Context(), name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		change(ds)
		s.log.Act("edits DaemonSet", history.KindDaemonSet, ds)
		_, err = s.client.AppsV1().DaemonSets(s.ns).Update(s.t.Context(), ds, metav1.UpdateOptions{})
		return err
	}))
}

func (s *storm) stamp(v int) {
	s.edit(func(ds *appsv1.DaemonSet) {
		ds.Spec.Template.Annotations = map[string]string{"version": strconv.Itoa(v)}
	})
}

func (s *storm) roll() { s.version++; s.stamp(s.version) }

func (s *storm) back() { s.stamp(max(0, s.version-1-s.random.IntN(3))) }

func (s *storm) breakImage() {
	s.version++
	s.edit(func(ds *appsv1.DaemonSet) {
		ds.Spec.Template.Annotations = map[string]string{"version": strconv.Itoa(s.version)}
		ds.Spec.Template.Spec.Containers[0].Image = "127.0.0.1:1/missing:v1"
	})
}

func (s *storm) strategy() {
	zero := intstr.FromInt32(0)
	values := []intstr.IntOrString{intstr.FromInt32(1), intstr.FromInt32(2), intstr.FromString("50%"), intstr.FromString("100%"), intstr.FromString("1%")}
	v := values[s.random.IntN(len(values))]
	s.edit(func(ds *appsv1.DaemonSet) {
		u := &ds.Spec.UpdateStrategy
		u.Type = appsv1.RollingUpdateDaemonSetStrategyType
		switch s.random.IntN(5) {
		case 0:
			*u = appsv1.DaemonSetUpdateStrategy{Type: appsv1.OnDeleteDaemonSetStrategyType}
		case 1, 2:
			u.RollingUpdate = &appsv1.RollingUpdateDaemonSet{MaxUnavailable: &v, MaxSurge: &zero}
		case 3, 4:
			u.RollingUpdate = &appsv1.RollingUpdateDaemonSet{MaxUnavailable: &zero, MaxSurge: &v}
		}
	})
}

func (s *storm) minReady() {
	n := int32(s.random.IntN(3)) * 2
	s.edit(func(ds *appsv1.DaemonSet) { ds.Spec.MinReadySeconds = n })
}

func (s *storm) deletePod() {
	pods := s.log.State().Pods()
	if len(pods) == 0 {
		return
	}
	p := pods[s.random.IntN(len(pods))]
	s.log.Act("deletes Pod", history.KindPod, p)
	// It may be gone already.
	_ = s.client.CoreV1().Pods(s.ns).Delete(s.t.Context(), p.Name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(p.UID))})
}

// relabel restricts the DaemonSet to labelled nodes, or not, and moves the label.
func (s *storm) relabel() {
	key := s.ns + ".dsconform.dev/in"
	n := s.nodes[s.random.IntN(len(s.nodes))]
	s.label(s.t.Context(), n, []string{`"true"`, `"true"`, "null"}[s.random.IntN(3)])
	restrict := s.random.IntN(2) == 0
	s.edit(func(ds *appsv1.DaemonSet) {
		ds.Spec.Template.Spec.NodeSelector = nil
		if restrict {
			ds.Spec.Template.Spec.NodeSelector = map[string]string{key: "true"}
		}
	})
}

func (s *storm) label(ctx context.Context, node, value string) {
	patch := fmt.Sprintf(`{"metadata":{"labels":{"%s.dsconform.dev/in":%s}}}`, s.ns, value)
	s.log.Act("labels Node", history.KindNode, &metav1.ObjectMeta{Name: node})
	_, err := s.client.CoreV1().Nodes().Patch(ctx, node, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	s.must(err)
}

func (s *storm) judge() {
	entries := s.log.Entries()
	file, err := os.Create(filepath.Join(os.TempDir(), s.ns+".jsonl"))
	s.must(err)
	defer file.Close()
	s.must(history.WriteJSONL(file, entries))
	got := invariants.Judge(entries, nil)
	for _, v := range got.Violations {
		s.t.Errorf("violation: %v", v)
	}
	if got.Unknown != "" {
		s.t.Errorf("unknown: %s", got.Unknown)
	}
	s.t.Logf("%d entries, %d rollouts at rest; the log is in %s", len(entries), s.rests, file.Name())
}
