// Package audit reads the API server's audit log: what was asked, by whom, and
// what became of it. It tells what no watch shows: requests that changed nothing,
// were refused, or only read.
//
// What may not live here: where a cluster keeps its log, and what a request may cost.
package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Controller is who the DaemonSet controller is to the API server, its own or
// one under test.
const Controller = "system:serviceaccount:kube-system:daemon-set-controller"

// Event is one request that was answered.
type Event struct {
	// Verb is as RBAC has it.
	Verb string
	// User is who asked.
	User string
	// Resource is plural, with the subresource, as "daemonsets/status".
	Resource string
	// Namespace and Name are the object's; a create commonly has no name.
	Namespace, Name string
	// Code is the HTTP status code of the answer.
	Code int
	// Received and Answered are when the API server received the request, and
	// when it had answered it.
	Received, Answered time.Time
}

// What is verb and resource, as "create pods".
func (e Event) What() string { return e.Verb + " " + e.Resource }

// Write tells whether the request was to change something.
func (e Event) Write() bool {
	return slices.Contains([]string{"create", "update", "patch", "delete", "deletecollection"}, e.Verb)
}

// OfKubelet tells whether a kubelet, real or simulated, asked.
func (e Event) OfKubelet() bool {
	return strings.HasPrefix(e.User, "system:node:") || strings.Contains(e.User, "kubelet")
}

// String says the event in one line.
func (e Event) String() string {
	return fmt.Sprintf("%s %s %s/%s by %s: %d", e.Received.UTC().Format("15:04:05.000"), e.What(), e.Namespace, e.Name, e.User, e.Code)
}

// line is what is read of an audit.k8s.io/v1 Event.
type line struct {
	Stage          string
	Verb           string
	User           struct{ Username string }
	ObjectRef      struct{ Resource, Subresource, Namespace, Name string }
	ResponseStatus struct{ Code int }
	Received       time.Time `json:"requestReceivedTimestamp"`
	Answered       time.Time `json:"stageTimestamp"`
}

// complete is the stage at which a request has been answered. Long ones, as
// watches, have another when they begin.
const complete = "ResponseComplete"

// Read gives the requests of the log that were answered and that keep keeps, in
// the order of the log. Lines that do not hold the text are not looked at, which
// is most of the work saved. A last line without an end is still being written.
func Read(log io.Reader, text string, keep func(Event) bool) ([]Event, error) {
	var out []Event
	for r := bufio.NewReader(log); ; {
		raw, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading the audit log: %w", err)
		}
		if !bytes.Contains(raw, []byte(text)) {
			continue
		}
		var l line
		if err := json.Unmarshal(raw, &l); err != nil {
			return nil, fmt.Errorf("a line of the audit log is no audit event: %w", err)
		}
		e := Event{
			Verb: l.Verb, User: l.User.Username, Resource: strings.TrimSuffix(l.ObjectRef.Resource+"/"+l.ObjectRef.Subresource, "/"),
			Namespace: l.ObjectRef.Namespace, Name: l.ObjectRef.Name, Code: l.ResponseStatus.Code, Received: l.Received, Answered: l.Answered,
		}
		if l.Stage == complete && keep(e) {
			out = append(out, e)
		}
	}
}

// Count counts the events by verb and resource.
func Count(events []Event) map[string]int {
	out := map[string]int{}
	for _, e := range events {
		out[e.What()]++
	}
	return out
}
