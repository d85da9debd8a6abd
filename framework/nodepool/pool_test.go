package nodepool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/fake"
	ktesting "k8s.io/client-go/testing"
)

// The tests run in bubbles of synctest: a wait that nothing ends fails there at once.

func readyNode(name string, labels map[string]string) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
		Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}},
	}
}

// marked are the nodes that carry the label.
func marked(t *testing.T, c *fake.Clientset, label string) []string {
	t.Helper()
	list, err := c.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, n := range list.Items {
		if n.Labels[label] == "true" {
			out = append(out, n.Name)
		}
	}
	return out
}

func tableOf(t *testing.T, c *fake.Clientset) *Table {
	t.Helper()
	cm, err := c.CoreV1().ConfigMaps(Namespace).Get(t.Context(), configMap, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	table, _, err := load(cm)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestResetTakesOffWhatAKilledRunLeft(t *testing.T) {
	tainted := readyNode("tainted", nil)
	tainted.Spec.Taints = []corev1.Taint{{Key: "k", Effect: corev1.TaintEffectNoSchedule}}
	cordoned := readyNode("cordoned", nil)
	cordoned.Spec.Unschedulable = true
	silent := readyNode("silent", nil)
	silent.Status.Conditions[0].Status = corev1.ConditionUnknown
	c := fake.NewClientset(
		readyNode("a", map[string]string{LabelPrefix + "one": "true", LabelPrefix + "two": "true", "kept": "yes"}),
		readyNode("b", map[string]string{LabelPrefix: "is no mark", "lease.dsconform.example/x": "nor this"}),
		readyNode("control", map[string]string{"node-role.kubernetes.io/control-plane": ""}), tainted, cordoned, silent,
	)
	for range 2 { // again, with the table of the first time there
		if err := New(c).Reset(t.Context(), "run-1"); err != nil {
			t.Fatal(err)
		}
	}
	table := tableOf(t, c)
	if table.Run != "run-1" || len(table.Held)+len(table.Waiting) != 0 || len(table.Pool) != 2 {
		t.Fatalf("the table is %+v", table)
	}
	if a := table.Pool[0]; a.Name != "a" || len(a.Labels) != 1 || a.Labels["kept"] != "yes" {
		t.Errorf("the first candidate is %+v, want a without the marks of the last run", a)
	}
	if b := table.Pool[1]; b.Name != "b" || len(b.Labels) != 2 {
		t.Errorf("the second candidate is %+v, want b as it was", b)
	}
	patched := 0
	for _, action := range c.Actions() {
		if action.Matches("patch", "nodes") {
			patched++
		}
	}
	if patched != 1 {
		t.Errorf("%d nodes were written to, want that alone which had marks", patched)
	}
}

func TestALeaseMarksItsNodesUntilItIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fake.NewClientset(readyNode("a", nil), readyNode("b", nil), readyNode("c", nil))
		p := New(c)
		if err := p.Reset(t.Context(), "run-1"); err != nil {
			t.Fatal(err)
		}
		lease, err := p.Acquire(t.Context(), "DS-X-001", "tok", Need{Workers: 2, Exclusive: true})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(lease.Nodes, []string{"a", "b"}) || !slices.Equal(marked(t, c, lease.Label), lease.Nodes) || lease.Label != LabelPrefix+"tok" {
			t.Errorf("the lease is %+v, marked are %v", lease, marked(t, c, lease.Label))
		}
		if table := tableOf(t, c); len(table.Held) != 1 || len(table.Waiting) != 0 || !slices.Equal(table.Held[0].Nodes, lease.Nodes) {
			t.Errorf("the table is %+v", table)
		}
		// A node that has gone meanwhile is no error, and does not keep the others marked.
		if err = c.CoreV1().Nodes().Delete(t.Context(), "a", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		if err = lease.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		if left := marked(t, c, lease.Label); len(left) != 0 {
			t.Errorf("still marked are %v", left)
		}
		if table := tableOf(t, c); len(table.Held) != 0 {
			t.Errorf("the table is %+v", table)
		}
	})
}

func TestALeaseThatCannotBeMarkedIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fake.NewClientset(readyNode("a", nil), readyNode("b", nil), readyNode("c", nil))
		p := New(c)
		if err := p.Reset(t.Context(), "run-1"); err != nil {
			t.Fatal(err)
		}
		refused := apierrors.NewForbidden(schema.GroupResource{Resource: "nodes"}, "b", errors.New("not yours"))
		c.PrependReactor("patch", "nodes", func(action ktesting.Action) (bool, runtime.Object, error) {
			patch := action.(ktesting.PatchAction)
			return patch.GetName() == "b" && strings.Contains(string(patch.GetPatch()), "true"), nil, refused
		})
		_, err := p.Acquire(t.Context(), "DS-X-001", "tok", Need{Workers: 3})
		if !errors.Is(err, refused) || !strings.HasPrefix(err.Error(), "mark node b as leased: ") {
			t.Errorf("got %v", err)
		}
		if left := marked(t, c, LabelPrefix+"tok"); len(left) != 0 {
			t.Errorf("still marked are %v", left)
		}
		if table := tableOf(t, c); len(table.Held)+len(table.Waiting) != 0 {
			t.Errorf("the table is %+v", table)
		}
	})
}

func TestAReleaseGoesOnPastANodeThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fake.NewClientset(readyNode("a", nil), readyNode("b", nil), readyNode("c", nil))
		p := New(c)
		if err := p.Reset(t.Context(), "run-1"); err != nil {
			t.Fatal(err)
		}
		lease, err := p.Acquire(t.Context(), "DS-X-001", "tok", Need{Workers: 3})
		if err != nil {
			t.Fatal(err)
		}
		c.PrependReactor("patch", "nodes", func(action ktesting.Action) (bool, runtime.Object, error) {
			name := action.(ktesting.PatchAction).GetName()
			return name != "b", nil, errors.New("no answer for " + name)
		})
		err = lease.Release(t.Context())
		if want := "mark node a as leased: no answer for a\nmark node c as leased: no answer for c"; err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		if left := marked(t, c, lease.Label); !slices.Equal(left, []string{"a", "c"}) {
			t.Errorf("marked are %v", left)
		}
		if table := tableOf(t, c); len(table.Held) != 0 {
			t.Errorf("the lease is still held: %+v", table)
		}
	})
}

func TestMoreNodesThanThereAreIsRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fake.NewClientset(readyNode("a", map[string]string{"disk": "ssd"}), readyNode("b", nil))
		p := New(c)
		if err := p.Reset(t.Context(), "run-1"); err != nil {
			t.Fatal(err)
		}
		_, err := p.Acquire(t.Context(), "DS-X-001", "tok", Need{Workers: 2, Labels: map[string]string{"disk": "ssd"}})
		if !errors.Is(err, ErrTooFew) || !strings.Contains(err.Error(), "2 Ready workers without taints are asked for, and the cluster has 1") {
			t.Errorf("got %v", err)
		}
		if table := tableOf(t, c); len(table.Waiting) != 0 {
			t.Errorf("the ticket waits all the same: %+v", table)
		}
	})
}

// waitingFor starts to acquire one node while another lease holds the only one.
// It gives that lease, the watches that the wait has opened, and its outcome.
func waitingFor(ctx context.Context, t *testing.T, c *fake.Clientset) (*Lease, *[]watch.Interface, chan error) {
	t.Helper()
	p := New(c)
	if err := p.Reset(ctx, "run-1"); err != nil {
		t.Fatal(err)
	}
	first, err := p.Acquire(ctx, "DS-X-001", "one", Need{Workers: 1, Exclusive: true})
	if err != nil {
		t.Fatal(err)
	}
	var opened []watch.Interface
	c.PrependWatchReactor("configmaps", func(action ktesting.Action) (bool, watch.Interface, error) {
		options := action.(ktesting.WatchActionImpl).ListOptions
		if options.FieldSelector != "metadata.name=nodepool" || *options.TimeoutSeconds != 300 {
			t.Errorf("the watch is of %q, for %d s", options.FieldSelector, *options.TimeoutSeconds)
		}
		w, failed := c.Tracker().Watch(schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}, Namespace)
		opened = append(opened, w)
		return true, w, failed
	})
	done := make(chan error, 1)
	go func() {
		second, failed := p.Acquire(ctx, "DS-X-002", "two", Need{Workers: 1, Exclusive: true})
		if failed == nil && !slices.Equal(second.Nodes, []string{"a"}) {
			failed = fmt.Errorf("it has %v", second.Nodes)
		}
		done <- failed
	}()
	synctest.Wait()
	return first, &opened, done
}

func TestWhoWaitsIsServedOnceALeaseIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fake.NewClientset(readyNode("a", nil))
		first, opened, done := waitingFor(t.Context(), t, c)
		waits := func(watches int) {
			t.Helper()
			synctest.Wait()
			if len(*opened) != watches || len(tableOf(t, c).Waiting) == 0 {
				t.Errorf("%d watches were opened, want %d; the table is %+v", len(*opened), watches, tableOf(t, c))
			}
		}
		waits(1)
		// What changes nothing for the one who waits is seen by the same watch.
		if err := first.pool.update(t.Context(), func(table *Table) { table.Enqueue(Ticket{Token: "three", Need: Need{Workers: 1}}) }); err != nil {
			t.Fatal(err)
		}
		waits(1)
		(*opened)[0].Stop() // as the API server does after a while
		waits(2)
		if err := first.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		if table := tableOf(t, c); len(table.Held) != 1 || table.Held[0].Token != "two" || len(table.Waiting) != 1 {
			t.Errorf("the table is %+v", table)
		}
	})
}

