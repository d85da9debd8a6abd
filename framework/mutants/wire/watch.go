package wire

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

// frame is one line of a watch.
type frame struct {
	Type   string          `json:"type"`
	Object json.RawMessage `json:"object"`
}

// due is a frame with the time at which it is to be written.
type due struct {
	frame
	key types.NamespacedName
	at  time.Time
}

// stream is one open watch, between the API server and the client.
type stream[T any] struct {
	view *View[T]
	out  *io.PipeWriter
	// come is what is to be written, and told what others want told.
	come chan []due
	told chan frame
	done chan struct{}
	// initial is true until the watch has told all that there was when it began.
	initial bool
	// last is when the last frame of each object is due, so that none overtakes another.
	last map[types.NamespacedName]time.Time
}

// watch is the view of a watch's body.
func (v *View[T]) watch(ctx context.Context, body readCloser, initial bool) readCloser {
	in, out := io.Pipe()
	s := &stream[T]{
		view: v, out: out, initial: initial, last: map[types.NamespacedName]time.Time{},
		come: make(chan []due), told: make(chan frame), done: make(chan struct{}),
	}
	if initial {
		v.forget()
	}
	v.mu.Lock()
	v.streams[s] = struct{}{}
	v.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		err := s.read(ctx, body)
		if v.deaf {
			<-ctx.Done()
		}
		s.out.CloseWithError(err)
	}()
	go func() {
		defer body.Close()
		defer cancel()
		s.write(ctx)
	}()
	return &pipe{PipeReader: in, cancel: cancel}
}

// pipe is a watch's body as the client has it; its end ends the watch.
type pipe struct {
	*io.PipeReader
	cancel context.CancelFunc
}

// Close implements io.Closer.
func (p *pipe) Close() error {
	p.cancel()
	return p.PipeReader.Close()
}

// tell has the stream tell of a change of somebody else's.
func (s *stream[T]) tell(f frame) {
	select {
	case s.told <- f:
	case <-s.done:
	}
}

// read judges what the API server tells, until it ends. What is still held back
// then is lost with the watch: the client asks for it again.
func (s *stream[T]) read(ctx context.Context, body io.Reader) error {
	decoder := json.NewDecoder(bufio.NewReader(body))
	for {
		var f frame
		if err := decoder.Decode(&f); err != nil {
			return err
		}
		frames, err := s.judge(f)
		if err != nil {
			return err
		}
		if len(frames) == 0 {
			continue
		}
		select {
		case s.come <- frames:
		case <-ctx.Done():
			return io.EOF
		}
	}
}

// judge gives the frames by which the client is to learn of one.
func (s *stream[T]) judge(f frame) ([]due, error) {
	now := time.Now()
	switch watch.EventType(f.Type) {
	case watch.Added, watch.Modified, watch.Deleted:
	case watch.Bookmark:
		s.initial = false
		return []due{{frame: f, at: now}}, nil
	default:
		return []due{{frame: f, at: now}}, nil
	}
	change, shown, err := s.view.take(f.Type, f.Object)
	if err != nil {
		return nil, err
	}
	if shown == nil {
		return []due{{frame: progress(f.Object), at: now}}, nil
	}
	key, err := keyOf(change.New)
	if err != nil {
		return nil, err
	}
	var fate Fate
	if !s.initial {
		fate = s.view.fate(change)
	}
	if fate.Lose {
		return nil, nil
	}
	at := now.Add(fate.After)
	if before := s.last[key]; before.After(at) {
		at = before
	}
	s.last[key] = at
	out := []due{{frame: *shown, key: key, at: at}}
	if fate.Twice {
		out = append(out, out[0])
	}
	return out, nil
}

// fate is what becomes of a change.
func (v *View[T]) fate(c Change[T]) Fate {
	var out Fate
	for _, f := range v.fates {
		got := f(c)
		out.Lose, out.Twice, out.After = out.Lose || got.Lose, out.Twice || got.Twice, out.After+got.After
	}
	return out
}

// progress tells the client how far the watch has come, and nothing else.
func progress(object json.RawMessage) frame {
	var o metav1.PartialObjectMetadata
	if json.Unmarshal(object, &o) != nil {
		return frame{Type: string(watch.Bookmark), Object: object}
	}
	o.ObjectMeta = metav1.ObjectMeta{ResourceVersion: o.ResourceVersion}
	raw, err := json.Marshal(o)
	if err != nil {
		raw = object
	}
	return frame{Type: string(watch.Bookmark), Object: raw}
}

// write writes each frame when it is due.
func (s *stream[T]) write(ctx context.Context) {
	defer func() {
		s.view.mu.Lock()
		delete(s.view.streams, s)
		s.view.mu.Unlock()
		close(s.done)
	}()
	var waiting []due
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		for len(waiting) > 0 && !waiting[0].at.After(time.Now()) {
			if !s.put(waiting[0].frame) {
				return
			}
			waiting = waiting[1:]
		}
		if len(waiting) > 0 {
			timer.Reset(time.Until(waiting[0].at))
		}
		select {
		case frames := <-s.come:
			for _, f := range frames {
				waiting = insert(waiting, f)
			}
		case f := <-s.told:
			waiting = insert(waiting, due{frame: f, at: time.Now()})
		case <-timer.C:
		case <-ctx.Done():
			return
		}
	}
}

// insert keeps the frames in the order of their times, and those of one time in
// the order in which they came. A bookmark would say that all before it was
// told: it goes only where nothing waits, but for the one that ends a beginning.
func insert(waiting []due, f due) []due {
	if f.Type == string(watch.Bookmark) && len(waiting) > 0 {
		if last := waiting[len(waiting)-1].at; last.After(f.at) {
			return waiting
		}
	}
	at := len(waiting)
	for at > 0 && waiting[at-1].at.After(f.at) {
		at--
	}
	return slices.Insert(waiting, at, f)
}

// put writes one frame; false if the client is gone.
func (s *stream[T]) put(f frame) bool {
	line, err := json.Marshal(f)
	if err != nil {
		s.out.CloseWithError(err)
		return false
	}
	_, err = s.out.Write(append(line, '\n'))
	return err == nil
}
