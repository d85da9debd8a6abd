package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/framework"
)

// Request is one request that the API server has answered.
type Request struct {
	// User is who asked.
	User string
	// Verb is what for, as "get", "create", "patch" or "delete".
	Verb string
	// Resource and Name tell of which object; the name is empty
	// where the server makes it up.
	Resource, Name string
	// Code is the answer's HTTP status.
	Code int
	// Asked and Answered are when the request came and when it was answered.
	Asked, Answered time.Time
}

// String says the request in one line, as evidence in a report.
func (r Request) String() string {
	return fmt.Sprintf("%s %s %s %s by %s: %d", r.Asked.Format("15:04:05.000"), r.Verb, r.Resource, r.Name, r.User, r.Code)
}

// OfKubelet tells whether a kubelet, real or simulated, asked.
func (r Request) OfKubelet() bool {
	return strings.HasPrefix(r.User, "system:node:") || strings.Contains(r.User, "kubelet")
}

// Requests gives the requests about objects of the namespace, in the order of
// their answers, subresources left out. The spec must list ReadAudit in its Needs.
func Requests(ctx context.Context, e *framework.Env, namespace string) []Request {
	limit, cancel := context.WithTimeout(ctx, e.Timeouts.Request)
	defer cancel()
	lines, err := framework.Able[clusters.AuditReader](e).AuditLines(limit, `"namespace":"`+namespace+`"`)
	e.Must(err, "read the API server's audit log")
	requests, err := parse(lines, namespace)
	e.Must(err, "understand the API server's audit log")
	return requests
}

// event is what is read of an audit.k8s.io/v1 Event.
type event struct {
	Stage string `json:"stage"`
	Verb  string `json:"verb"`
	User  struct {
		Username string `json:"username"`
	} `json:"user"`
	ObjectRef struct {
		Resource    string `json:"resource"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
		Subresource string `json:"subresource"`
	} `json:"objectRef"`
	ResponseStatus struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
	Received time.Time `json:"requestReceivedTimestamp"`
	Stamp    time.Time `json:"stageTimestamp"`
}

// parse reads the log's lines, one event each; only answered requests count.
func parse(lines, namespace string) ([]Request, error) {
	var out []Request
	for line := range strings.Lines(lines) {
		var ev event
		if err := json.Unmarshal([]byte(line), &ev); err != nil {
			return nil, fmt.Errorf("a line is no audit event: %w", err)
		}
		if ev.Stage != "ResponseComplete" || ev.ObjectRef.Namespace != namespace || ev.ObjectRef.Subresource != "" {
			continue
		}
		out = append(out, Request{
			User: ev.User.Username, Verb: ev.Verb, Resource: ev.ObjectRef.Resource, Name: ev.ObjectRef.Name,
			Code: ev.ResponseStatus.Code, Asked: ev.Received, Answered: ev.Stamp,
		})
	}
	return out, nil
}
