package framework

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/dsconform/dsconform/framework/history"
)

// A wait is given up once a controller has let the very first DaemonSet stand
// for Timeouts.Reaction, counted from when the wait sees it, and never else.
func TestSilenceEndsAWait(t *testing.T) {
	t.Parallel()
	set := func(name string, observed int64) *appsv1.DaemonSet {
		return &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "ns", Generation: 1}, Status: appsv1.DaemonSetStatus{ObservedGeneration: observed}}
	}
	for name, tc := range map[string]struct {
		sets []*appsv1.DaemonSet
		// late is made after 20 s.
		late  *appsv1.DaemonSet
		ended time.Duration
	}{
		"no set":                {nil, nil, 0},
		"untouched":             {[]*appsv1.DaemonSet{set("a", 0)}, nil, 30 * time.Second},
		"one of two is touched": {[]*appsv1.DaemonSet{set("a", 0), set("b", 1)}, nil, 0},
		"made late":             {nil, set("a", 0), 50 * time.Second},
		"touched by another":    {[]*appsv1.DaemonSet{set("a", 0)}, set("b", 1), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := fake.NewClientset()
				for _, ds := range tc.sets {
					if err := client.Tracker().Add(ds); err != nil {
						t.Fatal(err)
					}
				}
				recorder, err := history.Start(t.Context(), client, history.Options{Namespaces: []string{"ns"}, Log: slog.New(slog.DiscardHandler)})
				if err != nil {
					t.Fatal(err)
				}
				defer recorder.Stop()
				e := &Env{History: recorder, Timeouts: Timeouts{Reaction: 30 * time.Second}}
				begun := time.Now()
				ctx, stop := e.giveUpOnSilence(t.Context())
				defer stop()
				if tc.late != nil {
					<-time.After(20 * time.Second)
					if _, err := client.AppsV1().DaemonSets("ns").Create(ctx, tc.late, metav1.CreateOptions{}); err != nil {
						t.Fatal(err)
					}
				}
				select {
				case <-ctx.Done():
				case <-time.After(2 * time.Minute):
				}
				took := time.Since(begun)
				switch silence := (*silentError)(nil); {
				case tc.ended == 0 && ctx.Err() != nil:
					t.Errorf("it ended after %s: %v", took, context.Cause(ctx))
				case tc.ended > 0 && (!errors.As(context.Cause(ctx), &silence) || took != tc.ended):
					t.Errorf("after %s: %v; want its end after %s", took, context.Cause(ctx), tc.ended)
				}
			})
		})
	}
}
