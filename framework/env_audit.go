package framework

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/framework/audit"
)

// ControllerUser is the user by which the audit log knows the DaemonSet
// controller: the service account of a Deployment under test, else the
// controller's own.
func (e *Env) ControllerUser() string {
	if user := e.settings.Subject.User; user != "" {
		return user
	}
	return audit.Controller
}

// Asked gives the requests of the DaemonSet controller about the spec's
// namespace that the API server has received since the moment given. What the
// controller does is not bound to be in the log before it has come to rest. The
// spec must list ReadAudit in its Needs.
func (e *Env) Asked(ctx context.Context, since time.Time) []audit.Event {
	return e.audited(ctx, `"`+e.Namespace+`"`, func(a audit.Event) bool {
		return a.User == e.ControllerUser() && a.Namespace == e.Namespace && !a.Received.Before(since)
	})
}

// AskedAtAll gives the requests of the DaemonSet controller that keep keeps,
// whatever they are about. The spec must list ReadAudit in its Needs.
func (e *Env) AskedAtAll(ctx context.Context, keep func(audit.Event) bool) []audit.Event {
	return e.audited(ctx, e.ControllerUser(), func(a audit.Event) bool { return a.User == e.ControllerUser() && keep(a) })
}

// Requests gives everybody's requests about objects of the namespace, those
// about subresources left out. The spec must list ReadAudit in its Needs.
func (e *Env) Requests(ctx context.Context, namespace string) []audit.Event {
	return e.audited(ctx, `"`+namespace+`"`, func(a audit.Event) bool {
		return a.Namespace == namespace && !strings.Contains(a.Resource, "/")
	})
}

func (e *Env) audited(ctx context.Context, text string, keep func(audit.Event) bool) []audit.Event {
	var out []audit.Event
	err := Able[clusters.AuditReader](e).ReadAudit(ctx, text, func(log io.Reader) error {
		got, unread := audit.Read(log, text, keep)
		out = append(out, got...)
		return unread
	})
	e.Must(err, "read the API server's audit log")
	return out
}
