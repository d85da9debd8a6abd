package wire

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	apirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/client-go/rest"
)

// Config gives a client configuration whose traffic passes the hooks. The
// hooks must be complete before the first request.
func Config(base *rest.Config, hooks *Hooks) *rest.Config {
	c := rest.CopyConfig(base)
	// What is not JSON cannot be read here, and what is compressed neither.
	c.ContentType, c.AcceptContentTypes = "application/json", "application/json"
	c.DisableCompression = true
	c.Wrap(func(next http.RoundTripper) http.RoundTripper { return &transport{next: next, hooks: hooks} })
	return c
}

// transport applies the hooks.
type transport struct {
	next  http.RoundTripper
	hooks *Hooks
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(h *http.Request) (*http.Response, error) {
	i, err := info(h)
	if err != nil {
		return nil, err
	}
	if i == nil {
		return t.next.RoundTrip(h)
	}
	switch i.Verb {
	case "get", "list", "watch":
		return t.read(h, i)
	}
	return t.write(h, i)
}

// write lets the hooks judge a request that changes something.
func (t *transport) write(h *http.Request, i *apirequest.RequestInfo) (*http.Response, error) {
	r, err := read(h, i)
	if err != nil {
		return nil, err
	}
	answer, err := t.chain(h, t.hooks.writes)(h.Context(), r)
	if err != nil {
		return nil, err
	}
	return answer.http(h), nil
}

// chain puts the hooks before the API server, the first declared first.
func (t *transport) chain(h *http.Request, hooks []Hook) Next {
	if len(hooks) == 0 {
		return func(ctx context.Context, r *Request) (*Answer, error) { return t.send(r.http(ctx, h)) }
	}
	rest := t.chain(h, hooks[1:])
	return func(ctx context.Context, r *Request) (*Answer, error) { return hooks[0](ctx, r, rest) }
}

// send asks the API server.
func (t *transport) send(h *http.Request) (*Answer, error) {
	resp, err := t.next.RoundTrip(h)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the answer to %s %s: %w", h.Method, h.URL.Path, err)
	}
	return &Answer{Code: resp.StatusCode, Body: body, RetryAfter: resp.Header.Get("Retry-After")}, nil
}

// http makes the HTTP response of an answer.
func (a *Answer) http(h *http.Request) *http.Response {
	header := http.Header{"Content-Type": {"application/json"}}
	if a.RetryAfter != "" {
		header.Set("Retry-After", a.RetryAfter)
	}
	return &http.Response{
		Status: http.StatusText(a.Code), StatusCode: a.Code, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(a.Body)), ContentLength: int64(len(a.Body)), Request: h,
	}
}

// read passes a request that reads on, and lets the kind's view judge the answer.
func (t *transport) read(h *http.Request, i *apirequest.RequestInfo) (*http.Response, error) {
	v := t.hooks.view(i.Resource)
	if v == nil || i.Subresource != "" {
		return t.next.RoundTrip(h)
	}
	if i.Verb == "watch" {
		return t.watch(h, v)
	}
	answer, err := t.send(h)
	if err != nil || !answer.OK() {
		if err != nil {
			return nil, err
		}
		return answer.http(h), nil
	}
	if i.Verb == "get" {
		body, seen, bad := v.object(answer.Body)
		if bad != nil {
			return nil, bad
		}
		if !seen {
			return Refuse(http.StatusNotFound, fmt.Sprintf("%s %q not found", i.Resource, i.Name)).http(h), nil
		}
		return (&Answer{Code: answer.Code, Body: body}).http(h), nil
	}
	body, err := v.list(answer.Body, h.URL.Query().Get("continue") == "")
	if err != nil {
		return nil, err
	}
	return (&Answer{Code: answer.Code, Body: body}).http(h), nil
}

// watch passes a watch on whose changes the view judges.
func (t *transport) watch(h *http.Request, v seer) (*http.Response, error) {
	resp, err := t.next.RoundTrip(h)
	if err != nil || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	resp.Body = v.watch(h.Context(), resp.Body, h.URL.Query().Get("sendInitialEvents") == "true")
	resp.ContentLength = -1
	resp.Header.Del("Content-Length")
	return resp, nil
}
