package faults

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
)

// each runs the test for a client of each encoding.
func each(t *testing.T, do func(t *testing.T, s *scene)) {
	t.Helper()
	for name, contentType := range encodings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			do(t, newScene(t, contentType))
		})
	}
}

// nothing judges that the watch has told of nothing.
func nothing(t *testing.T, w watch.Interface) {
	t.Helper()
	select {
	case event := <-w.ResultChan():
		t.Fatalf("the watch told of %+v", event)
	default:
	}
}

// expired judges that the watch ends, with 410.
func expired(t *testing.T, w watch.Interface) {
	t.Helper()
	event := <-w.ResultChan()
	if event.Type != watch.Error || !apierrors.IsResourceExpired(apierrors.FromObject(event.Object)) {
		t.Fatalf("the watch gave %+v", event)
	}
	if event, open := <-w.ResultChan(); open {
		t.Fatalf("after its end the watch gave %+v", event)
	}
}

func TestChangesPassAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		w := s.watch(t)
		for _, name := range []string{"a", "b", "c"} {
			s.server.add(name)
			if got := named(t, w); got != name {
				t.Errorf("the watch told of %s, not %s", got, name)
			}
		}
	})
}

func TestAFrozenWatchIsStale(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		w := s.watch(t)
		s.set(t, Rule{Name: "frozen", Match: Watch("pods"), Effect: Freeze})
		s.server.add("a")
		s.await(t, "frozen", 1)
		s.server.add("b")
		nothing(t, w)
		if deeds := s.lift(t, "frozen"); len(deeds) != 1 || deeds[0].Request != "watch pods" {
			t.Errorf("recorded is %+v", deeds)
		}
		if first, second := named(t, w), named(t, w); first != "a" || second != "b" {
			t.Errorf("the watch told of %s and %s", first, second)
		}
	})
}

func TestADelayedWatchKeepsItsOrder(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		const lag = 100 * time.Millisecond
		w := s.watch(t)
		s.set(t, Rule{Name: "delayed", Match: Watch("pods"), Effect: Delay, For: lag})
		begun := time.Now()
		s.server.add("a")
		s.server.add("b")
		if first, second := named(t, w), named(t, w); first != "a" || second != "b" || time.Since(begun) < lag {
			t.Errorf("the watch told of %s and %s after %s", first, second, time.Since(begun))
		}
		s.lift(t, "delayed")
		s.set(t, Rule{Name: "hours", Match: Watch("pods"), Effect: Delay, For: time.Hour})
		s.server.add("c")
		s.await(t, "hours", 1)
		nothing(t, w)
		s.lift(t, "hours")
		if got := named(t, w); got != "c" {
			t.Errorf("once lifted, the watch told of %s", got)
		}
	})
}

func TestAWatchThatLostChangesExpires(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		w := s.watch(t)
		s.set(t, Rule{Name: "dropped", Match: Watch("pods"), Effect: Drop, Times: 1})
		s.server.add("a")
		s.server.add("b")
		if got := named(t, w); got != "b" {
			t.Errorf("the watch told of %s", got)
		}
		s.lift(t, "dropped")
		expired(t, w)
	})
}

func TestOpenWatchesExpireAndClose(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		w := s.watch(t)
		s.set(t, Rule{Name: "gone", Match: Watch("pods"), Effect: Expire, Times: 1})
		expired(t, w)
		w = s.watch(t)
		s.server.add("a")
		if got := named(t, w); got != "a" {
			t.Errorf("the next watch told of %s", got)
		}
		s.set(t, Rule{Name: "closed", Match: Watch("pods"), Effect: Close, Times: 1})
		if event, open := <-w.ResultChan(); open {
			t.Errorf("the closed watch gave %+v", event)
		}
	})
}

func TestAnInformerSeesWhatItsWatchLost(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		factory := informers.NewSharedInformerFactory(s.client, 0)
		informer := factory.Core().V1().Pods().Informer()
		seen := make(chan string, 10)
		_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: func(o any) {
			if pod, ok := o.(*corev1.Pod); ok {
				seen <- pod.Name
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		factory.Start(t.Context().Done())
		factory.WaitForCacheSync(t.Context().Done())
		s.server.add("a")
		if got := <-seen; got != "a" {
			t.Errorf("first it saw %s", got)
		}
		s.set(t, Rule{Name: "dropped", Match: Watch("pods"), Effect: Drop})
		s.server.add("b")
		s.server.add("c")
		s.await(t, "dropped", 2)
		select {
		case name := <-seen:
			t.Errorf("it saw %s, which its watch had lost", name)
		default:
		}
		s.lift(t, "dropped")
		if both := <-seen + <-seen; both != "bc" && both != "cb" {
			t.Errorf("it saw %s, not b and c", both)
		}
	})
}

func TestStreamsOfUnknownFramingPass(t *testing.T) {
	t.Parallel()
	if framingOf("application/cbor-seq").failure != nil || framingOf("").next == nil {
		t.Error("an unknown framing is taken for a known one")
	}
}