func TestWhoGivesUpLeavesTheQueueAndSaysWhatItWaitedFor(t *testing.T) {
	const begun = "lease nodes for DS-X-002: gave up waiting (0 of 1 fitting nodes are free, 1 are asked for): "
	interrupted := errors.New("the user interrupted")
	for name, tc := range map[string]struct {
		end  func(c *fake.Clientset, opened []watch.Interface, cancel context.CancelCauseFunc)
		want string
	}{
		"its time is over": {func(_ *fake.Clientset, _ []watch.Interface, cancel context.CancelCauseFunc) { cancel(interrupted) }, begun + "the user interrupted"},
		"no watch can be had": {func(c *fake.Clientset, opened []watch.Interface, _ context.CancelCauseFunc) {
			c.PrependWatchReactor("configmaps", func(ktesting.Action) (bool, watch.Interface, error) { return true, nil, errors.New("refused") })
			opened[0].Stop()
		}, begun + "refused"},
		"no watch can be had, for its time is over": {func(c *fake.Clientset, opened []watch.Interface, cancel context.CancelCauseFunc) {
			c.PrependWatchReactor("configmaps", func(ktesting.Action) (bool, watch.Interface, error) {
				cancel(interrupted)
				return true, nil, errors.New("refused")
			})
			opened[0].Stop()
		}, begun + "the user interrupted"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				c := fake.NewClientset(readyNode("a", nil))
				_, opened, done := waitingFor(ctx, t, c)
				tc.end(c, *opened, cancel)
				if err := <-done; err == nil || err.Error() != tc.want {
					t.Errorf("got  %v\nwant %s", err, tc.want)
				}
				if table := tableOf(t, c); len(table.Waiting) != 0 || len(table.Held) != 1 {
					t.Errorf("the table is %+v", table)
				}
			})
		})
	}
}

func TestAChangeThatOthersWereQuickerWithIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fake.NewClientset(readyNode("a", nil))
		p := New(c)
		if err := p.Reset(t.Context(), "run-1"); err != nil {
			t.Fatal(err)
		}
		tries := 0
		c.PrependReactor("update", "configmaps", func(ktesting.Action) (bool, runtime.Object, error) {
			tries++
			return tries < 3, nil, apierrors.NewConflict(schema.GroupResource{Resource: "configmaps"}, configMap, errors.New("others were quicker"))
		})
		start := time.Now()
		if _, err := p.Acquire(t.Context(), "DS-X-001", "one", Need{Workers: 1}); err != nil || tries != 3 {
			t.Errorf("%v after %d tries, want the third to do", err, tries)
		}
		if took := time.Since(start); took < 100*time.Millisecond || took > 200*time.Millisecond {
			t.Errorf("two pauses took %s, want 50 to 100 ms each", took)
		}
		if table := tableOf(t, c); len(table.Held) != 1 {
			t.Errorf("the table is %+v", table)
		}
		// A change that changes nothing is not written.
		if err := p.drop(t.Context(), "nobody's"); err != nil || tries != 3 {
			t.Errorf("%v, %d writes", err, tries)
		}
	})
}

// The API server may do what is asked and yet not come to say so.
func TestALeaseGrantedUnheardIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fake.NewClientset(readyNode("a", nil), readyNode("b", nil))
		p := New(c)
		if err := p.Reset(t.Context(), "run-1"); err != nil {
			t.Fatal(err)
		}
		writes := 0
		c.PrependReactor("update", "configmaps", func(action ktesting.Action) (bool, runtime.Object, error) {
			if writes++; writes > 1 {
				return false, nil, nil
			}
			done := c.Tracker().Update(schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}, action.(ktesting.UpdateAction).GetObject(), Namespace)
			return true, nil, errors.Join(done, apierrors.NewConflict(schema.GroupResource{Resource: "configmaps"}, configMap, errors.New("it was written twice")))
		})
		lease, err := p.Acquire(t.Context(), "DS-X-001", "one", Need{Workers: 1, Exclusive: true})
		if err != nil || !slices.Equal(lease.Nodes, []string{"a"}) || writes != 1 {
			t.Fatalf("got %+v and %v after %d writes", lease, err, writes)
		}
		if table := tableOf(t, c); len(table.Held) != 1 || len(table.Waiting) != 0 {
			t.Errorf("the table is %+v", table)
		}
	})
}

func TestATableSpoiltMeanwhileEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fake.NewClientset(readyNode("a", nil))
		p := New(c)
		if err := p.Reset(t.Context(), "run-1"); err != nil {
			t.Fatal(err)
		}
		spoilt := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: Namespace, Name: configMap}, BinaryData: map[string][]byte{tableKey: []byte("hello")}}
		if _, err := c.CoreV1().ConfigMaps(Namespace).Update(t.Context(), spoilt, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		_, err := p.Acquire(t.Context(), "DS-X-001", "one", Need{Workers: 1})
		want := "update the table of leases dsconform-system/nodepool: the 5 bytes of its table.json.gz are no table of leases"
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v", err)
		}
	})
}
