package wire

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

type readCloser = io.ReadCloser

// View is how a controller sees the objects of one kind. Its functions are
// called with no lock held, from several goroutines.
type View[T any] struct {
	resource string
	see      []func(*T) bool
	fates    []func(Change[T]) Fate
	deaf     bool

	mu sync.Mutex
	// stored are the objects as the API server last told of them.
	stored map[types.NamespacedName]*T
	// shown tells of which of them the client knows.
	shown   map[types.NamespacedName]bool
	streams map[*stream[T]]struct{}
}

// Change is a change that a watch tells of.
type Change[T any] struct {
	// Type is ADDED, MODIFIED or DELETED, as the API server has it.
	Type watch.EventType
	// Old is the object as it was last told of; nil if it was not.
	Old *T
	// New is the object as it is stored, or was when it was deleted.
	New *T
}

// Fate is what becomes of a change that a watch tells of.
type Fate struct {
	// Lose keeps the change from the client. It learns of the object's state by
	// its next change, or when it lists anew.
	Lose bool
	// After holds the change back so long, and with it all later ones of the same object.
	After time.Duration
	// Twice tells of the change twice.
	Twice bool
}

func newView[T any](resource string) *View[T] {
	return &View[T]{
		resource: resource, stored: map[types.NamespacedName]*T{}, shown: map[types.NamespacedName]bool{},
		streams: map[*stream[T]]struct{}{},
	}
}

// See has f change every object before the client sees it; where f gives false,
// the client does not see it at all. The object is f's to change.
func (v *View[T]) See(f func(*T) bool) { v.see = append(v.see, f) }

// Change has f judge every change that a watch tells of. Of several fates the
// delays add up. What a watch begins with is no change.
func (v *View[T]) Change(f func(Change[T]) Fate) { v.fates = append(v.fates, f) }

// Lag holds every change back so long, in their order.
func (v *View[T]) Lag(d time.Duration) {
	v.Change(func(Change[T]) Fate { return Fate{After: d} })
}

// Deaf has the client not learn that a watch has broken off: it goes on waiting
// for what does not come. A watch that ends by an error of the API server ends.
func (v *View[T]) Deaf() { v.deaf = true }

// Stored gives a copy of an object as the API server last told of it; nil if it
// did not, or the object is gone.
func (v *View[T]) Stored(namespace, name string) *T {
	v.mu.Lock()
	o := v.stored[types.NamespacedName{Namespace: namespace, Name: name}]
	v.mu.Unlock()
	if o == nil {
		return nil
	}
	return duplicate(o)
}

// All gives copies of all objects that the API server told of and that are not
// gone, by namespace and name.
func (v *View[T]) All() []*T {
	v.mu.Lock()
	defer v.mu.Unlock()
	keys := slices.SortedFunc(maps.Keys(v.stored), func(a, b types.NamespacedName) int {
		if a.String() < b.String() {
			return -1
		}
		return 1
	})
	out := make([]*T, 0, len(keys))
	for _, k := range keys {
		out = append(out, duplicate(v.stored[k]))
	}
	return out
}

// Tell has all open watches tell of a change that the API server did not.
func (v *View[T]) Tell(kind watch.EventType, o *T) {
	v.mu.Lock()
	open := slices.Collect(maps.Keys(v.streams))
	v.mu.Unlock()
	raw, err := json.Marshal(o)
	if err != nil {
		return // an object that was read as JSON can be written as such
	}
	for _, s := range open {
		s.tell(frame{Type: string(kind), Object: raw})
	}
}

// Retell has all open watches tell of a stored object again, as it is to be seen now.
func (v *View[T]) Retell(o *T) {
	seen := duplicate(o)
	if v.seen(seen) {
		v.Tell(watch.Modified, seen)
	}
}

func (v *View[T]) name() string { return v.resource }

// seen applies the view to an object.
func (v *View[T]) seen(o *T) bool {
	for _, f := range v.see {
		if !f(o) {
			return false
		}
	}
	return true
}

// object is the view of a single object.
func (v *View[T]) object(body []byte) ([]byte, bool, error) {
	o, err := Decode[T](body)
	if err != nil || !v.seen(o) {
		return nil, false, err
	}
	out, err := json.Marshal(o)
	return out, true, err
}

// list is the view of a list. The first page of a list makes all that was known void.
func (v *View[T]) list(body []byte, first bool) ([]byte, error) {
	var l struct {
		metav1.TypeMeta `json:",inline"`
		metav1.ListMeta `json:"metadata"`
		Items           []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(body, &l); err != nil {
		return nil, fmt.Errorf("reading a list of %s: %w", v.resource, err)
	}
	if first {
		v.forget()
	}
	items := make([]json.RawMessage, 0, len(l.Items))
	for _, raw := range l.Items {
		_, out, err := v.take(string(watch.Added), raw)
		if err != nil {
			return nil, err
		}
		if out != nil {
			items = append(items, out.Object)
		}
	}
	l.Items = items
	out, err := json.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("writing a list of %s: %w", v.resource, err)
	}
	return out, nil
}

// forget voids what is known, before it is told anew.
func (v *View[T]) forget() {
	v.mu.Lock()
	defer v.mu.Unlock()
	clear(v.stored)
	clear(v.shown)
}

// take notes an object that the API server tells of. It gives the change, and
// the frame by which the client is to learn of it; nil if it is not.
func (v *View[T]) take(kind string, raw json.RawMessage) (Change[T], *frame, error) {
	o, err := Decode[T](raw)
	if err != nil {
		return Change[T]{}, nil, err
	}
	key, err := keyOf(o)
	if err != nil {
		return Change[T]{}, nil, err
	}
	change := Change[T]{Type: watch.EventType(kind), New: duplicate(o)}
	v.mu.Lock()
	change.Old = v.stored[key]
	if change.Type == watch.Deleted {
		delete(v.stored, key)
	} else {
		v.stored[key] = duplicate(o)
	}
	v.mu.Unlock()

	seen := v.seen(o)
	v.mu.Lock()
	before := v.shown[key]
	if seen && change.Type != watch.Deleted {
		v.shown[key] = true
	} else {
		delete(v.shown, key)
	}
	v.mu.Unlock()
	var out frame
	switch {
	case seen && change.Type == watch.Deleted && before, !seen && before:
		out.Type = string(watch.Deleted)
	case seen && change.Type == watch.Deleted, !seen:
		return change, nil, nil
	case before:
		out.Type = string(watch.Modified)
	default:
		out.Type = string(watch.Added)
	}
	if out.Object, err = json.Marshal(o); err != nil {
		return change, nil, fmt.Errorf("writing an object of %s: %w", v.resource, err)
	}
	return change, &out, nil
}

// keyOf is the namespace and name of an object.
func keyOf(o any) (types.NamespacedName, error) {
	m, ok := o.(metav1.Object)
	if !ok {
		return types.NamespacedName{}, fmt.Errorf("%T is no object with a name", o)
	}
	return types.NamespacedName{Namespace: m.GetNamespace(), Name: m.GetName()}, nil
}

// duplicate copies an object by its own DeepCopy.
func duplicate[T any](o *T) *T {
	if c, ok := any(o).(interface{ DeepCopy() *T }); ok {
		return c.DeepCopy()
	}
	c := *o
	return &c
}
