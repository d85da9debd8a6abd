package await

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// rest is how many times as long as done took it is left alone, so that looking
// at thousands of objects after each event takes no more than a tenth of a core
// from those who bring about what is waited for.
const rest = 9

// Until watches the objects of one kind until done says that what is waited
// for is there. done gets all objects, after the first list and when events have
// come since; its second answer says what is still missing and stands in the
// error if ctx ends first.
func Until[T any, P object[T]](ctx context.Context, lw cache.ListerWatcher, what string, done func([]P) (bool, string)) error {
	outer := ctx
	ctx, cancel := context.WithCancel(klog.NewContext(ctx, logr.Discard()))
	defer cancel()

	informer := cache.NewSharedInformer(lw, P(new(T)), 0)
	troubles := &lastError{}
	if err := informer.SetWatchErrorHandlerWithContext(func(_ context.Context, _ *cache.Reflector, err error) { troubles.set(err) }); err != nil {
		return fmt.Errorf("waiting for %s: %w", what, err)
	}
	changed := make(chan struct{}, 1)
	poke := func() {
		select {
		case changed <- struct{}{}:
		default: // one is due already
		}
	}
	handle, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { poke() },
		UpdateFunc: func(any, any) { poke() },
		DeleteFunc: func(any) { poke() },
	})
	if err != nil {
		return fmt.Errorf("waiting for %s: %w", what, err)
	}
	var running sync.WaitGroup
	running.Go(func() { informer.RunWithContext(ctx) })
	defer func() { cancel(); running.Wait() }()

	missing := "nothing was heard of the API server"
	synced := handle.HasSyncedChecker().Done()
	for {
		select {
		case <-outer.Done():
			if err := troubles.get(); err != nil {
				missing += fmt.Sprintf(" (last answer: %v)", err)
			}
			return fmt.Errorf("waiting for %s: %s: %w", what, missing, context.Cause(outer))
		case <-synced:
			synced = nil // an empty list brings no event: look once all the same
		case <-changed:
			if !handle.HasSynced() {
				continue
			}
		}
		var ok bool
		begun := time.Now()
		if ok, missing = done(typed[P](informer.GetStore().List())); ok {
			return nil
		}
		select {
		case <-outer.Done():
		case <-time.After(rest * time.Since(begun)):
		}
	}
}

// object is a pointer to an API type.
type object[T any] interface {
	*T
	runtime.Object
}

func typed[P runtime.Object](list []any) []P {
	objects := make([]P, 0, len(list))
	for _, o := range list {
		if t, ok := o.(P); ok {
			objects = append(objects, t)
		}
	}
	return objects
}

// lastError keeps the last trouble of a watch for the message of the one who waited.
type lastError struct {
	mu  sync.Mutex
	err error
}

func (l *lastError) set(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
}

func (l *lastError) get() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}
