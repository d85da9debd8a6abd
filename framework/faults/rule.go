package faults

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Effect is what a rule does.
type Effect string

// The effects on requests. A watch is a request when it is opened.
const (
	// Count lets the requests pass and only counts them.
	Count Effect = "count"
	// Refuse answers with an error of the rule's Code; the API server never
	// hears of the request.
	Refuse Effect = "refuse"
	// Lose closes the connection; the API server never hears of the request.
	Lose Effect = "lose"
	// LoseAnswer lets the API server do what is asked, and closes the connection
	// in place of the answer.
	LoseAnswer Effect = "lose-answer"
	// Slow passes the request on only after the rule's For.
	Slow Effect = "slow"
)

// The effects on the changes that an open watch tells of.
const (
	// Delay lets every change arrive so much later as the rule's For says.
	Delay Effect = "delay"
	// Freeze holds every change back until the rule is lifted: a stale view.
	Freeze Effect = "freeze"
	// Drop loses changes. When the rule is lifted, a watch that has lost some ends
	// with 410 Gone: the client has to list anew and sees several changes as one.
	Drop Effect = "drop"
)

// The effects on open watches as a whole.
const (
	// Expire ends the watch with the error 410 Gone.
	Expire Effect = "expire"
	// Close closes the watch's connection.
	Close Effect = "close"
)

// Match says which requests a rule is about; what is left empty matches all.
type Match struct {
	// Verbs are as RBAC has them: get, list, watch, create, update, patch,
	// delete, deletecollection.
	Verbs []string `json:"verbs,omitempty"`
	// Resources are plural, with their subresource: pods, daemonsets/status.
	Resources []string `json:"resources,omitempty"`
	// Namespace is that of the request. The watches of a controller commonly are
	// of all namespaces and have none.
	Namespace string `json:"namespace,omitempty"`
}

// meets tells whether the request is one of those.
func (m Match) meets(r Request) bool {
	return (len(m.Verbs) == 0 || slices.Contains(m.Verbs, r.Verb)) &&
		(len(m.Resources) == 0 || slices.Contains(m.Resources, r.What())) &&
		(m.Namespace == "" || m.Namespace == r.Namespace)
}

// Watch matches the watches of the resources.
func Watch(resources ...string) Match { return Match{Verbs: []string{"watch"}, Resources: resources} }

// Writes matches whatever changes the resources in the namespace.
func Writes(namespace string, resources ...string) Match {
	return Match{Verbs: []string{"create", "update", "patch", "delete", "deletecollection"}, Resources: resources, Namespace: namespace}
}

// Rule is one fault.
type Rule struct {
	// Name is unique among the rules in force.
	Name string `json:"name"`
	// Match says which requests it is about.
	Match Match `json:"match"`
	// Effect is what it does.
	Effect Effect `json:"effect"`
	// After lets so many pass first, requests or changes: with Times 1, it is the
	// one after them that is hit.
	After int `json:"after,omitempty"`
	// Times is how many are hit; zero for all.
	Times int `json:"times,omitempty"`
	// Percent is how many in a hundred of those are hit, drawn from the proxy's
	// seed; zero for all.
	Percent int `json:"percent,omitempty"`
	// Code is the HTTP status code of Refuse.
	Code int `json:"code,omitempty"`
	// RetryAfter is what Refuse asks the client to wait for, in whole seconds.
	RetryAfter time.Duration `json:"retryAfter,omitempty"`
	// For is how long Delay and Slow take.
	For time.Duration `json:"for,omitempty"`
	// Hold makes Lose and LoseAnswer leave the client waiting until the rule is
	// lifted, and only then close the connection.
	Hold bool `json:"hold,omitempty"`
}

// String says the rule in words.
func (r Rule) String() string {
	var b strings.Builder
	b.WriteString(string(r.Effect))
	if r.Code != 0 {
		fmt.Fprintf(&b, " %d", r.Code)
	}
	if r.For != 0 {
		fmt.Fprintf(&b, " %s", r.For)
	}
	for _, words := range [][]string{r.Match.Verbs, r.Match.Resources} {
		if len(words) > 0 {
			fmt.Fprintf(&b, " %s", strings.Join(words, ","))
		}
	}
	if r.After > 0 {
		fmt.Fprintf(&b, ", after %d", r.After)
	}
	if r.Times > 0 {
		fmt.Fprintf(&b, ", %d times", r.Times)
	}
	if r.Percent > 0 {
		fmt.Fprintf(&b, ", %d%%", r.Percent)
	}
	return b.String()
}

// check refuses a rule that cannot be meant.
func (r Rule) check() error {
	var problems []error
	say := func(bad bool, format string, args ...any) {
		if bad {
			problems = append(problems, fmt.Errorf("rule %q: "+format, append([]any{r.Name}, args...)...))
		}
	}
	say(r.Name == "" || strings.ContainsAny(r.Name, "/?#% "), "a name is one word, as in a URL")
	say(!r.Effect.ofRequests() && !r.Effect.ofChanges() && !r.Effect.ofWatches(), "unknown effect %q", r.Effect)
	say((r.Effect == Refuse) != (r.Code != 0), "refuse, and nothing else, has a code")
	say(r.Code != 0 && reasonOf(r.Code) == "", "there is no reason for the code %d", r.Code)
	say((r.Effect == Delay || r.Effect == Slow) != (r.For > 0), "delay and slow, and nothing else, have a time")
	say(r.After < 0 || r.Times < 0 || r.Percent < 0 || r.Percent > 100, "a number is out of its range")
	return errors.Join(problems...)
}

func (e Effect) ofRequests() bool {
	return e == Count || e == Refuse || e == Lose || e == LoseAnswer || e == Slow
}

func (e Effect) ofChanges() bool { return e == Delay || e == Freeze || e == Drop }

func (e Effect) ofWatches() bool { return e == Expire || e == Close }

// reasonOf is the reason that the API server gives with a code; empty for a
// code that it does not use.
func reasonOf(code int) metav1.StatusReason {
	switch code {
	case http.StatusForbidden:
		return metav1.StatusReasonForbidden
	case http.StatusNotFound:
		return metav1.StatusReasonNotFound
	case http.StatusConflict:
		return metav1.StatusReasonConflict
	case http.StatusGone:
		return metav1.StatusReasonExpired
	case http.StatusUnprocessableEntity:
		return metav1.StatusReasonInvalid
	case http.StatusTooManyRequests:
		return metav1.StatusReasonTooManyRequests
	case http.StatusInternalServerError:
		return metav1.StatusReasonInternalError
	case http.StatusServiceUnavailable:
		return metav1.StatusReasonServiceUnavailable
	case http.StatusGatewayTimeout:
		return metav1.StatusReasonTimeout
	}
	return ""
}
