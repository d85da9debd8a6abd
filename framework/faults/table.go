package faults

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Deed is what was done to a request, or to changes of one watch.
type Deed struct {
	// At is when, in UTC; of several, the first.
	At time.Time `json:"at"`
	// Rule is the name of the rule by which.
	Rule string `json:"rule"`
	// Request says in words to what.
	Request string `json:"request"`
	// Did says in words what.
	Did string `json:"did"`
	// Count is how many changes of the watch, or further requests, it stands for.
	Count int `json:"count"`
}

// mostDeeds of one rule are kept one by one; the last then stands for all others.
const mostDeeds = 200

// active is a rule in force.
type active struct {
	Rule
	seen, taken, done int
	deeds             []Deed
	dice              *rand.Rand
	// lifted is closed when it is no longer in force.
	lifted chan struct{}
}

// takes counts one more that the rule is about, and tells whether it is hit.
func (a *active) takes() bool {
	a.seen++
	switch {
	case a.seen <= a.After, a.Times > 0 && a.taken >= a.Times:
		return false
	case a.Percent > 0 && a.dice.IntN(100) >= a.Percent:
		return false
	}
	a.taken++
	return true
}

// table holds the rules in force. What it decides about one request depends on
// the rules and on what came before it, on nothing else.
type table struct {
	seed int64
	// moved wakes the watches when rules come and go, hit those who wait for a hit.
	moved, hit signal

	mu    sync.Mutex
	rules []*active
}

// set puts a rule in force.
func (t *table) set(r Rule) error {
	if err := r.check(); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.find(r.Name) != nil {
		return fmt.Errorf("rule %q is in force already", r.Name)
	}
	name := fnv.New64a()
	_, _ = name.Write([]byte(r.Name)) // a hash takes all
	// Each rule draws by itself: what the others do does not change its draws.
	dice := rand.New(rand.NewPCG(uint64(t.seed), name.Sum64()))
	t.rules = append(t.rules, &active{Rule: r, dice: dice, lifted: make(chan struct{})})
	t.moved.fire()
	return nil
}

// lift takes a rule out of force and gives what it did; nothing of one that is not.
func (t *table) lift(name string) []Deed {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.find(name)
	if a == nil {
		return nil
	}
	t.rules = slices.DeleteFunc(t.rules, func(other *active) bool { return other == a })
	close(a.lifted)
	t.moved.fire()
	t.hit.fire()
	return a.deeds
}

func (t *table) find(name string) *active {
	for _, a := range t.rules {
		if a.Name == name {
			return a
		}
	}
	return nil
}

// errLifted is why nobody waits for a rule any longer.
var errLifted = errors.New("the rule is not in force")

// await waits until the rule has hit so many, and gives how many it has.
func (t *table) await(ctx context.Context, name string, least int) (int, error) {
	for {
		hit := t.hit.wait()
		t.mu.Lock()
		a := t.find(name)
		done := 0
		if a != nil {
			done = a.done
		}
		t.mu.Unlock()
		switch {
		case a == nil:
			return 0, fmt.Errorf("rule %q: %w", name, errLifted)
		case done >= least:
			return done, nil
		}
		select {
		case <-hit:
		case <-ctx.Done():
			return done, fmt.Errorf("rule %q has hit %d, not %d: %w", name, done, least, context.Cause(ctx))
		}
	}
}

// request gives the rule that meets the request, nil if none does. Every rule
// that it matches counts it, so that "after the third" means the same whatever
// other rules there are.
func (t *table) request(r Request) *active {
	t.mu.Lock()
	defer t.mu.Unlock()
	var met *active
	for _, a := range t.rules {
		if !a.Effect.ofRequests() || !a.Match.meets(r) {
			continue
		}
		switch hit := a.takes(); {
		case !hit:
		case a.Effect == Count:
			t.note(a, r, "counted")
		case met == nil:
			met = a
		}
	}
	return met
}

// change decides on the oldest change that the watch has not passed on: pass it
// on (no effect), drop it, or hold it, where a time is given until then.
func (t *table) change(r Request, c *change, now time.Time) (do Effect, until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, a := range t.rules {
		if !a.Effect.ofChanges() || !a.Match.meets(r) {
			continue
		}
		hit, judged := c.judged[a]
		if !judged {
			hit = a.takes()
			c.judged[a] = hit
			if hit {
				t.note(a, r, didChange(a.Rule))
			}
		}
		switch due := c.arrived.Add(a.For); {
		case !hit:
		case a.Effect == Delay && now.Before(due):
			return Delay, due
		case a.Effect == Freeze || a.Effect == Drop:
			return a.Effect, time.Time{}
		}
	}
	return "", time.Time{}
}

// watch decides whether the watch ends: Expire, Close, or no effect. A rule
// meets each watch once.
func (t *table) watch(r Request, s *stream) Effect {
	t.mu.Lock()
	defer t.mu.Unlock()
	dropping := false
	for _, a := range t.rules {
		if !a.Match.meets(r) {
			continue
		}
		dropping = dropping || a.Effect == Drop
		if !a.Effect.ofWatches() || s.judged[a] {
			continue
		}
		s.judged[a] = true
		if a.takes() {
			t.note(a, r, didChange(a.Rule))
			return a.Effect
		}
	}
	if s.lost && !dropping {
		return Expire
	}
	return ""
}

// did records that the rule has done its work on the request.
func (t *table) did(a *active, r Request, what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.note(a, r, what)
}

// note counts and records a deed. Changes of one watch stand together.
func (t *table) note(a *active, r Request, what string) {
	a.done++
	t.hit.fire()
	last := len(a.deeds) - 1
	if a.Effect.ofChanges() {
		for i := range a.deeds {
			if a.deeds[i].Request == r.String() {
				a.deeds[i].Count++
				return
			}
		}
	}
	if last+1 == mostDeeds {
		a.deeds[last].Request, a.deeds[last].Did = "further requests", what
		a.deeds[last].Count++
		return
	}
	a.deeds = append(a.deeds, Deed{At: time.Now().UTC(), Rule: a.Name, Request: r.String(), Did: what, Count: 1})
}

// didChange says what a rule does to the changes of a watch, or to a watch.
func didChange(r Rule) string {
	switch r.Effect {
	case Delay:
		return "delayed by " + r.For.String()
	case Freeze:
		return "held back"
	case Drop:
		return "dropped, so that the watch ends with 410"
	case Expire:
		return "ended with 410"
	case Close:
		return "closed"
	default:
		return string(r.Effect)
	}
}

// signal wakes all who wait. The zero value is ready.
type signal struct {
	mu sync.Mutex
	ch chan struct{}
}

// wait gives what is closed by the next fire.
func (s *signal) wait() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch == nil {
		s.ch = make(chan struct{})
	}
	return s.ch
}

func (s *signal) fire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch != nil {
		close(s.ch)
		s.ch = nil
	}
}
