package faults

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// change is one change that a watch tells of, as it stands in the stream.
type change struct {
	raw     []byte
	arrived time.Time
	// judged says of each rule that is about it whether it is hit.
	judged map[*active]bool
}

// stream is the body of a watch's answer: each Read gives what the rules let
// pass, one change after the other in their order.
type stream struct {
	// ctx is the request's: a Reader has no other way to hear of its end.
	ctx     context.Context
	request Request
	table   *table
	framing framing
	body    io.ReadCloser

	// judged says which rules have met this watch; lost that it has lost changes.
	judged map[*active]bool
	lost   bool
	// out is what of the present change is still to be read, and end is why
	// nothing follows it.
	out []byte
	end error

	more signal
	mu   sync.Mutex
	// queue is what has arrived, the oldest first; over is why nothing more will.
	queue []*change
	over  error
}

// errClosed ends a watch without a word.
var errClosed = errors.New("closed by a rule")

// newStream takes over the body of a watch's answer.
func newStream(ctx context.Context, t *table, r Request, contentType string, body io.ReadCloser) *stream {
	s := &stream{ctx: ctx, request: r, table: t, framing: framingOf(contentType), body: body, judged: map[*active]bool{}}
	go s.fetch()
	return s
}

// fetch takes the changes from the API server as they come, whatever becomes of
// them, until the stream ends or is closed.
func (s *stream) fetch() {
	r := bufio.NewReader(s.body)
	for {
		raw, err := s.framing.next(r)
		s.mu.Lock()
		if len(raw) > 0 {
			s.queue = append(s.queue, &change{raw: raw, arrived: time.Now(), judged: map[*active]bool{}})
		}
		s.over = err
		s.mu.Unlock()
		s.more.fire()
		if err != nil {
			return
		}
	}
}

// Read implements io.Reader.
func (s *stream) Read(p []byte) (int, error) {
	for len(s.out) == 0 {
		if s.end != nil {
			return 0, s.end
		}
		s.out, s.end = s.next()
	}
	n := copy(p, s.out)
	s.out = s.out[n:]
	return n, nil
}

// Close implements io.Closer.
func (s *stream) Close() error { return s.body.Close() }

// next waits for what is to be passed on next; with an error, it is the last.
func (s *stream) next() ([]byte, error) {
	for {
		// What happens from here on wakes us; what has happened before is seen now.
		moved, more := s.table.moved.wait(), s.more.wait()
		if raw, end := s.ending(); end != nil {
			return raw, end
		}
		head, over := s.head()
		if head == nil && over != nil {
			return nil, over
		}
		var due <-chan time.Time
		if head != nil {
			do, until := s.table.change(s.request, head, time.Now())
			switch do {
			case "":
				s.pop()
				return head.raw, nil
			case Drop:
				s.pop()
				s.lost = true
				continue
			case Delay:
				due = time.After(time.Until(until))
			default: // Freeze: only a rule that is lifted lets it go
			}
		}
		select {
		case <-moved:
		case <-more:
		case <-due:
		case <-s.ctx.Done():
			return nil, context.Cause(s.ctx)
		}
	}
}

// ending tells whether a rule ends the watch, and with what last words.
func (s *stream) ending() ([]byte, error) {
	switch s.table.watch(s.request, s) {
	case "":
		return nil, nil
	case Expire:
		if s.framing.failure == nil {
			return nil, errClosed
		}
		raw, err := s.framing.failure(failure(http.StatusGone, "too old resource version (a fault that dsconform has set)"))
		if err != nil {
			return nil, err
		}
		return raw, io.EOF
	default:
		return nil, errClosed
	}
}

func (s *stream) head() (*change, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return nil, s.over
	}
	return s.queue[0], nil
}

func (s *stream) pop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = s.queue[1:]
}
