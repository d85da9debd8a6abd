package history

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// ErrStopped is the cause of a wait that ended because the recorder was stopped.
var ErrStopped = errors.New("the event log was stopped")

// Options say what to record.
type Options struct {
	// Namespaces are recorded from the start; the first one is the spec's own,
	// which names without a namespace refer to. At least one is required.
	Namespaces []string
	// Log receives interruptions of watches; slog.Default() if nil.
	Log *slog.Logger
}

// Recorder records the event log of one spec. Its methods may be called from
// several goroutines at once.
type Recorder struct {
	client kubernetes.Interface
	log    *slog.Logger
	home   string
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu         sync.Mutex
	entries    []Entry
	state      *State
	namespaces []string
	// changed is closed, and replaced, whenever an entry is added.
	changed chan struct{}
	// blind counts watches that are interrupted at the moment.
	blind   int
	stopped bool
}

// Start lists what there is and goes on watching it. It returns once every
// list has been recorded. ctx bounds only these first lists: the recorder runs
// until Stop, so that clean-ups can still wait on it.
func Start(ctx context.Context, client kubernetes.Interface, options Options) (*Recorder, error) {
	if len(options.Namespaces) == 0 || options.Namespaces[0] == "" {
		return nil, errors.New("start the event log: Options.Namespaces must name the spec's own namespace")
	}
	log := options.Log
	if log == nil {
		log = slog.Default()
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r := &Recorder{
		client: client, log: log, home: options.Namespaces[0], ctx: run, cancel: cancel,
		state: NewState(options.Namespaces[0]), changed: make(chan struct{}),
	}
	err := r.follow(ctx, nodeStream(client))
	for _, ns := range options.Namespaces {
		if err == nil {
			err = r.Add(ctx, ns)
		}
	}
	if err != nil {
		r.Stop()
		return nil, err
	}
	return r, nil
}

// Add records a further namespace from now on; one already recorded is left as
// it is. It returns once its objects have been listed.
func (r *Recorder) Add(ctx context.Context, namespace string) error {
	r.mu.Lock()
	known := slices.Contains(r.namespaces, namespace)
	if !known {
		r.namespaces = append(r.namespaces, namespace)
	}
	r.mu.Unlock()
	if known {
		return nil
	}
	for _, s := range namespaceStreams(r.client, namespace) {
		if err := r.follow(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// Stop ends all watches and all waits. The entries stay readable.
func (r *Recorder) Stop() {
	r.cancel()
	r.mu.Lock()
	if !r.stopped {
		r.stopped = true
		r.announce()
	}
	r.mu.Unlock()
	r.work.Wait()
}

// Act notes what the spec is about to do to an object, so that no rule takes
// it for the controller's doing. Note a deed before its request: then it stands
// in the log ahead of its effects. kind is the kind of the object. object may
// lack the UID, and the name may be a generateName (it ends in a dash); without
// a name the deed is on unnamed objects of the kind, as a delete by selector is.
func (r *Recorder) Act(text string, kind Kind, object metav1.Object) {
	e := Entry{Kind: KindAction, Change: Note, On: kind, Namespace: r.home, Text: text}
	if kind == KindNode {
		e.Namespace = ""
	}
	if object != nil {
		e.Name, e.UID = object.GetName(), object.GetUID()
		if e.Name == "" {
			e.Name = object.GetGenerateName()
		}
		if object.GetNamespace() != "" {
			e.Namespace = object.GetNamespace()
		}
	}
	r.add(e)
}

// Entries gives a copy of the log so far, in the order of arrival.
func (r *Recorder) Entries() []Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.entries)
}

// Gaps gives the Gap entries so far; no "never" can be judged if there are any.
func (r *Recorder) Gaps() []Entry {
	var out []Entry
	for _, e := range r.Entries() {
		if e.Change == Gap {
			out = append(out, e)
		}
	}
	return out
}

// State gives the picture now. It is the caller's own and does not move on.
func (r *Recorder) State() *State {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.state.Clone()
	s.SetNow(time.Now().UTC())
	return s
}

// OnEntry calls do for every entry of the log from its first one on, in the
// order of arrival and one at a time, with the picture after the entry. It runs
// until Stop, which waits for the call in progress; do must not call Stop.
func (r *Recorder) OnEntry(do func(*State, Entry)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return
	}
	r.work.Go(func() {
		c := &cursor{r: r, state: NewState(r.home)}
		for {
			e, changed, err := c.next()
			switch {
			case err != nil:
				return
			case changed == nil:
				do(c.state, e)
				continue
			}
			<-changed
		}
	})
}

// add numbers an entry, stamps it, and lets every waiter see it.
func (r *Recorder) add(e Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return
	}
	e.Seq = int64(len(r.entries)) + 1
	e.Time = time.Now().UTC().Round(0)
	r.entries = append(r.entries, e)
	r.state.Apply(e)
	r.announce()
}

// announce wakes all waiters; mu is held.
func (r *Recorder) announce() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// see counts the watches that are interrupted: silence proves nothing meanwhile.
func (r *Recorder) see(ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ok {
		r.blind--
	} else {
		r.blind++
	}
	r.announce()
}

// follow lists a stream and watches it in the background.
func (r *Recorder) follow(ctx context.Context, s stream) error {
	rv, err := r.list(ctx, s)
	if err != nil {
		return fmt.Errorf("start the event log: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return fmt.Errorf("start the event log of %s: %w", s, ErrStopped)
	}
	r.blind++
	r.work.Go(func() { r.watch(r.ctx, s, rv) })
	return nil
}

// cursor walks the log at its own pace, with the picture after each entry.
type cursor struct {
	r     *Recorder
	at    int
	state *State
}

// here is a cursor at the log's present end.
func (r *Recorder) here() *cursor {
	r.mu.Lock()
	defer r.mu.Unlock()
	return &cursor{r: r, at: len(r.entries), state: r.state.Clone()}
}

// next moves the picture on by one entry; at the log's end it gives the channel
// that is closed on the next change instead, or ErrStopped if there will be none.
func (c *cursor) next() (Entry, <-chan struct{}, error) {
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	if c.at == len(c.r.entries) {
		if c.r.stopped {
			return Entry{}, nil, ErrStopped
		}
		return Entry{}, c.r.changed, nil
	}
	e := c.r.entries[c.at]
	c.at++
	c.state.Apply(e)
	return e, nil, nil
}

// sighted tells whether all watches are up and the cursor is at the log's end.
func (c *cursor) sighted() bool {
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	return c.r.blind == 0 && c.at == len(c.r.entries)
}
