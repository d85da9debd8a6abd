// Package steps shows long work as named steps with durations: a live line on
// a terminal, plain lines elsewhere. Every step is bound by a deadline.
//
// What may not live here: what the steps do.
package steps

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/term"
)

// Record is one finished step, for reports.
type Record struct {
	// Name is the step as shown.
	Name string `json:"name"`
	// Seconds is how long it took.
	Seconds float64 `json:"seconds"`
	// Err is the text of its error, empty if it went well.
	Err string `json:"error,omitempty"`
}

// Log prints steps and keeps their records. Its methods may be called from
// several goroutines at once.
type Log struct {
	mu      sync.Mutex
	w       io.Writer
	live    bool
	colour  bool
	now     func() time.Time
	open    []*openStep
	drawn   bool
	records []Record
}

type openStep struct {
	name  string
	since time.Time
}

// New makes a Log that writes to w: live on a terminal, plain lines elsewhere.
// NO_COLOR (https://no-color.org) and TERM=dumb are honoured.
func New(w io.Writer) *Log {
	l := &Log{w: w, now: time.Now}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb" {
		l.live = true
		l.colour = os.Getenv("NO_COLOR") == ""
	}
	return l
}

// Discard is a Log that prints nothing.
func Discard() *Log { return New(io.Discard) }

// Do runs fn as a step. A limit above zero bounds it; an overrun is reported
// as such, with the step's name and its limit.
func (l *Log) Do(ctx context.Context, name string, limit time.Duration, fn func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: not started: %w", name, context.Cause(ctx))
	}
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done within its limit of %s: %w", limit, context.DeadlineExceeded))
		defer cancel()
	}
	s := l.begin(name)
	stop := l.animate(ctx)
	err := fn(ctx)
	stop()
	if err != nil && errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
		err = fmt.Errorf("%w (%w)", err, context.Cause(ctx))
	}
	l.end(s, err)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// Notef prints one line between the steps: what was tried and why the work went on.
func (l *Log) Notef(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clear()
	fmt.Fprintf(l.w, "   %s\n", fmt.Sprintf(format, args...))
	l.draw()
}

// Task shows work that others bound and judge, such as a spec: on a terminal it
// joins the live line; elsewhere only its end is printed. The returned function
// ends it with a mark of two letters and a colour: good, bad or neither.
func (l *Log) Task(name string) func(mark string, mood Mood, note string) {
	l.mu.Lock()
	s := &openStep{name: name, since: l.now()}
	l.open = append(l.open, s)
	l.clear()
	l.draw()
	l.mu.Unlock()
	return func(mark string, mood Mood, note string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.close(s)
		l.clear()
		fmt.Fprintf(l.w, "%s %s (%s)%s\n", l.paint(string(mood), mark), name, l.now().Sub(s.since).Round(100*time.Millisecond), note)
		l.draw()
	}
}

// Mood colours a mark.
type Mood string

// The moods of a mark, as ANSI colours.
const (
	Good    Mood = "32"
	Bad     Mood = "31"
	Neither Mood = "33"
)

// Live keeps the live line moving until the returned function is called.
func (l *Log) Live(ctx context.Context) func() { return l.animate(ctx) }

// Records gives the steps finished so far, in the order of their end.
func (l *Log) Records() []Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Record(nil), l.records...)
}

func (l *Log) begin(name string) *openStep {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &openStep{name: name, since: l.now()}
	l.open = append(l.open, s)
	if l.live {
		l.clear()
		l.draw()
	} else {
		fmt.Fprintf(l.w, "-- %s\n", name)
	}
	return s
}

func (l *Log) end(s *openStep, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.close(s)
	took := l.now().Sub(s.since)
	rec := Record{Name: s.name, Seconds: took.Round(time.Millisecond).Seconds()}
	mark, mood := "ok", Good
	if err != nil {
		rec.Err = err.Error()
		mark, mood = "!!", Bad
	}
	l.records = append(l.records, rec)
	l.clear()
	fmt.Fprintf(l.w, "%s %s (%s)\n", l.paint(string(mood), mark), s.name, took.Round(100*time.Millisecond))
	l.draw()
}

func (l *Log) close(s *openStep) {
	l.open = slices.DeleteFunc(l.open, func(o *openStep) bool { return o == s })
}

// animate redraws the live line each second until the returned function is called.
func (l *Log) animate(ctx context.Context) func() {
	if !l.live {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		t := time.NewTicker(time.Second)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
				l.mu.Lock()
				l.clear()
				l.draw()
				l.mu.Unlock()
			}
		}
	}()
	return func() { cancel(); <-done }
}

func (l *Log) clear() {
	if l.live && l.drawn {
		fmt.Fprint(l.w, "\r\x1b[K")
		l.drawn = false
	}
}

func (l *Log) draw() {
	if !l.live || len(l.open) == 0 {
		return
	}
	s := l.open[len(l.open)-1]
	others := ""
	if n := len(l.open) - 1; n > 0 {
		others = fmt.Sprintf(" and %d more", n)
	}
	fmt.Fprintf(l.w, "%s %s (%s)%s", l.paint("36", ".."), s.name, l.now().Sub(s.since).Round(time.Second), others)
	l.drawn = true
}

func (l *Log) paint(tint, s string) string {
	if !l.colour {
		return s
	}
	return "\x1b[" + tint + "m" + s + "\x1b[0m"
}
